import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { mockClient } from "aws-sdk-client-mock";
import { afterEach, describe, expect, it } from "vitest";
import { predictByFunction } from "../../functions/answer-http/predict-by-function.ts";
import { askWith } from "../../functions/probe-endpoint/ask.ts";

// Both ways in which functions ask a scoring function: for a caller of the HTTP API, and to find out about a rollout.
const lambda = mockClient(LambdaClient);
const client = new LambdaClient({ region: "eu-central-1" });
afterEach(() => lambda.reset());

const MODEL = { workload: "churn", version: 3, artifact: "a" };
const FAULTS = [{ record: 0, field: "age", message: "given 400; expected a whole number from 0 to 120" }];
const answering = (status: number, body: string, more: object = {}) =>
  lambda.on(InvokeCommand).resolves({
    StatusCode: 200,
    // The SDK's payload has further methods, which nobody calls here.
    Payload: Buffer.from(
      JSON.stringify({ status, contentType: "application/json", inferenceId: "i", body }),
    ) as never,
    ...more,
  });
const broken = { errorType: "ArtifactFault", errorMessage: "it holds patient 7", trace: [] };
const breaking = () =>
  lambda.on(InvokeCommand).resolves({
    FunctionError: "Unhandled",
    Payload: Buffer.from(JSON.stringify(broken)) as never,
  });
const asked = () =>
  lambda.commandCalls(InvokeCommand).map(({ args }) => {
    const { Payload, ...input } = args[0].input;
    return { ...input, event: JSON.parse(Buffer.from(Payload as Uint8Array).toString()) as unknown };
  });

describe("the HTTP API", () => {
  const question = {
    target: {
      kind: "function" as const,
      functionName: "perennial-dev-churn-score",
      alias: "live",
      maxBodyKiB: 1,
    },
    body: Buffer.from('{"age":40}'),
    contentType: "application/json",
    accept: undefined,
    inferenceId: "i",
    targetVariant: undefined,
  };
  const predict = (changes: object = {}) => predictByFunction(client, 1000)({ ...question, ...changes });

  it("hands the record to what is live, and the answer back as it is", async () => {
    answering(200, '{"predictions":[]}');
    expect(await predict({ accept: "text/csv" })).toEqual({
      body: '{"predictions":[]}',
      contentType: "application/json",
      variant: undefined,
    });
    expect(asked()).toEqual([
      {
        FunctionName: "perennial-dev-churn-score",
        Qualifier: "live",
        event: { body: '{"age":40}', contentType: "application/json", inferenceId: "i", accept: "text/csv" },
      },
    ]);
  });

  it("tells every fault of every record, as of an endpoint", async () => {
    answering(400, JSON.stringify({ error: "words of the model", faults: FAULTS, model: MODEL }));
    await expect(predict()).rejects.toMatchObject({
      kind: "records-refused",
      message: "words of the model",
      more: { faults: FAULTS, model: MODEL },
    });
  });

  it.each([
    [413, "body-too-large"],
    [415, "unknown-form"],
    [503, "not-available"],
    [500, "model-failed"],
  ])("answers what the function answers with %i as %s", async (status, kind) => {
    answering(status, JSON.stringify({ error: "no", faults: [], model: MODEL }));
    await expect(predict()).rejects.toMatchObject({ kind });
  });

  it.each([
    ["TooManyRequestsException", "too-many-requests"],
    ["RequestTooLargeException", "body-too-large"],
    ["ServiceException", "not-available"],
    ["AbortError", "too-slow"],
    ["AccessDeniedException", "platform-failed"],
  ])("answers Lambda's %s as %s", async (name, kind) => {
    lambda.on(InvokeCommand).rejects(Object.assign(new Error("secret detail"), { name }));
    await expect(predict()).rejects.toMatchObject({ kind });
  });

  it("says of a function that breaks no more than that it did", async () => {
    breaking();
    await expect(predict()).rejects.toMatchObject({
      kind: "model-failed",
      message: "The model failed on this request.",
    });
  });

  it.each<[string, object, string]>([
    ["bytes that are no text", { body: Buffer.from([0x7b, 0xff]) }, "records-refused"],
    ["a variant, which no function has", { targetVariant: "challenger" }, "no-such-variant"],
  ])("refuses %s without asking", async (_, changes, kind) => {
    await expect(predict(changes)).rejects.toMatchObject({ kind });
    expect(asked()).toEqual([]);
  });

  it("gives up where an answer is larger than Lambda hands on", async () => {
    answering(200, "x".repeat(4 * 1024 * 1024 + 1));
    await expect(predict()).rejects.toMatchObject({ kind: "body-too-large" });
  });
});

describe("a probe", () => {
  const ask = askWith(new SageMakerRuntimeClient({ region: "eu-central-1" }), client);
  const version = { functionName: "perennial-dev-churn-score", qualifier: "7" };

  it("asks a published version, which no caller may have reached yet", async () => {
    answering(200, "{}");
    expect(await ask(version, "probe-1", { age: 40 })).toEqual({ kind: "answered", body: "{}" });
    expect(asked()).toEqual([
      {
        FunctionName: "perennial-dev-churn-score",
        Qualifier: "7",
        event: { body: '{"age":40}', inferenceId: "probe-1" },
      },
    ]);
  });

  it("is told what the model refuses, and why a function breaks", async () => {
    answering(400, "no");
    expect(await ask(version, "probe-1", {})).toEqual({ kind: "error", status: 400, body: "no" });
    breaking();
    expect(await ask(version, "probe-2", {})).toEqual({
      kind: "none",
      reason: "ScoringFunctionFailed: perennial-dev-churn-score:7 failed: ArtifactFault: it holds patient 7",
    });
  });
});
