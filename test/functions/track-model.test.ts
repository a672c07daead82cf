import type { HistoryEntry } from "@perennial/contracts";
import { Objects } from "@perennial/objects";
import { PACKAGE_TAG, Runs, TrackingAway, Transport } from "@perennial/tracking";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { figuresOf } from "../../functions/track-model/figures.ts";
import { createHandler } from "../../functions/track-model/handler.ts";
import { postponementSeconds } from "../../functions/track-model/postponement.ts";
import { aliasesOf, planRegistry, STATUS_TAG } from "../../functions/track-model/registry-plan.ts";
import { writeRetraining } from "../../functions/track-model/write-retraining.ts";
import { TestMlflow } from "../support/mlflow-server.ts";
import { runRecordArchive, SUMMARY } from "../support/run-records.ts";
import { StoredObjects } from "../support/stored-objects.ts";
import { RecordedTelemetry } from "../support/telemetry.ts";

const EXECUTION = "churn-0123456789ab";
const JOB = `${EXECUTION}-train-0`;
const ENTRY: Extract<HistoryEntry, { kind: "retraining" }> = {
  kind: "retraining",
  workload: "churn",
  execution: EXECUTION,
  executionArn: `arn:aws:states:eu-central-1:123456789012:execution:perennial-dev-churn-retrain:${EXECUTION}`,
  cause: null,
  startedAt: "2026-01-05T02:00:00.000Z",
  endedAt: "2026-01-05T02:05:00.000Z",
  summary: "The retraining failed at judge; the champion stays.",
  outcome: "failed",
  stage: "judge",
  version: null,
  approvalStatus: null,
  verdictUri: null,
  snapshotSha256: null,
  gateUri: null,
  cardUri: null,
  trainingJob: JOB,
};

describe("postponing", () => {
  it.each([
    [1, 30],
    [2, 60],
    [5, 480],
    [9, 7200],
    [60, 7200],
  ])("after attempt %d waits %d seconds", (attempts, seconds) => {
    expect(postponementSeconds(attempts)).toBe(seconds);
  });

  it("goes on for four and a half days of sixty attempts", () => {
    const seconds = Array.from({ length: 60 }, (_, n) => postponementSeconds(n + 1)).reduce((a, b) => a + b);
    expect(seconds / 86_400).toBeCloseTo(4.42, 1);
  });
});

it("names figures by their way, with the ends of their intervals, and leaves out what isn't defined", () => {
  const metrics = {
    kind: "multiclass",
    rps: { value: 0.2, lower: 0.19, upper: null },
    classes: [
      { name: "win/home", rows: 3, rocAuc: null, calibration: { curve: [{ rows: 1, predicted: 0.1 }] } },
    ],
    interval: { wanted: 0.9, coverage: { value: 0.91, lower: 0.88, upper: 0.93 } },
  };
  expect(figuresOf("holdout", metrics)).toEqual({
    "holdout/rps": 0.2,
    "holdout/rps.lower": 0.19,
    "holdout/classes.win_home.rows": 3,
    "holdout/interval.wanted": 0.9,
    "holdout/interval.coverage": 0.91,
    "holdout/interval.coverage.lower": 0.88,
    "holdout/interval.coverage.upper": 0.93,
  });
});

describe("MLflow's registry follows SageMaker's", () => {
  const listed = (version: number, status: "Approved" | "Rejected" | "PendingManualApproval") => ({
    arn: `arn:${version}`,
    version,
    status,
    createdAt: 0,
  });
  const standing = (version: number, of: number, status: string) => ({
    version,
    runId: "",
    description: "",
    tags: { [PACKAGE_TAG]: `arn:${of}`, [STATUS_TAG]: status },
  });

  it("creates what is missing, restates what was decided since, and removes what stands twice", () => {
    const packages = [listed(1, "Approved"), listed(2, "Rejected"), listed(3, "PendingManualApproval")];
    const versions = [
      standing(1, 1, "Approved"),
      standing(2, 2, "PendingManualApproval"),
      standing(3, 1, "Approved"),
    ];
    expect(planRegistry(packages, versions)).toEqual({
      create: [packages[2]],
      restate: [{ version: 2, package: packages[1] }],
      remove: [3],
    });
  });

  it.each([
    ["the baseline leads before the first rollout", 0, "arn:1", "arn:3"],
    ["what is in service leads", 2, "arn:2", "arn:3"],
    ["the newest has no challenger", 3, "arn:3", null],
  ])("%s", (_, live, champion, challenger) => {
    const packages = [
      listed(1, "Approved"),
      listed(2, "Approved"),
      listed(3, "Approved"),
      listed(4, "Rejected"),
    ];
    expect(aliasesOf(packages, live)).toEqual({ champion, challenger });
  });
});

