import type { GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { type Strategy, type TrialRequest, WorkloadSpec } from "@perennial/contracts";
import { EMPTY_ADMISSION, type AdmissionState } from "@perennial/ledger";
import { Objects } from "@perennial/objects";
import { createRandom } from "@perennial/statistics";
import { beforeEach, describe, expect, it } from "vitest";
import { createHandler } from "../../functions/observe-trial/handler.ts";
import { StoredObjects } from "../support/stored-objects.ts";
import { RecordedTelemetry } from "../support/telemetry.ts";
import { TEST_SPEC } from "../support/test-workload.ts";

const { name: workload } = TEST_SPEC;
const execution = `${workload}-0123456789ab`;
const EndpointName = "perennial-dev-test";
const specUri = "s3://artifacts/specs/spec.json";
const SHADOW: Strategy = { kind: "shadow", requests: 40, maxMinutes: 60, samplePercent: 100 };
const EXPERIMENT: Strategy = {
  kind: "experiment",
  share: 0.5,
  stickyBy: null,
  alpha: 0.05,
  worthwhileGain: 0.05,
  maxDays: 30,
};
const EVENT: TrialRequest = {
  workload,
  execution,
  endpointName: EndpointName,
  specUri,
  startedAt: "2026-03-01T02:00:00.500Z",
  from: { version: 2 },
  version: 3,
  endpointConfigName: `${execution}-trial`,
  tally: { sent: 0, failed: 0, failure: null, versions: {} },
  round: 4,
};
const FLEET = { requests: 200, refused: 0, failed: 0, p90: 8000, p99: 12_000 };

let stored: StoredObjects;
let admission: AdmissionState;
let fleets: Record<string, typeof FLEET>;
let windows: string[];
let now: string;
let telemetry: RecordedTelemetry;

beforeEach(() => {
  stored = new StoredObjects();
  admission = EMPTY_ADMISSION;
  fleets = { primary: FLEET, challenger: FLEET };
  windows = [];
  now = "2026-03-01T02:30:00Z";
  telemetry = new RecordedTelemetry();
});

function open(strategy: Strategy) {
  const spec = { ...TEST_SPEC, rollout: { ...TEST_SPEC.rollout, strategy } };
  stored.put(specUri, WorkloadSpec.parse(spec));
  const cloudWatch = (({ input }: GetMetricDataCommand) => {
    const { MetricDataQueries = [], StartTime } = input;
    const dimensions = MetricDataQueries[0]?.MetricStat?.Metric?.Dimensions ?? [];
    const [, variant, config] = dimensions.map(({ Value = "" }) => Value);
    windows.push(`${variant} of ${config} since ${StartTime?.toISOString()}`);
    const figures: Record<string, number | undefined> = { ...fleets[variant ?? ""] };
    return Promise.resolve({
      MetricDataResults: MetricDataQueries.map(({ Id = "" }) => ({ Id, Values: [figures[Id] ?? 0] })),
    });
  }) as never;
  return createHandler({
    objects: new Objects(stored),
    ledger: { readAdmission: () => Promise.resolve(admission) },
    cloudWatch: { send: cloudWatch },
    lakeBucket: "lake",
    telemetry,
    clock: () => new Date(now),
  });
}

const look = async (strategy: Strategy, event: Partial<TrialRequest> = {}) =>
  open(strategy)({ ...EVENT, ...event });

interface Answered {
  id?: string;
  probability: number;
  version?: number;
  at?: string;
}

let files = 0;
/** A file of captured answers; what isn't an answer is a line as it stands. */
function capture(
  variant: "primary" | "challenger",
  answers: (Answered | string)[],
  hour = "2026/03/01/02",
): void {
  const lines = answers.map((answer) => {
    if (typeof answer === "string") return answer;
    const { id, probability, at = "2026-03-01T02:10:00Z" } = answer;
    const version = answer.version ?? (variant === "primary" ? 2 : 3);
    const data = JSON.stringify({
      predictions: [{ probability, flagged: probability >= 0.5 }],
      task: { kind: "binary", outcome: "readmitted", threshold: 0.5 },
      model: { workload, version, artifact: "a" },
    });
    return JSON.stringify({
      captureData: {
        endpointInput: {
          observedContentType: "application/json",
          mode: "INPUT",
          data: "{}",
          encoding: "JSON",
        },
        endpointOutput: { observedContentType: "application/json", mode: "OUTPUT", data, encoding: "JSON" },
      },
      eventMetadata: { eventId: "e", ...(id === undefined ? {} : { inferenceId: id }), inferenceTime: at },
      eventVersion: "0",
    });
  });
  const key = `capture/${workload}/${EndpointName}/${variant}/${hour}/10-00-000-${String(files++).padStart(6, "0")}.jsonl`;
  stored.put(`s3://lake/${key}`, Buffer.from(`${lines.join("\n")}\n`));
}

function label(
  outcomes: [id: string, outcome: string | number][],
  file = "batch",
  hour = "2026/03/01/02",
): void {
  const lines = outcomes.map(([eventId, outcome]) =>
    JSON.stringify({
      groundTruthData: { data: String(outcome), encoding: "CSV" },
      eventMetadata: { eventId },
      eventVersion: "0",
    }),
  );
  stored.put(`s3://lake/labels/${workload}/${hour}/${file}.jsonl`, Buffer.from(`${lines.join("\n")}\n`));
}

const many = (count: number, answer: (place: number) => Answered): Answered[] =>
  Array.from({ length: count }, (_, place) => answer(place));
/** Spread answers: 0.1, 0.3 and so on to 0.9, again and again. */
const spread = (place: number): number => 0.1 + 0.2 * (place % 5);

describe("a shadow", () => {
  it("passes once it answered enough copies as the champion does, and says how near", async () => {
    capture(
      "primary",
      many(40, (place) => ({ id: `r${place}`, probability: spread(place) })),
    );
    capture(
      "challenger",
      many(40, (place) => ({ id: `r${place}`, probability: spread(place) + 0.02 })),
    );
    expect(await look(SHADOW)).toEqual({
      status: "passed",
      round: 5,
      reasons: [],
      summary:
        "Version 3 answered 40 of 40 copied requests; of 40 records that both answered 0 % are decided differently; " +
        "predictions differ by 0.02 in half of them, at most by 0.02 in 95 %; mean prediction 0.52 (0.5 of version 2). " +
        "200 requests, 0 failed, 0 refused; p99 of the model's latency 12 ms (12 ms for the champion).",
    });
    expect(telemetry.counts).toEqual([["Trials", { workload, status: "passed" }]]);
    expect(windows).toEqual(
      ["challenger", "primary"].map((one) => `${one} of ${execution}-trial since 2026-03-01T02:00:00.500Z`),
    );
  });

  it("waits for copies, and in the end fails for too few: they never pass silently", async () => {
    capture(
      "primary",
      many(40, (place) => ({ id: `r${place}`, probability: spread(place) })),
    );
    capture(
      "challenger",
      many(39, (place) => ({ id: `r${place}`, probability: spread(place) })),
    );
    const missing = "39 of 40 copied requests were answered by version 3";
    now = "2026-03-01T03:00:00Z";
    expect(await look(SHADOW)).toMatchObject({ status: "insufficient", reasons: [missing] });
    now = "2026-03-01T03:00:01Z";
    expect(await look(SHADOW)).toMatchObject({
      status: "failed",
      reasons: [`after 60 minutes too little is known: ${missing}`],
    });
  });

  it("takes nobody's probes, nobody's answers from before the trial and no other version's for copies", async () => {
    capture("challenger", [
      { id: `probe-${execution}-1`, probability: 0.3 },
      { id: "early", probability: 0.3, at: "2026-03-01T01:59:59Z" },
      { id: "other", probability: 0.3, version: 1 },
      { id: "first", probability: 0.3, at: "2026-03-01T02:00:00Z" },
    ]);
    const { summary } = await look(SHADOW);
    expect(summary).toContain(
      "Version 3 answered 1 of 40 copied requests; 1 answer of other versions left out.",
    );
  });

  it.each<[string, (place: number) => number, string]>([
    [
      "answers far from the champion",
      (place) => spread(place) * 0.2,
      "the mean prediction for callers went from 0.5 to 0.1, 1.41 standard deviations; at most 0.5 are allowed",
    ],
    ["answers everybody alike", () => 0.5, "it answers every record alike (0.5)"],
  ])("that %s is stopped at once", async (_, predict, reason) => {
    capture(
      "primary",
      many(30, (place) => ({ id: `r${place}`, probability: spread(place) })),
    );
    capture(
      "challenger",
      many(30, (place) => ({ id: `r${place}`, probability: predict(place) })),
    );
    expect(await look(SHADOW)).toMatchObject({ status: "failed", reasons: [reason] });
  });

  it.each<[string, Partial<typeof FLEET>, string]>([
    ["fails once", { failed: 1 }, "1 request met a server error"],
    [
      "refuses what the champion doesn't",
      { refused: 30 },
      "15 % of the requests were refused, 0 % by the champion; at most 5 % more are allowed",
    ],
    [
      "is slower",
      { p99: 80_000 },
      "p99 of the model's latency is 80 ms, more than 3 times that of the champion (12 ms)",
    ],
  ])("that %s is stopped, whatever it answers", async (_, figures, reason) => {
    fleets["challenger"] = { ...FLEET, ...figures };
    expect(await look(SHADOW)).toMatchObject({ status: "failed", reasons: [reason] });
  });

  it("compares means, less what chance explains, where callers give no inference ids", async () => {
    capture(
      "primary",
      many(200, (place) => ({ probability: spread(place) })),
    );
    capture(
      "challenger",
      many(40, (place) => ({ probability: spread(place) + 0.02 })),
    );
    const { status, summary } = await look(SHADOW);
    expect([status, summary.split(". ")[0]]).toEqual([
      "passed",
      "Version 3 answered 40 of 40 copied requests; no answers were compared one by one: callers gave no inference ids; mean " +
        "prediction 0.52 (0.5 of version 2)",
    ]);
  });

  it("needs CloudWatch to have seen it as well", async () => {
    capture(
      "primary",
      many(40, (place) => ({ id: `r${place}`, probability: spread(place) })),
    );
    capture(
      "challenger",
      many(40, (place) => ({ id: `r${place}`, probability: spread(place) })),
    );
    fleets["challenger"] = { ...FLEET, requests: 19 };
    expect(await look(SHADOW)).toMatchObject({
      status: "insufficient",
      reasons: ["19 of at least 20 requests were counted"],
    });
  });

  it("counts what was decided differently", async () => {
    capture(
      "primary",
      many(40, (place) => ({ id: `r${place}`, probability: spread(place) })),
    );
    capture(
      "challenger",
      many(40, (place) => ({ id: `r${place}`, probability: spread(place) - 0.05 })),
    );
    // One of five lies at 0.5.
    expect((await look(SHADOW)).summary).toContain("20 % are decided differently");
  });
});

describe("an experiment", () => {
  /** Requests whose outcome one model knows and the other doesn't. */
  function runExperiment(
    requests: number,
    { knowing }: { knowing: "primary" | "challenger" | "none" },
  ): void {
    const random = createRandom(7);
    const labels: [string, number][] = [];
    const answers = { primary: [] as Answered[], challenger: [] as Answered[] };
    for (let request = 0; request < requests; request++) {
      const outcome = random.uniform() < 0.5 ? 1 : 0;
      const variant = request % 2 === 0 ? "primary" : "challenger";
      const probability = variant === knowing ? 0.2 + 0.6 * outcome : 0.5;
      answers[variant].push({ id: `r${request}`, probability });
      labels.push([`r${request}`, outcome]);
    }
    capture("primary", answers.primary);
    capture("challenger", answers.challenger);
    label(labels);
  }

  it("passes a challenger whose predictions came true more, and says by how much", async () => {
    runExperiment(1000, { knowing: "challenger" });
    const { status, reasons, summary } = await look(EXPERIMENT);
    expect([status, reasons]).toEqual(["passed", []]);
    expect(summary).toMatch(
      /^Version 2 answered 500 requests, 500 outcomes known, mean loss 0\.25; version 3 answered 500 requests, 500 outcomes known, mean loss 0\.04; gain 0\.21, from 0\.1\d* to 0\.[23]\d* with 95 % confidence however often one looks\. 200 requests, /,
    );
  });

  it("stops one that does harm", async () => {
    runExperiment(1000, { knowing: "primary" });
    const { status, reasons } = await look(EXPERIMENT);
    expect([status, reasons]).toEqual([
      "failed",
      [
        expect.stringMatching(
          /^version 3 predicts worse than version 2: its mean loss is higher by at least 0\.1\d*$/,
        ),
      ],
    ]);
  });

  it("stops one whose gain can't be worth it", async () => {
    runExperiment(8000, { knowing: "none" });
    expect(await look(EXPERIMENT)).toMatchObject({
      status: "failed",
      reasons: [
        expect.stringMatching(
          /^version 3 gains less than the 0\.05 that would be worth it: at most 0\.0\d*$/,
        ),
      ],
    });
  });

  it("says at the first look how many outcomes it takes", async () => {
    runExperiment(10, { knowing: "none" });
    expect(await look(EXPERIMENT, { round: 0 })).toMatchObject({
      status: "insufficient",
      round: 1,
      reasons: ["10 outcomes of about 2800 that a gain of 0.05 takes to show"],
    });
  });

  it.each<[string, () => void, string[]]>([
    [
      "an arm that nobody reaches",
      () =>
        capture(
          "primary",
          many(5, (place) => ({ id: `r${place}`, probability: 0.4 })),
        ),
      ["version 3 answered nobody"],
    ],
    [
      "labels that never come",
      () => {
        capture("primary", [{ id: "a", probability: 0.4 }]);
        capture("challenger", [{ id: "b", probability: 0.4 }]);
      },
      ["no label came"],
    ],
    [
      "labels of something else",
      () => {
        capture("primary", [{ id: "a", probability: 0.4 }]);
        capture("challenger", [{ id: "b", probability: 0.4 }]);
        label([["x", 1]]);
      },
      ["none of 1 label is about an answer of this experiment"],
    ],
  ])("says that it waits for %s, and ends without a winner at its end", async (_, arrange, missing) => {
    arrange();
    const waiting = [...missing, expect.stringMatching(/^0 outcomes of about /)];
    expect(await look(EXPERIMENT)).toMatchObject({ status: "insufficient", reasons: waiting });
    now = "2026-03-31T02:00:01Z";
    const { status, reasons } = await look(EXPERIMENT);
    expect([status, reasons[0]]).toEqual(["failed", `after 30 days too little is known: ${missing[0]}`]);
  });

  it("counts the first label of an answer alone, and tells what it didn't count", async () => {
    capture("primary", [
      { id: "a", probability: 0.4 },
      { id: "a", probability: 0.9 },
      { id: "c", probability: 0.3 },
      { probability: 0.4 },
      "{broken",
    ]);
    label([
      ["a", 0],
      ["a", 1],
      ["x", 1],
      ["c", 7],
      ["d", "yes"],
    ]);
    const { summary } = await look(EXPERIMENT);
    expect(summary.split(". ")[0]).toBe(
      "Version 2 answered 4 requests, 1 outcome known, mean loss 0.16; version 3 answered 0 requests, 0 outcomes known; not " +
        "counted: 1 label of an unknown inference id, 1 label after the first of an answer, 1 label that is no outcome of the " +
        "task, 1 answer without an inference id, 1 answer under an inference id used before; 2 lines of captures or labels " +
        "couldn't be read",
    );
  });

  it("joins a label that came before its answer was captured", async () => {
    label([["a", 1]]);
    await look(EXPERIMENT);
    capture("challenger", [{ id: "a", probability: 0.8 }]);
    expect((await look(EXPERIMENT)).summary).toContain(
      "version 3 answered 1 request, 1 outcome known, mean loss 0.04",
    );
  });

  it("doesn't ask for requests that its share doesn't bring", async () => {
    runExperiment(1000, { knowing: "challenger" });
    fleets["challenger"] = { ...FLEET, requests: 0 };
    expect(await look(EXPERIMENT)).toMatchObject({ status: "passed" });
  });
});

describe("looks one after the other", () => {
  it("come to what one look at everything comes to, whenever they are repeated", async () => {
    const random = createRandom(11);
    const parts = Array.from({ length: 6 }, (_, part) =>
      many(40, (place) => ({ id: `p${part}-${place}`, probability: 0.1 + 0.8 * random.uniform() })),
    );
    const outcomes = parts.map((part) =>
      part.map(({ id = "", probability }): [string, number] => [id, random.uniform() < probability ? 1 : 0]),
    );
    const write = (part: number): void => {
      const hour = `2026/03/01/0${part + 2}`;
      const answers = (parts[part] ?? []).map((answer) => ({
        ...answer,
        at: `2026-03-01T0${part + 2}:10:00Z`,
      }));
      capture("primary", answers.slice(0, 20), hour);
      capture("challenger", answers.slice(20), hour);
      label(outcomes[part] ?? [], `batch-${part}`, hour);
    };
    let last = await look(EXPERIMENT);
    for (let part = 0; part < parts.length; part++) {
      write(part);
      now = `2026-03-01T0${part + 2}:30:00Z`;
      await look(EXPERIMENT);
      last = await look(EXPERIMENT);
    }
    const read = stored.written.length;
    expect(read).toBe(13);
    stored.byUri.delete(`s3://lake/trials/${workload}/${execution}.json.gz`);
    expect(await look(EXPERIMENT)).toEqual(last);
    expect(last.summary).toContain("Version 2 answered 120 requests, 120 outcomes known");
  });

  it("don't list again what lies in hours that are over", async () => {
    capture("primary", [{ id: "a", probability: 0.4 }]);
    now = "2026-03-01T09:30:00Z";
    await look(EXPERIMENT);
    // So late that nothing is expected there any more.
    capture("primary", [{ id: "b", probability: 0.4 }]);
    capture("primary", [{ id: "c", probability: 0.4, at: "2026-03-01T07:10:00Z" }], "2026/03/01/07");
    expect((await look(EXPERIMENT)).summary).toContain("Version 2 answered 2 requests");
  });

  it("see what went wrong in the last day, however long the trial takes", async () => {
    now = "2026-03-11T02:00:00Z";
    await look(EXPERIMENT);
    expect(windows[0]).toBe(`challenger of ${execution}-trial since 2026-03-10T02:00:00.000Z`);
  });
});

describe("people at the door", () => {
  const cause = {
    id: "1",
    time: "2026-03-01T02:20:00Z",
    reason: "it looks wrong",
    requestedBy: "ada",
    coalesced: 0,
  };
  const waits = { count: 1, firstAt: cause.time, lastAt: cause.time, reason: "held", until: cause.time };
  const target = {
    version: 1,
    modelPackageArn: "arn:p",
    modelDataUrl: "s3://m/1",
    artifactSha256: "a",
    image: "i",
  };
  const asking = (kind: "rollback" | "promote" | "approval"): AdmissionState => ({
    ...EMPTY_ADMISSION,
    pending: { ...waits, cause: { ...cause, kind }, target },
  });
  const freeze = {
    isFrozen: true,
    by: "ada",
    reason: "an audit",
    at: "2026-03-01T02:00:00Z",
    until: "2026-03-02T02:00:00Z",
  };

  it.each<[string, AdmissionState, string]>([
    ["a rollback", asking("rollback"), "a rollback to version 1 was asked for by ada (it looks wrong)"],
    ["a promotion", asking("promote"), "the promotion of version 1 was asked for by ada (it looks wrong)"],
    ["a freeze", { ...EMPTY_ADMISSION, freeze }, "the workload was frozen by ada (an audit)"],
  ])("end it by %s, whatever it knows", async (_, state, reason) => {
    admission = state;
    expect(await look(SHADOW)).toEqual({
      status: "failed",
      round: 5,
      reasons: [reason],
      summary: "The trial was ended before it knew enough.",
    });
  });

  it.each<[string, AdmissionState]>([
    ["another challenger waits for its turn", asking("approval")],
    ["a freeze is over", { ...EMPTY_ADMISSION, freeze: { ...freeze, until: "2026-03-01T02:30:00Z" } }],
  ])("don't end it where %s", async (_, state) => {
    admission = state;
    expect(await look(SHADOW)).toMatchObject({ status: "insufficient" });
  });
});

describe("what is no trial", () => {
  it("is refused: a workload that isn't tried", async () => {
    await expect(look({ kind: "all-at-once" })).rejects.toThrow(
      `spec of ${workload} is refused, 1 fault:\n  rollout.strategy.kind: given all-at-once; expected one of shadow, experiment`,
    );
  });

  it("is refused: an event that is none", async () => {
    await expect(look(SHADOW, { round: -1 })).rejects.toThrow(
      "event of observe-trial is refused, 1 fault:\n  round: given -1;",
    );
  });

  it("is what was kept by somebody else", async () => {
    stored.put(`s3://lake/trials/${workload}/${execution}.json.gz`, Buffer.from("no"));
    await expect(look(SHADOW)).rejects.toThrow("expected what this function kept of the trial");
  });
});
