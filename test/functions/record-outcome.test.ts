import { HistoryEntry } from "@perennial/contracts";
import { Ledger } from "@perennial/ledger";
import { describe, expect, it } from "vitest";
import { createHandler } from "../../functions/record-outcome/handler.ts";
import { LedgerTable } from "../support/ledger-table.ts";
import { RecordedTelemetry } from "../support/telemetry.ts";

const WORKLOAD = "hospital-readmission";
const execution = `${WORKLOAD}-0123456789ab`;
const executionArn = `arn:aws:states:eu-central-1:123456789012:execution:machine:${execution}`;
const startedAt = "2026-01-04T02:00:01.250Z";
const cause = {
  kind: "manual" as const,
  id: "e1",
  time: "2026-01-04T02:00:00Z",
  reason: "new data",
  requestedBy: "ada",
  coalesced: 0,
};
const asked = { workload: WORKLOAD, execution, cause, token: 1 };
const retrainInput = { ...asked, search: false, rawUri: "s3://lake/raw/w/", snapshot: null };
const target = {
  version: 3,
  modelPackageArn: "arn:aws:sagemaker:eu-central-1:123456789012:model-package/g/3",
  modelDataUrl: "s3://artifacts/3/model.tar.gz",
  artifactSha256: "3".repeat(64),
};
const rolloutInput = { ...asked, target };
const verdictUri = "s3://artifacts/verdicts/hospital-readmission/x.json";

const trained = {
  trainingJob: `${execution}-train-0`,
  snapshotSha256: "5".repeat(64),
  gateUri: "s3://lake/gates/w/e/gate.json",
  cardUri: "s3://artifacts/cards/w/e/card.json",
};

const retraining = (status: string, reason: string, registration: object | null) => ({
  kind: "retraining",
  executionArn,
  startedAt,
  input: retrainInput,
  verdict: { status, reason, verdictUri },
  registration,
  ...trained,
});
const rollout = (outcome: string, from: number | null, ...more: object[]) => ({
  kind: "rollout",
  executionArn,
  startedAt,
  input: rolloutInput,
  outcome,
  from,
  wanted: "config-3",
  endpoint: {
    EndpointConfigName: outcome === "in-service" ? "config-3" : "config-2",
    EndpointStatus: "InService",
  },
  verification: null,
  ...Object.assign({}, ...more),
});
const verified = (status: string, ...reasons: string[]) => ({
  verification: { status, round: 2, reasons, summary: "45 requests, 0 failed, 0 refused." },
});
const tried = (status: string, ...reasons: string[]) => ({
  trial: { status, round: 70, reasons, summary: "900 outcomes in 3 days." },
});
const failed = (kind: string, stage: string, Error: string, Cause?: string) => ({
  kind: `${kind}-failed`,
  executionArn,
  startedAt,
  input: kind === "rollout" ? rolloutInput : retrainInput,
  stage,
  error: { Error, ...(Cause === undefined ? {} : { Cause }) },
});

function open() {
  const telemetry = new RecordedTelemetry();
  const ledger = new Ledger(new LedgerTable(), "ledger");
  const clock = { now: new Date("2026-01-04T02:05:00Z") };
  const handle = createHandler({ ledger, telemetry, clock: () => clock.now });
  return { telemetry, ledger, clock, handle };
}

const registration = {
  modelPackageArn: "arn:aws:sagemaker:eu-central-1:123456789012:model-package/g/3",
  version: 3,
  approvalStatus: "Approved",
};

