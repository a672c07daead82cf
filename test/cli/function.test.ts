import { GetAliasCommand, InvokeCommand } from "@aws-sdk/client-lambda";
import type { Pointer } from "@perennial/contracts";
import { describe, expect, it } from "vitest";
import { BY_FUNCTION, openStack, ROLLOUT, WORKLOAD } from "./stack.ts";

// A workload that a function answers: what the command line asks of it is what it asks of an endpoint.
const FUNCTION = `perennial-dev-${WORKLOAD}-score`;
const MODEL = { workload: WORKLOAD, version: 3, artifact: "abc" };
const POINTER: Pointer = {
  workload: WORKLOAD,
  version: 3,
  modelPackageArn: "arn:aws:sagemaker:eu-central-1:123456789012:model-package/w/3",
  modelDataUrl: "s3://bucket/3/model.tar.gz",
  artifactSha256: "a".repeat(64),
  modelName: ROLLOUT,
  endpointConfigName: "7",
  movedAt: "2026-03-01T10:07:00.000Z",
  execution: ROLLOUT,
  token: 5,
  previous: { version: 2, modelName: "second", endpointConfigName: "6" },
};

describe("predict", () => {
  function answering(status: number, body: unknown, more: object = {}) {
    const stack = openStack({}, BY_FUNCTION);
    stack.files.set("a.json", '{"race":"Asian"}');
    const answer = { status, contentType: "application/json", inferenceId: "i", body: JSON.stringify(body) };
    stack.lambda
      .on(InvokeCommand)
      .resolves({ Payload: Buffer.from(JSON.stringify(answer)) as never, ...more });
    return stack;
  }
  const predict = (stack: ReturnType<typeof answering>) =>
    stack.run("predict", WORKLOAD, "--record", "a.json");

  it("asks the function's alias and prints what the model predicts", async () => {
    const stack = answering(200, {
      predictions: [{ probability: 0.31234, flagged: true }],
      task: { kind: "binary", outcome: "readmitted", threshold: 0.2 },
      model: MODEL,
    });
    expect(await predict(stack)).toBe(0);
    expect(stack.written.out).toContain("1       0.3123       flagged\n");
    const { Payload, ...input } = stack.lambda.commandCalls(InvokeCommand)[0]!.args[0].input;
    expect([input, JSON.parse(Buffer.from(Payload as Uint8Array).toString())]).toEqual([
      { FunctionName: FUNCTION, Qualifier: "live" },
      { body: '{"records":[{"race":"Asian"}]}', contentType: "application/json" },
    ]);
  });

  it("lists what the model refused, record by record", async () => {
    const faults = [{ record: 0, field: "race", message: "unknown level" }];
    const stack = answering(400, { error: "1 fault in 1 record", faults, model: MODEL });
    expect([await predict(stack), stack.written.err]).toEqual([
      1,
      "perennial: 1 fault in 1 record (400)\n  record 1, race: unknown level\n",
    ]);
  });

  it("says that the function broke, and where it says why", async () => {
    const stack = answering(
      200,
      {},
      {
        FunctionError: "Unhandled",
        Payload: Buffer.from('{"errorType":"ArtifactFault","errorMessage":"no graph"}') as never,
      },
    );
    expect([await predict(stack), stack.written.err]).toEqual([
      1,
      `perennial: ${FUNCTION}:live failed: ArtifactFault: no graph. Its log says more: perennial logs.\n`,
    ]);
  });
});

describe("status", () => {
  async function told(alias: object | Error, pointer: Pointer | null = POINTER): Promise<string> {
    const stack = openStack({ pointer }, BY_FUNCTION);
    const asked = stack.lambda.on(GetAliasCommand, { FunctionName: FUNCTION, Name: "live" });
    if (alias instanceof Error) asked.rejects(alias);
    else asked.resolves(alias);
    expect(await stack.run("status")).toBe(0);
    return stack.written.out;
  }

  it("says that the function answers as the ledger says", async () => {
    const text = await told({ FunctionVersion: "7" });
    expect(text).toContain(`endpoint  ${FUNCTION}, InService\n`);
    expect(text).not.toContain("DIFFERS");
  });

  it("says that requests are led to another version", async () => {
    const weights = { RoutingConfig: { AdditionalVersionWeights: { "8": 0.1 } } };
    expect(await told({ FunctionVersion: "7", ...weights })).toContain(`${FUNCTION}, Updating\n`);
  });

  it("says where the alias leads elsewhere than the ledger says", async () => {
    expect(await told({ FunctionVersion: "1" })).toContain(
      "The ledger names version 3 (7), but the function answers as its version 1.",
    );
  });

  it("says where there is no such function", async () => {
    const missing = Object.assign(new Error("no"), { name: "ResourceNotFoundException" });
    expect(await told(missing)).toContain(`${FUNCTION}, does not exist\n`);
  });
});

it("scores no file by a transform job, which runs models of endpoints", async () => {
  const stack = openStack({ pointer: POINTER }, BY_FUNCTION);
  const folder = `s3://perennial-dev-123456789012-lake/batch/${WORKLOAD}/`;
  const where = ["--input", `${folder}a.jsonl`, "--output", `${folder}out/`, "--on", "sagemaker"];
  expect([await stack.run("batch", WORKLOAD, ...where), stack.written.err]).toEqual([
    1,
    `perennial: ${WORKLOAD} is answered by a function, whose model no transform job runs. Leave out --on sagemaker: the file ` +
      "is scored here then.\n",
  ]);
});
