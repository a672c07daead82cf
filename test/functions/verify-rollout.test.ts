import type { GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { type Guards, type ProbeTally, Rollout, type VerificationRequest } from "@perennial/contracts";
import { Moments } from "@perennial/fleet";
import { describe, expect, it } from "vitest";
import { createHandler } from "../../functions/verify-rollout/handler.ts";
import { type Evidence, MAX_ROUNDS, type Question, verify } from "../../functions/verify-rollout/verify.ts";
import { RecordedTelemetry } from "../support/telemetry.ts";
import { TEST_SPEC } from "../support/test-workload.ts";

const GUARDS: Guards = Rollout.parse({}).guards;
const QUESTION: Question = { version: 3, fromVersion: 2, isRollback: false, round: 0 };

/** Moments of as many answers, half of them `spread` above `mean` and half below. */
const answers = (answered: number, mean: number, spread: number) => ({
  answered,
  refused: 0,
  sum: answered * mean,
  squares: answered * (mean ** 2 + spread ** 2),
});
const moments = (count: number, mean: number, spread: number) =>
  new Moments(count, count * mean, count * (mean ** 2 + spread ** 2));
const probes = (now = answers(30, 0.12, 0.1), before = answers(30, 0.1, 0.1)): ProbeTally => ({
  sent: 60,
  failed: 0,
  failure: null,
  versions: { "2": before, "3": now },
});
const fleet = { requests: 200, refused: 0, failed: 0, p90Millis: 8, p99Millis: 12 };
const quiet = { candidate: moments(0, 0, 0), before: moments(0, 0, 0) };
const GOOD: Evidence = {
  candidate: fleet,
  before: { ...fleet, p99Millis: 10 },
  traffic: quiet,
  probes: probes(),
  asked: 3,
};

const look = (evidence: Partial<Evidence>, question: Partial<Question> = {}) =>
  verify({ ...GOOD, ...evidence }, GUARDS, { ...QUESTION, ...question });

describe("a model in service", () => {
  it("passes by figures that its history keeps", () => {
    expect(look({})).toEqual({
      status: "passed",
      round: 1,
      reasons: [],
      summary:
        "200 requests, 0 failed, 0 refused; p99 of the model's latency 12 ms (10 ms before); mean prediction for probes " +
        "0.12 (0.1 before).",
    });
  });

  it.each<[string, Partial<Evidence>, string]>([
    ["answers with another version", { asked: 2 }, "an example is answered by version 2 instead of 3"],
    [
      "doesn't answer",
      { asked: { failure: "ModelError: status 500" } },
      "it doesn't answer an example (ModelError: status 500)",
    ],
    ["fails once", { candidate: { ...fleet, failed: 1 } }, "1 request met a server error"],
    [
      "refuses more than is usual",
      { candidate: { ...fleet, refused: 30 }, before: { ...fleet, refused: 10 } },
      "15 % of the requests were refused, 5 % by the fleet before; at most 5 % more are allowed",
    ],
    [
      "refuses more where nobody knows what is usual",
      { candidate: { ...fleet, refused: 11 }, before: { ...fleet, requests: 19, refused: 19 } },
      "5.5 % of the requests were refused, 0 % by the fleet before; at most 5 % more are allowed",
    ],
    [
      "is slow",
      { candidate: { ...fleet, p99Millis: 501 }, before: { ...fleet, p99Millis: 400 } },
      "p99 of the model's latency is 501 ms, at most 500 ms are allowed",
    ],
    [
      "is slow in more than a tenth of a few requests",
      { candidate: { ...fleet, requests: 99, p90Millis: 501 } },
      "p90 of the model's latency is 501 ms, at most 500 ms are allowed",
    ],
    [
      "is slower than the one before",
      { candidate: { ...fleet, p99Millis: 61 }, before: { ...fleet, p99Millis: 20 } },
      "p99 of the model's latency is 61 ms, more than 3 times that of the fleet before (20 ms)",
    ],
    [
      "answers everybody alike",
      { probes: probes(answers(30, 0.1, 0)) },
      "it answers every probe alike (0.1)",
    ],
    [
      "answers on another level",
      { probes: probes(answers(30, 0.16, 0.1)) },
      "the mean prediction for probes went from 0.1 to 0.16, 0.6 standard deviations; at most 0.5 are allowed",
    ],
    [
      "answers callers on another level, by more than chance",
      { traffic: { candidate: moments(400, 0.2, 0.1), before: moments(400, 0.1, 0.1) } },
      "the mean prediction for callers went from 0.1 to 0.2, 0.861 standard deviations; at most 0.5 are allowed",
    ],
  ])("fails where it %s", (_, evidence, reason) => {
    expect(look(evidence)).toMatchObject({ status: "failed", reasons: [reason] });
  });

  it.each<[string, Partial<Evidence>]>([
    [
      "refuses as much as the one before",
      { candidate: { ...fleet, refused: 90 }, before: { ...fleet, refused: 90 } },
    ],
    [
      "is slower by machines, not by models",
      { candidate: { ...fleet, p99Millis: 50 }, before: { ...fleet, p99Millis: 2 } },
    ],
    [
      "is slower than a fleet of which too little is known",
      { candidate: { ...fleet, p99Millis: 400 }, before: { ...fleet, requests: 99, p99Millis: 2 } },
    ],
    ["is late once in a few requests", { candidate: { ...fleet, requests: 99, p99Millis: 900 } }],
    ["replaces a constant", { probes: probes(answers(30, 0.9, 0.1), answers(30, 0.1, 0)) }],
    ["replaces a model that no probe met", { probes: probes(answers(30, 0.9, 0.1), answers(19, 0.1, 0.1)) }],
    [
      "answers other callers otherwise",
      { traffic: { candidate: moments(100, 0.17, 0.1), before: moments(100, 0.1, 0.1) } },
    ],
  ])("passes where it %s", (_, evidence) => {
    expect(look(evidence)).toMatchObject({ status: "passed", reasons: [] });
  });

  it("that somebody goes back to isn't held against the one that they leave", () => {
    const evidence = { candidate: { ...fleet, p99Millis: 400 }, probes: probes(answers(30, 0.9, 0)) };
    expect(look(evidence, { isRollback: true })).toMatchObject({
      status: "passed",
      summary: expect.stringContaining("mean prediction for probes 0.9 (not compared: a rollback)."),
    });
    expect(look({ ...evidence, asked: 2 }, { isRollback: true })).toMatchObject({ status: "failed" });
  });
});

it("says why predictions weren't compared", () => {
  const evidence = { probes: probes(answers(30, 0.9, 0.1), answers(1, 0.1, 0.1)) };
  const said = [look(evidence), look(evidence, { fromVersion: 3 })].map(
    ({ summary }) => /\(not compared[^)]*\)\.$/.exec(summary)?.[0],
  );
  expect(said).toEqual([
    "(not compared with version 2, which answered 1 probe).",
    "(not compared: the same version).",
  ]);
});

