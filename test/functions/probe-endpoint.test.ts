import type { ProbeTally } from "@perennial/contracts";
import { describe, expect, it } from "vitest";
import { createHandler } from "../../functions/probe-endpoint/handler.ts";
import { addAnswer, type ProbeAnswer } from "../../functions/probe-endpoint/tally.ts";
import { RecordedTelemetry } from "../support/telemetry.ts";
import { TEST_SPEC } from "../support/test-workload.ts";

const NOTHING: ProbeTally = { sent: 0, failed: 0, failure: null, versions: {} };
const model = { workload: "churn", version: 3, artifact: "a" };
const answered = (prediction: object, task: object): ProbeAnswer => ({
  kind: "answered",
  body: JSON.stringify({ predictions: [prediction], task, model }),
});
const BINARY = { kind: "binary", outcome: "left", threshold: 0.5 };
const good = answered({ probability: 0.25, flagged: false }, BINARY);

describe("an answer", () => {
  it.each([
    ["a probability", good, 0.25],
    [
      "the first class's probability",
      answered(
        { class: "draw", probabilities: { draw: 0.5, win: 0.3, loss: 0.2 } },
        { kind: "multiclass", classes: ["loss", "draw", "win"] },
      ),
      0.2,
    ],
    [
      "an estimate",
      answered({ estimate: 12, lower: 4, upper: 30 }, { kind: "regression", unit: "days", coverage: 0.9 }),
      12,
    ],
  ])("counts with %s as its value", (_, answer, value) => {
    expect(addAnswer(addAnswer(NOTHING, answer), answer)).toEqual({
      ...NOTHING,
      sent: 2,
      versions: { "3": { answered: 2, refused: 0, sum: 2 * value, squares: 2 * value * value } },
    });
  });

  it("that refuses counts for the version that says so", () => {
    const body = JSON.stringify({ error: "no", faults: [], model });
    expect(addAnswer(NOTHING, { kind: "error", status: 422, body })).toEqual({
      ...NOTHING,
      sent: 1,
      versions: { "3": { answered: 0, refused: 1, sum: 0, squares: 0 } },
    });
  });

  it.each<[ProbeAnswer, string]>([
    [{ kind: "none", reason: "TimeoutError: late" }, "TimeoutError: late"],
    [{ kind: "error", status: 500, body: "broken" }, "status 500: broken"],
    [{ kind: "error", status: 413, body: "<html>" }, "status 413: <html>"],
    [{ kind: "answered", body: "{" }, "an answer that is none: {"],
    [
      answered({ probability: Number.NaN, flagged: false }, BINARY),
      'an answer that is none: {"predictions":[{"prob',
    ],
    [
      { kind: "answered", body: JSON.stringify({ predictions: [], task: BINARY, model }) },
      "an answer without a pre",
    ],
  ])("%j is a failure with its reason", (answer, failure) => {
    expect(addAnswer(NOTHING, answer)).toEqual({
      ...NOTHING,
      sent: 1,
      failed: 1,
      failure: expect.stringContaining(failure),
    });
  });

  it("that failed at length is cut short: a state of the workflow holds it", () => {
    const { failure } = addAnswer(NOTHING, { kind: "none", reason: "x".repeat(1000) });
    expect(failure).toBe("x".repeat(300));
  });
});

describe("the function", () => {
  const event = {
    workload: "churn",
    execution: "churn-0123456789ab",
    endpointName: "perennial-dev-churn",
    specUri: "s3://artifacts/specs/churn/1/spec.json",
    requests: 5,
    tally: { ...NOTHING, sent: 7 },
  };

  it("goes on with the examples where it stopped, under ids that tell probes from callers' requests", async () => {
    const asked: unknown[][] = [];
    const examples = [{ days: 1 }, { days: 2 }, { days: 3 }];
    const handle = createHandler({
      objects: { readDocument: (() => Promise.resolve({ ...TEST_SPEC, examples })) as never },
      ask: async (...given) => {
        asked.push(given);
        await Promise.resolve();
        return good;
      },
      telemetry: new RecordedTelemetry(),
    });
    expect(await handle(event)).toEqual({
      ...NOTHING,
      sent: 12,
      versions: { "3": { answered: 5, refused: 0, sum: 1.25, squares: 0.3125 } },
    });
    expect(asked).toEqual(
      [7, 8, 9, 10, 11].map((number) => [event, `probe-churn-0123456789ab-${number}`, examples[number % 3]]),
    );
  });

  it("gives ids that SageMaker takes, 64 characters, for the longest workload's name", () => {
    expect(`probe-${"w".repeat(32)}-0123456789ab-${2 * 240 * 600}`.length).toBeLessThanOrEqual(64);
  });
});
