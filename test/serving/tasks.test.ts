import { EndpointResponse } from "@perennial/contracts";
import { describe, expect, it } from "vitest";
import type { ArtifactParts } from "../support/artifact.ts";
import { servingApp } from "../support/serving.ts";
import { DURATION_ARTIFACT, MATCH_ARTIFACT, matchProbabilities } from "../support/task-artifacts.ts";

async function ask(parts: ArtifactParts, record: object, accept: string) {
  const { app } = await servingApp(parts);
  const payload = JSON.stringify(record);
  const headers = { "content-type": "application/json", accept };
  const response = await app.inject({ method: "POST", url: "/invocations", headers, payload });
  expect([response.statusCode, response.headers["content-type"]]).toEqual([200, accept]);
  return response;
}

const near = (value: number | undefined) => expect.closeTo(value ?? Number.NaN, 6) as number;

describe("several classes", () => {
  const record = { team: "Arsenal", opponent: "Leeds", date: "2026-01-31", form: 2, opponent_form: 1 };
  const [loss, draw, win] = matchProbabilities(Date.parse("2026-01-31") / 86_400_000, 2, 1);
  const model = { workload: "test-match", version: 3, artifact: "0123456789ab" };
  const prediction = { class: "win", probabilities: { loss: near(loss), draw: near(draw), win: near(win) } };

  it("are answered as JSON with the most probable one", async () => {
    const response = await ask(MATCH_ARTIFACT, record, "application/json");
    expect(EndpointResponse.parse(response.json())).toEqual({
      predictions: [prediction],
      task: { kind: "multiclass", classes: ["loss", "draw", "win"] },
      model,
    });
  });

  it("are answered as JSON Lines", async () => {
    const response = await ask(MATCH_ARTIFACT, record, "application/jsonlines");
    expect(response.body.endsWith("}\n")).toBe(true);
    expect(JSON.parse(response.body)).toEqual({ ...prediction, model });
  });

  it("are answered as CSV, a column for each and one for the most probable", async () => {
    const [header, row] = (await ask(MATCH_ARTIFACT, record, "text/csv")).body.trimEnd().split("\n");
    expect(header).toBe("loss,draw,win,class,workload,version,artifact");
    const cells = row?.split(",") ?? [];
    expect(cells.slice(0, 3).map(Number)).toEqual([near(loss), near(draw), near(win)]);
    expect(cells.slice(3)).toEqual(["win", "test-match", "3", "0123456789ab"]);
  });

  it("are answered with the first of those that are equally probable", async () => {
    const even = { ...record, form: 0, opponent_form: 0, date: "2000-01-01" };
    const response = await ask(
      {
        ...MATCH_ARTIFACT,
        graph: {
          ...(MATCH_ARTIFACT.graph ?? { inputs: [], outputs: [], nodes: [] }),
          constants: {
            weights: { shape: [3, 3], values: [0, 0, 0, 0, 0, 0, 0, 0, 0] },
            ifMissing: { shape: [1, 3], values: [0, 0, 0] },
          },
        },
      },
      even,
      "application/json",
    );
    expect(EndpointResponse.parse(response.json()).predictions).toMatchObject([{ class: "loss" }]);
  });
});

describe("a quantity", () => {
  const record = { severity: 3 };
  const prediction = { estimate: 10, lower: 7, upper: 13 };

  it("is answered as JSON with its interval, unit and coverage", async () => {
    const response = await ask(DURATION_ARTIFACT, record, "application/json");
    expect(EndpointResponse.parse(response.json())).toMatchObject({
      predictions: [prediction],
      task: { kind: "regression", unit: "days", coverage: 0.9 },
    });
  });

  it("is answered as JSON Lines and as CSV", async () => {
    const lines = await ask(DURATION_ARTIFACT, record, "application/jsonlines");
    expect(JSON.parse(lines.body)).toMatchObject(prediction);
    expect((await ask(DURATION_ARTIFACT, record, "text/csv")).body).toBe(
      "estimate,lower,upper,workload,version,artifact\n10,7,13,test-duration,3,0123456789ab\n",
    );
  });
});
