import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EndpointResponse, ScoringAnswer } from "@perennial/contracts";
import * as aws from "@pulumi/aws";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundleScoring } from "../../infra/components/function/bundle.ts";
import { ScoringFunction } from "../../infra/components/scoring-function/scoring-function.ts";
import { VirtualClock } from "../../local/clock.ts";
import { Functions } from "../../local/functions/service.ts";
import { plainInputs } from "../../local/program/plain.ts";
import type { Cloud } from "../../local/provider/counterpart.ts";
import { LOOP } from "../../local/provider/loop.ts";
import { artifactArchive, artifactFiles, linearProbability } from "../support/artifact.ts";
import { deploy } from "../support/deploy.ts";

const FUNCTIONS = join(import.meta.dirname, "../../functions");
const ALIAS = "arn:aws:lambda:eu-central-1:123456789012:function:score:live";
const RECORD = { sex: "Female", days: 3 };
const caller = { accessKeyId: "test", principalArn: "arn:aws:iam::123456789012:user/person", role: null };

const folder = mkdtempSync(join(tmpdir(), "perennial-scoring-function-"));
const artifacts = new Map<string, Buffer>();
let bucket: Server;
let functions: Functions;
let chance = 0.5;
const lines: string[] = [];

const sha256Of = (path: string) => createHash("sha256").update(artifacts.get(path)!).digest("hex");
const environmentOf = (path: string, version: string) => ({
  PERENNIAL_MODEL_URI: `s3:/${path}`,
  PERENNIAL_MODEL_SHA256: sha256Of(path),
  PERENNIAL_MODEL_VERSION: version,
  PERENNIAL_MAX_BODY_KIB: "64",
  PERENNIAL_MAX_RECORDS: "20",
});

/** The function as the program records it, created as the local cloud creates it; a server stands in for the bucket. */
beforeAll(async () => {
  artifacts.set("/artifacts/baseline.tar.gz", await artifactArchive());
  const second = artifactFiles({ manifest: { version: "ba9876543210" } });
  artifacts.set("/artifacts/second.tar.gz", await artifactArchive(second));
  bucket = createServer(({ url = "" }, response) => {
    const bytes = artifacts.get(url);
    response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
  });
  await new Promise<void>((resolve) => bucket.listen(0, "127.0.0.1", resolve));
  const clock = new VirtualClock("2031-03-01T00:00:00Z");
  functions = new Functions({
    clock,
    time: clock.share().buffer,
    region: "eu-central-1",
    endpoint: () => `http://127.0.0.1:${(bucket.address() as AddressInfo).port}`,
    credentialsFor: () => ({ accessKeyId: "key", secretAccessKey: "secret" }),
    call: async () => ({}),
    log: (_group, _stream, line) => lines.push(line),
    metric: () => {},
    warn: () => {},
    random: () => chance,
  });
  const resources = await deploy(
    () =>
      new ScoringFunction("score", {
        functionName: "score",
        description: "Scores",
        code: bundleScoring(FUNCTIONS, "score-records"),
        environment: environmentOf("/artifacts/baseline.tar.gz", "0"),
        role: new aws.iam.Role("serving", { name: "serving", assumeRolePolicy: "{}" }),
        memoryMiB: 1769,
        logGroupName: "/aws/lambda/score",
        logRetentionDays: 14,
        keyArn: "arn:aws:kms:eu-central-1:123456789012:key/k",
        alertTopicArn: "arn:aws:sns:eu-central-1:123456789012:alerts",
        tags: {},
      }),
  );
  const cloud = {
    functions,
    codeFolder: folder,
    identity: { mayAssume: () => Promise.resolve({ allowed: true }) },
  } as unknown as Cloud;
  const account = { accountId: "123456789012", region: "eu-central-1" };
  for (const type of ["aws:lambda/function:Function", "aws:lambda/alias:Alias"]) {
    const counterpart = LOOP[type];
    const found = resources.find((resource) => resource.type === type);
    if (typeof counterpart?.create !== "function" || found === undefined)
      throw new Error(`nothing for ${type}`);
    const inputs = await plainInputs(found.inputs);
    const { outputs = {} } = counterpart.outputs({ type, name: found.name, inputs }, account);
    await counterpart.create({ inputs, outputs } as Parameters<typeof counterpart.create>[0], cloud);
  }
}, 60_000);

afterAll(async () => {
  await functions.close();
  bucket.close();
  rmSync(folder, { recursive: true });
});

async function call(action: string, input: object): Promise<Record<string, unknown>> {
  const answer = await functions.handle({
    service: "lambda",
    action,
    input: { FunctionName: "score", ...input },
    caller,
  });
  return answer as Record<string, unknown>;
}

async function ask(record: object, inferenceId: string) {
  const Payload = Buffer.from(JSON.stringify({ body: JSON.stringify(record), inferenceId })).toString(
    "base64",
  );
  const answer = await call("Invoke", { FunctionName: ALIAS, Payload });
  const answered = ScoringAnswer.parse(
    JSON.parse(Buffer.from(String(answer["Payload"]), "base64").toString()),
  );
  return { ...answered, body: EndpointResponse.parse(JSON.parse(answered.body)) };
}

it("answers with the baseline before anything was rolled out", async () => {
  const { status, body } = await ask(RECORD, "first");
  expect(status).toBe(200);
  expect(body.model).toEqual({ workload: "test-readmission", version: 0, artifact: "0123456789ab" });
  expect(body.predictions).toEqual([
    { probability: expect.closeTo(linearProbability(RECORD), 6), flagged: expect.any(Boolean) },
  ]);
});

it("gives a new model its share of the requests, then all of them, then none", async () => {
  const Variables = environmentOf("/artifacts/second.tar.gz", "2");
  await call("UpdateFunctionConfiguration", { Environment: { Variables } });
  await call("PublishVersion", {});
  const route = async (FunctionVersion: string, AdditionalVersionWeights: Record<string, number>) =>
    await call("UpdateAlias", { Name: "live", FunctionVersion, RoutingConfig: { AdditionalVersionWeights } });
  const answering = async () => (await ask(RECORD, "probe-1")).body.model.version;

  await route("1", { "2": 0.1 });
  chance = 0.05;
  expect(await answering()).toBe(2);
  chance = 0.15;
  expect(await answering()).toBe(0);
  await route("2", {});
  chance = 0.99;
  expect(await answering()).toBe(2);
  await route("1", {});
  expect(await answering()).toBe(0);
});

it("logs what each version did as metrics, probes apart", async () => {
  lines.length = 0;
  await ask(RECORD, "caller-1");
  await ask(RECORD, "probe-2");
  const metrics = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(
    metrics.map(({ Workload, Version, Requests, ProbeRequests }) => [
      Workload,
      Version,
      Requests,
      ProbeRequests,
    ]),
  ).toEqual([
    ["test-readmission", "0", 1, undefined],
    ["test-readmission", "0", undefined, 1],
  ]);
});