describe("a batch", () => {
  const ENDED = {
    "detail-type": "SageMaker Model Package State Change",
    detail: { ModelPackageGroupName: "perennial-dev-churn", ModelPackageVersion: 2 },
  };
  const message = (messageId: string, body: unknown, attempts = 1) => ({
    messageId,
    receiptHandle: `handle of ${messageId}`,
    body: JSON.stringify(body),
    attributes: { ApproximateReceiveCount: String(attempts) },
  });

  function handlerWhere(list: () => Promise<never[]>) {
    const telemetry = new RecordedTelemetry();
    const postponed: unknown[] = [];
    const unused = {} as never;
    const handle = createHandler({
      writing: unused,
      following: {
        models: unused,
        runs: unused,
        packages: { list, describe: unused },
        ledger: unused,
        clock: () => new Date(0),
      },
      ledger: unused,
      telemetry,
      postpone: async (call) => {
        postponed.push(call);
      },
      workloads: { churn: { modelPackageGroup: "perennial-dev-churn" } },
      stateMachines: {},
    });
    return { handle, telemetry, postponed };
  }

  it("is done with when the server took it", async () => {
    const { handle, postponed } = handlerWhere(async () => []);
    expect(await handle({ Records: [message("a", ENDED)] })).toEqual({ batchItemFailures: [] });
    expect(postponed).toEqual([]);
  });

  it("goes back whole while the server is away, which is asked once, and waits longer each time", async () => {
    let asked = 0;
    const { handle, postponed, telemetry } = handlerWhere(async () => {
      asked += 1;
      throw new TrackingAway("GET x", "no answer");
    });
    expect(await handle({ Records: [message("a", ENDED, 3), message("b", ENDED)] })).toEqual({
      batchItemFailures: [{ itemIdentifier: "a" }, { itemIdentifier: "b" }],
    });
    expect(asked).toBe(1);
    expect(postponed).toEqual([
      { ReceiptHandle: "handle of a", VisibilityTimeout: 120 },
      { ReceiptHandle: "handle of b", VisibilityTimeout: 30 },
    ]);
    expect(telemetry.counts).toEqual([["TrackingPostponed", { error: "TrackingAway" }]]);
  });

  it("loses nothing but time to a message that nobody understands", async () => {
    const { handle, telemetry } = handlerWhere(async () => []);
    expect(await handle({ Records: [message("a", { what: 1 }), message("b", ENDED)] })).toEqual({
      batchItemFailures: [{ itemIdentifier: "a" }],
    });
    expect(telemetry.counts).toEqual([["TrackingPostponed", { error: "InvalidInput" }]]);
  });
});

describe("a retraining's run, on the server itself", () => {
  let server: TestMlflow;
  beforeAll(async () => {
    server = await TestMlflow.open();
  }, 240_000);
  afterAll(() => server?.close());

  it("is written once with a run for each trial, however often it is asked for and wherever it broke off", async () => {
    const stored = new StoredObjects();
    const trial = {
      algorithm: "xgboost",
      params: { max_depth: 3 },
      values: [{ step: 10, value: 0.6 }],
      seconds: 2,
    };
    const trials = [
      { ...trial, number: 0, state: "complete", value: 0.61, reason: null },
      { ...trial, number: 1, state: "pruned", value: null, reason: "worse than half" },
      { ...trial, number: 2, state: "failed", value: null, values: [], reason: "out of memory" },
    ];
    stored.put(
      `s3://artifacts/models/churn/${JOB}/output/output.tar.gz`,
      await runRecordArchive({
        "run.json": JSON.stringify(SUMMARY),
        "metrics.jsonl": JSON.stringify({ name: "validation/rocAuc", step: 0, value: 0.6 }),
        "trials.jsonl": trials.map((line) => JSON.stringify(line)).join("\n"),
        "plots/roc.png": Buffer.from([1, 2, 3]),
      }),
    );
    const runs = new Runs(new Transport({ url: server.url }));
    const writing = { runs, objects: new Objects({ send: stored.send }), artifactBucket: "artifacts" };

    // The server goes away in the middle of the trials.
    let trialsLeft = 3;
    const create: Runs["create"] = async (experiment, run) => {
      if (--trialsLeft < 0) throw new TrackingAway("POST runs/create", "database or disk is full");
      return await runs.create(experiment, run);
    };
    const failing = Object.assign(Object.create(runs) as Runs, { create });
    await expect(writeRetraining({ ...writing, runs: failing }, ENTRY, null)).rejects.toThrow("disk is full");

    const { runId, isNew } = await writeRetraining(writing, ENTRY, null);
    expect({ runId, isNew }).toEqual({ runId: expect.stringMatching(/^[0-9a-f]{32}$/), isNew: true });
    expect(await writeRetraining(writing, ENTRY, null)).toEqual({ runId, isNew: false });

    const experiment = await runs.experiment("churn");
    const parents = await runs.find(experiment, { "perennial.execution": EXECUTION });
    expect(parents.map(({ name, status }) => [name, status])).toEqual([[EXECUTION, "FAILED"]]);
    expect(parents[0]?.tags["perennial.dataSha256"]).toBe(SUMMARY.hashes.data);
    const children = await runs.find(experiment, { "mlflow.parentRunId": runId });
    expect(children.map(({ name, status }) => [name, status])).toEqual([
      ["trial 0 xgboost", "FINISHED"],
      ["trial 1 xgboost", "KILLED"],
      ["trial 2 xgboost", "FAILED"],
    ]);
    expect(await runs.listArtifacts(runId, "plots")).toEqual(new Map([["plots/roc.png", 3]]));
  }, 60_000);

  it("says what is missing where the training left no record", async () => {
    const runs = new Runs(new Transport({ url: server.url }));
    const objects = new Objects({ send: new StoredObjects().send });
    const entry = { ...ENTRY, execution: "churn-ba9876543210" };
    await writeRetraining({ runs, objects, artifactBucket: "artifacts" }, entry, null);
    const [run] = await runs.find(await runs.experiment("churn"), { "perennial.execution": entry.execution });
    expect(run?.tags["perennial.runRecordFault"]).toMatch(/output\.tar\.gz can't be read \(NoSuchKey/);
  });
});