describe("too little evidence", () => {
  it.each<[string, Partial<Evidence>, string]>([
    ["requests", { candidate: { ...fleet, requests: 19 } }, "19 of at least 20 requests were counted"],
    ["latencies", { candidate: { ...fleet, p99Millis: null } }, "no latency was measured"],
    [
      "probes",
      { probes: probes(answers(19, 0.12, 0.1)) },
      "19 of at least 20 probes were answered by version 3",
    ],
  ])("of %s is waited for, and in the end a failure that says so", (_, evidence, missing) => {
    expect(look(evidence)).toMatchObject({ status: "insufficient", round: 1, reasons: [missing] });
    expect(look(evidence, { round: MAX_ROUNDS - 1 })).toMatchObject({
      status: "failed",
      round: MAX_ROUNDS,
      reasons: [`too little is known: ${missing}`],
    });
  });

  it("doesn't wait where something speaks against the model already", () => {
    expect(look({ candidate: { ...fleet, requests: 3, failed: 1 } })).toMatchObject({
      status: "failed",
      reasons: ["1 request met a server error"],
    });
  });
});

describe("the function", () => {
  const request: VerificationRequest = {
    workload: "churn",
    execution: "churn-0123456789ab",
    endpointName: "perennial-dev-churn",
    specUri: "s3://artifacts/specs/churn/1/spec.json",
    tally: probes(),
    startedAt: "2026-03-01T02:00:00Z",
    from: { version: 2, endpointConfigName: "churn-old" },
    version: 3,
    endpointConfigName: "churn-0123456789ab",
    cause: { kind: "approval", id: "1", time: "2026-03-01T02:00:00Z", reason: "better", coalesced: 0 },
    round: 4,
  };

  function open(body: string, latency = 12_000) {
    const asked: unknown[][] = [];
    const queries: GetMetricDataCommand["input"][] = [];
    const telemetry = new RecordedTelemetry();
    const send = (({ input }: GetMetricDataCommand) => {
      queries.push(input);
      const isFirst = input.NextToken === undefined;
      const values: Record<string, number[]> = { requests: [60, 40], p99: [latency, 9000], records: [0] };
      return Promise.resolve({
        // A page of values for each minute, so that both count.
        ...(isFirst ? { NextToken: "more" } : {}),
        MetricDataResults: (input.MetricDataQueries ?? []).map(({ Id = "" }) => ({
          Id,
          Values: (values[Id] ?? [0]).slice(isFirst ? 0 : 1, isFirst ? 1 : undefined),
        })),
      });
    }) as never;
    const handle = createHandler({
      objects: { readDocument: (() => Promise.resolve(TEST_SPEC)) as never },
      cloudWatch: { send },
      ask: (...given) => {
        asked.push(given);
        return Promise.resolve(body);
      },
      telemetry,
      clock: () => new Date("2026-03-01T02:10:30Z"),
    });
    return { handle, asked, queries, telemetry };
  }

  const answer = (version: number) =>
    JSON.stringify({
      predictions: [{ probability: 0.1, flagged: false }],
      task: { kind: "binary", outcome: "left", threshold: 0.5 },
      model: { workload: "churn", version, artifact: "a" },
    });

  it("asks the endpoint itself by a probe, and CloudWatch of both fleets and both versions", async () => {
    const { handle, asked, queries, telemetry } = open(answer(3));
    expect(await handle(request)).toMatchObject({ status: "passed", round: 5 });
    expect(asked).toEqual([[request, "probe-churn-0123456789ab-v4", TEST_SPEC.examples[0]]]);
    const firsts = queries.filter(({ NextToken }) => NextToken === undefined);
    expect(
      firsts.map(({ StartTime, EndTime, MetricDataQueries }) => [
        StartTime?.toISOString().slice(11, 19),
        EndTime?.toISOString().slice(11, 19),
        MetricDataQueries?.[0]?.MetricStat?.Metric?.Dimensions?.at(-1)?.Value,
        ...(MetricDataQueries ?? []).map(({ MetricStat }) => `${MetricStat?.Stat} ${MetricStat?.Period}`),
      ]),
    ).toEqual([
      ["02:00:00", "02:10:30", "churn-0123456789ab", "Sum 60", "Sum 60", "Sum 60", "p90 660", "p99 660"],
      ["01:00:00", "02:10:30", "churn-old", "Sum 60", "Sum 60", "Sum 60", "p90 4260", "p99 4260"],
      ["02:00:00", "02:10:30", "3", "Sum 60", "Sum 60", "Sum 60"],
      ["01:00:00", "02:10:30", "2", "Sum 60", "Sum 60", "Sum 60"],
    ]);
    expect(telemetry.counts).toEqual([["Verifications", { workload: "churn", status: "passed" }]]);
  });

  it("takes latencies for what CloudWatch says, microseconds", async () => {
    expect(await open(answer(3), 600_000).handle(request)).toMatchObject({
      status: "failed",
      reasons: ["p99 of the model's latency is 600 ms, at most 500 ms are allowed"],
    });
  });

  it.each(['{"predictions": [{"probability": null', answer(3).replace("0.1", "null")])(
    "counts %j as no answer",
    async (body) => {
      const { reasons } = await open(body).handle(request);
      expect(reasons).toEqual([expect.stringMatching(/^it doesn't answer an example \(/)]);
    },
  );

  it("asks a published version of a function, and counts what it says of itself and what Lambda says of it", async () => {
    const { endpointName: _endpointName, ...rest } = request as { endpointName: string };
    const ofFunction = { ...rest, functionName: "churn-score", qualifier: "7", endpointConfigName: "7" };
    const { handle, asked, queries } = open(answer(3), 12);
    expect(await handle(ofFunction)).toMatchObject({
      // Lambda counts milliseconds, where SageMaker counts microseconds.
      reasons: ["p99 of the model's latency is 9000 ms, at most 500 ms are allowed"],
      summary: expect.stringMatching(/^100 requests, 0 failed, 0 refused; /),
    });
    expect(asked[0]?.[0]).toMatchObject({ functionName: "churn-score", qualifier: "7" });
    const named = (queries[0]?.MetricDataQueries ?? []).map(({ MetricStat }) => {
      const { Namespace, MetricName, Dimensions = [] } = MetricStat?.Metric ?? {};
      return [Namespace, MetricName, ...Dimensions.map(({ Value }) => Value)].join(" ");
    });
    expect(named).toEqual([
      ...["Requests", "ProbeRequests", "Refused", "ProbeRefused", "Failed", "ProbeFailed"].map(
        (name) => `Perennial/Serving ${name} churn 3`,
      ),
      ...["Errors", "Duration", "Duration"].map(
        (name) => `AWS/Lambda ${name} churn-score churn-score:live 7`,
      ),
    ]);
  });

  it("refuses what is no request", async () => {
    await expect(open(answer(3)).handle({ ...request, round: -1 })).rejects.toThrow(
      "event of verify-rollout is refused, 1 fault:\n  round: given -1;",
    );
  });
});
