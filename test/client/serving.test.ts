import type { ServerResponse } from "node:http";
import { SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import type { FastifyInstance } from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Manifest } from "../../packages/contracts/src/index.ts";
import { endpoint } from "../../packages/client/src/endpoint.ts";
import {
  createClient,
  http,
  InvalidRecords,
  type Client,
  type RecordOf,
} from "../../packages/client/src/index.ts";
import type { ArtifactParts } from "../support/artifact.ts";
import { servingApp } from "../support/serving.ts";
import { StandInServer, type Heard } from "../support/stand-in-server.ts";
import { DURATION_ARTIFACT, MATCH_ARTIFACT, matchProbabilities } from "../support/task-artifacts.ts";

/** Both ways to a container: as SageMaker's endpoint, and as the HTTP API hands requests on. */
async function clientsOf(
  app: FastifyInstance,
  narrowed: { maxBodyBytes?: number } = {},
): Promise<Record<"http" | "endpoint", Client>> {
  const server = await new StandInServer().open();
  onTestFinished(async () => server.close());
  const answer = async ({ url, headers, body }: Heard, response: ServerResponse) => {
    const isApi = url.startsWith("/v1/");
    const inferenceId = headers[isApi ? "x-inference-id" : "x-amzn-sagemaker-inference-id"];
    const answered = await app.inject({
      method: "POST",
      url: "/invocations",
      headers: { "content-type": "application/json", "x-amzn-sagemaker-inference-id": String(inferenceId) },
      payload: body,
    });
    const { statusCode: status, body: said } = answered;
    if (status < 300) {
      response.writeHead(200, { "content-type": "application/json" }).end(said);
    } else if (isApi) {
      const { error: detail, faults } = JSON.parse(said) as { error: string; faults: unknown[] };
      response.writeHead(status, { "content-type": "application/problem+json" });
      response.end(JSON.stringify({ type: "about:blank", title: "Refused", status, detail, faults }));
    } else {
      response.writeHead(424, { "content-type": "application/json", "x-amzn-errortype": "ModelError" });
      response.end(JSON.stringify({ Message: "model", OriginalStatusCode: status, OriginalMessage: said }));
    }
  };
  server.answer = (heard, response) => void answer(heard, response);
  const client = new SageMakerRuntimeClient({
    endpoint: server.url,
    region: "eu-central-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
  });
  return {
    http: createClient({ transport: { ...http({ url: server.url }), ...narrowed }, retries: 0 }),
    endpoint: createClient({ transport: { ...endpoint({ client, stack: "dev" }), ...narrowed }, retries: 0 }),
  };
}

/** An artifact of the tests that answers for one of the workloads, with that one's fields. */
function answeringFor(
  workload: string,
  parts: ArtifactParts & { manifest: Partial<Manifest> },
  names: Record<string, string>,
): ArtifactParts {
  const { inputs = [], lookups = [] } = parts.manifest;
  return {
    ...parts,
    manifest: {
      ...parts.manifest,
      workload,
      inputs: inputs.map((input) => ({ ...input, name: names[input.name] ?? input.name })),
      lookups: lookups.map((lookup) => ({
        ...lookup,
        columns: Object.fromEntries(
          Object.entries(lookup.columns).map(([field, column]) => [names[field] ?? field, column]),
        ),
      })),
    },
  };
}

const near = (value: number | undefined) => expect.closeTo(value ?? Number.NaN, 6) as number;

describe.each(["http", "endpoint"] as const)("the serving container, asked by %s", (way) => {
  const matches = answeringFor("match-outcome", MATCH_ARTIFACT, {
    form: "team_attack",
    opponent_form: "opponent_attack",
  });
  const match = {
    team: "Arsenal",
    opponent: "Leeds",
    venue: "home",
    date: "2026-01-31",
    team_attack: 2,
    opponent_attack: 1,
  } as const;

  it("answers several classes", async () => {
    const { app } = await servingApp(matches);
    const client = (await clientsOf(app))[way];
    const [loss, draw, win] = matchProbabilities(Date.parse("2026-01-31") / 86_400_000, 2, 1);
    expect(await client.predict("match-outcome", match, { inferenceId: "round-14" })).toEqual({
      prediction: { class: "win", probabilities: { loss: near(loss), draw: near(draw), win: near(win) } },
      task: { kind: "multiclass", classes: ["loss", "draw", "win"] },
      model: { workload: "match-outcome", version: 3, artifact: "0123456789ab" },
      lookedUp: [],
      inferenceId: "round-14",
    });
  });

  it("answers a quantity with its interval", async () => {
    const { app } = await servingApp(
      answeringFor("injury-duration", DURATION_ARTIFACT, { severity: "swelling" }),
    );
    const client = (await clientsOf(app))[way];
    const answers = await client.predict("injury-duration", [
      { swelling: 3 },
      { swelling: 5 },
    ] as object[] as RecordOf<"injury-duration">[]);
    expect(answers.predictions).toEqual([
      { estimate: 10, lower: 7, upper: 13 },
      { estimate: 14, lower: 9, upper: 19 },
    ]);
    expect(answers.parts.map(({ task }) => task)).toEqual([
      { kind: "regression", unit: "days", coverage: 0.9 },
    ]);
  });

  it("answers a probability with what is flagged", async () => {
    const { app } = await servingApp({ manifest: { workload: "hospital-readmission" } });
    const client = (await clientsOf(app))[way];
    const answer = await client.predict("hospital-readmission", {
      days: 4,
    } as object as RecordOf<"hospital-readmission">);
    const { probability } = answer.prediction;
    expect(answer.prediction).toEqual({ probability, flagged: probability >= 0.5 });
    expect(answer.task).toEqual({ kind: "binary", outcome: "readmitted", threshold: 0.5 });
  });

  it("refuses records by their places among all, past the request that they went in", async () => {
    const { app } = await servingApp(matches);
    // Two records a request.
    const client = (await clientsOf(app, { maxBodyBytes: 300 }))[way];
    const misspelled: RecordOf<"match-outcome"> & { oponent: string } = { ...match, oponent: "Leeds" };
    const records = [match, { ...match, team_attack: 9 }, match, match, misspelled];
    const error = await client.predict("match-outcome", records).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(InvalidRecords);
    expect((error as InvalidRecords).faults).toEqual([
      { record: 1, field: "team_attack", message: "given 9; expected a number from 0 to 3" },
      { record: 4, field: "oponent", message: 'unknown field; did you mean "opponent"?' },
    ]);
  });
});