describe("a report", () => {
  it("becomes a line of the history, with a sentence for a person", async () => {
    const { telemetry, ledger, handle } = open();
    const entry = await handle(retraining("better", "AUC up 0.012 [0.004, 0.020]", registration));
    expect(entry).toEqual({
      kind: "retraining",
      workload: WORKLOAD,
      execution,
      executionArn,
      cause,
      startedAt,
      endedAt: "2026-01-04T02:05:00.000Z",
      summary:
        "The challenger is better than the champion. AUC up 0.012 [0.004, 0.020]. Registered as version 3, Approved.",
      outcome: "better",
      stage: null,
      version: 3,
      approvalStatus: "Approved",
      verdictUri,
      ...trained,
    });
    expect(HistoryEntry.parse(entry)).toEqual(entry);
    expect(await ledger.listHistory(WORKLOAD, { limit: 9 })).toEqual([entry]);
    expect(telemetry.lines).toEqual([
      ["outcome", { workload: WORKLOAD, execution, kind: "retraining", outcome: "better", appended: true }],
    ]);
    expect(telemetry.counts).toEqual([
      ["Outcomes", { workload: WORKLOAD, kind: "retraining", outcome: "better" }],
    ]);
  });

  it("sent again later answers the line that stands, and counts nothing", async () => {
    const { telemetry, ledger, clock, handle } = open();
    const first = await handle(rollout("in-service", 2));
    clock.now = new Date("2026-01-04T09:00:00Z");
    expect(await handle(failed("rollout", "collect", "States.Timeout"))).toEqual(first);
    expect(await ledger.listHistory(WORKLOAD, { limit: 9 })).toEqual([first]);
    expect(telemetry.counts).toHaveLength(1);
  });

  it.each([
    [
      "tie",
      "The challenger ties with the champion, which stays. Because. Registered as version 3, Rejected.",
    ],
    [
      "worse",
      "The challenger is worse than the champion, which stays. Because. Registered as version 3, Rejected.",
    ],
    ["refused", "The challenger is refused; the champion stays. Because. Registered as version 3, Rejected."],
  ])("of a retraining judged %s says so", async (status, summary) => {
    const { handle } = open();
    const rejected = { ...registration, approvalStatus: "Rejected" };
    expect(await handle(retraining(status, "Because.", rejected))).toMatchObject({
      outcome: status,
      summary,
      approvalStatus: "Rejected",
    });
  });

  it("of refused data says why, and that nothing was trained", async () => {
    const { telemetry, handle } = open();
    const { gateUri } = trained;
    const entry = await handle({
      kind: "retraining-refused",
      executionArn,
      startedAt,
      input: retrainInput,
      gateUri,
      reason: `refused ${"5".repeat(64)}: 31 % of "race" are missing: at most 5 % may be`,
    });
    expect(entry).toEqual({
      kind: "retraining",
      workload: WORKLOAD,
      execution,
      executionArn,
      cause,
      startedAt,
      endedAt: "2026-01-04T02:05:00.000Z",
      summary:
        'The data is refused: nothing was trained, and the champion stays. 31 % of "race" are missing: at most 5 % may be.',
      outcome: "data-refused",
      stage: null,
      version: null,
      approvalStatus: null,
      verdictUri: null,
      snapshotSha256: null,
      gateUri,
      cardUri: null,
      trainingJob: null,
    });
    expect(HistoryEntry.parse(entry)).toEqual(entry);
    expect(telemetry.counts).toEqual([
      ["Outcomes", { workload: WORKLOAD, kind: "retraining", outcome: "data-refused" }],
    ]);
  });

  it("of the same model again says that nothing was registered", async () => {
    const { handle } = open();
    expect(await handle(retraining("unchanged", "Same bytes", null))).toMatchObject({
      outcome: "unchanged",
      summary: "The retraining gave the champion's own model again. Same bytes. Nothing was registered.",
      version: null,
      approvalStatus: null,
    });
  });

  it.each([
    [rollout("in-service", 2), "Version 3 is in service in place of version 2. Asked for by ada: new data."],
    [
      rollout("in-service", 0),
      "Version 3 is in service in place of the baseline. Asked for by ada: new data.",
    ],
    [
      rollout("in-service", 2, verified("passed")),
      "Version 3 is in service in place of version 2. 45 requests, 0 failed, 0 refused. Asked for by ada: new data.",
    ],
    [
      rollout("rolled-back", 2, verified("failed", "it answers every probe alike (0.5)", "too slow")),
      "Version 3 was in service and isn't verified: it answers every probe alike (0.5); too slow. Version 2 is in " +
        "service again. 45 requests, 0 failed, 0 refused. Asked for by ada: new data.",
    ],
    [
      rollout("rolled-back", 0, verified("failed", "too slow")),
      "Version 3 was in service and isn't verified: too slow. The baseline is in service again. 45 requests, 0 failed, " +
        "0 refused. Asked for by ada: new data.",
    ],
    [
      rollout("kept", 2, {
        endpoint: { EndpointConfigName: "config-2", FailureReason: "errors in ALARM" },
      }),
      "The endpoint came back with config-2 instead of config-3: version 3 is not in service, version 2 stays. errors in " +
        "ALARM. Asked for by ada: new data.",
    ],
    [
      rollout("kept", 2),
      "The endpoint came back with config-2 instead of config-3: version 3 is not in service, version 2 stays. Asked for by ada: new data.",
    ],
    [
      rollout("in-service", 2, verified("passed"), tried("passed")),
      "Version 3 is in service in place of version 2. 45 requests, 0 failed, 0 refused. Tried first: 900 outcomes in 3 days. " +
        "Asked for by ada: new data.",
    ],
    [
      rollout("rolled-back", 2, verified("failed", "too slow"), tried("passed")),
      "Version 3 was in service and isn't verified: too slow. Version 2 is in service again. 45 requests, 0 failed, " +
        "0 refused. Tried first: 900 outcomes in 3 days. Asked for by ada: new data.",
    ],
    [
      rollout("kept", 2, tried("passed"), {
        endpoint: { EndpointConfigName: "config-2", FailureReason: "errors in ALARM" },
      }),
      "The endpoint came back with config-2 instead of config-3: version 3 is not in service, version 2 stays. errors in " +
        "ALARM. Tried first: 900 outcomes in 3 days. Asked for by ada: new data.",
    ],
    [
      rollout("kept", 0, tried("failed", "it does harm", "2 requests met a server error")),
      "Version 3 was on trial beside the baseline, which stays: it does harm; 2 requests met a server error. " +
        "900 outcomes in 3 days. Asked for by ada: new data.",
    ],
    [
      rollout(
        "kept",
        2,
        tried(
          "failed",
          `it could not be observed: {"errorType":"ObjectFault","errorMessage":"no {such} object","trace":["at x"]}`,
        ),
      ),
      "Version 3 was on trial beside version 2, which stays: it could not be observed: no {such} object. 900 outcomes in " +
        "3 days. Asked for by ada: new data.",
    ],
    [
      rollout("kept", 2, tried("failed", "the two models didn't come up beside each other"), {
        endpoint: { EndpointConfigName: "config-2", FailureReason: "No capacity" },
      }),
      "Version 3 was on trial beside version 2, which stays: the two models didn't come up beside each other. No capacity. " +
        "900 outcomes in 3 days. Asked for by ada: new data.",
    ],
    [
      failed(
        "rollout",
        "claim",
        "DynamoDB.ConditionalCheckFailedException",
        "The conditional request failed",
      ),
      "The rollout of version 3 failed at claim. DynamoDB.ConditionalCheckFailedException: The conditional request failed",
    ],
  ])("of a rollout tells what is in service now (%#)", async (report, summary) => {
    const { handle } = open();
    expect(await handle(report)).toMatchObject({ kind: "rollout", to: 3, summary });
  });

  it.each([
    [
      "a training job that failed",
      failed(
        "retraining",
        "train",
        "States.TaskFailed",
        JSON.stringify({
          TrainingJobStatus: "Failed",
          FailureReason: "AlgorithmError: only one class",
          Tags: [],
        }),
      ),
      "failed",
      "The retraining failed at train; the champion stays. States.TaskFailed: AlgorithmError: only one class",
    ],
    [
      "a processing job that failed with a message of its own",
      failed(
        "retraining",
        "prepare",
        "States.TaskFailed",
        JSON.stringify({
          ProcessingJobStatus: "Failed",
          FailureReason: "",
          ExitMessage: "column race is missing",
        }),
      ),
      "failed",
      "The retraining failed at prepare; the champion stays. States.TaskFailed: column race is missing",
    ],
    [
      "a job that somebody stopped",
      failed("retraining", "train", "States.TaskFailed", JSON.stringify({ TrainingJobStatus: "Stopped" })),
      "aborted",
      "The retraining was stopped at train; the champion stays. The job was stopped: States.TaskFailed",
    ],
    [
      "a function that threw",
      failed(
        "retraining",
        "judge",
        "InvalidInput",
        JSON.stringify({ errorType: "InvalidInput", errorMessage: "no rows" }),
      ),
      "failed",
      "The retraining failed at judge; the champion stays. InvalidInput: no rows",
    ],
    [
      "a task that took too long",
      failed("retraining", "train", "States.Timeout"),
      "timed-out",
      "The retraining timed out at train; the champion stays. States.Timeout",
    ],
  ])("of %s tells what it said itself", async (_, report, outcome, summary) => {
    const { handle } = open();
    expect(await handle(report)).toMatchObject({ kind: "retraining", outcome, summary, stage: report.stage });
  });

  it("stays within what the history takes, however long the reason", async () => {
    const { handle } = open();
    const { summary } = await handle(retraining("better", "x".repeat(5000), registration));
    expect(summary).toHaveLength(2000);
    const failure = await handle({
      ...failed("rollout", "claim", "E", "y".repeat(9000)),
      startedAt: "2026-01-05T00:00:00Z",
    });
    expect(failure.summary).toBe(`The rollout of version 3 failed at claim. E: ${"y".repeat(1197)}…`);
  });

  it("that isn't one is an error, with all its faults", async () => {
    const { handle } = open();
    const { verdict: _, ...report } = retraining("better", "", null);
    await expect(handle({ ...report, startedAt: "now" })).rejects.toThrow(
      [
        "event of record-outcome is refused, 2 faults:",
        '  startedAt: given "now"; expected a UTC time such as 2026-01-31T02:00:00Z',
        "  verdict: given nothing; expected object, received undefined",
      ].join("\n"),
    );
  });
});
