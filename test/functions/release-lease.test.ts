import { HistoryEntry, type Pointer } from "@perennial/contracts";
import { admit, confirm, executionName, Ledger, retrainInput, rolloutInput } from "@perennial/ledger";
import { describe, expect, it } from "vitest";
import { createHandler } from "../../functions/release-lease/handler.ts";
import { LedgerTable } from "../support/ledger-table.ts";
import { RecordedTelemetry } from "../support/telemetry.ts";

const WORKLOAD = "hospital-readmission";
const machine = (kind: string) =>
  `arn:aws:states:eu-central-1:123456789012:stateMachine:perennial-dev-hospital-readmission-${kind}`;
const target = {
  version: 2,
  modelPackageArn: "arn:aws:sagemaker:eu-central-1:123456789012:model-package/g/2",
  modelDataUrl: "s3://artifacts/2/model.tar.gz",
  artifactSha256: "2".repeat(64),
};
const cause = {
  kind: "manual" as const,
  id: "e1",
  time: "2026-01-04T02:00:00Z",
  reason: "new data",
  coalesced: 0,
};

const defaults = { rawUri: "s3://lake/raw/w/", snapshotsUri: "s3://lake/snapshots/w/", search: false };
const nothing = { snapshotSha256: null, gateUri: null, cardUri: null, trainingJob: null };

function open() {
  const table = new LedgerTable();
  const telemetry = new RecordedTelemetry();
  const ledger = new Ledger(table, "ledger");
  const handle = createHandler({
    ledger,
    telemetry,
    stateMachines: {
      [machine("retrain")]: { workload: WORKLOAD, kind: "retrain" },
      [machine("rollout")]: { workload: WORKLOAD, kind: "rollout" },
    },
  });
  /** Admits a request, confirms it, and answers the event of its execution's end. */
  const run = async (door: "retrain" | "rollout", id: string) => {
    const limits = { coolDownMinutes: 0, dailyBudget: 9, leaseMinutes: 60 };
    const live = door === "rollout" ? target : null;
    const terms = { workload: WORKLOAD, door, stateMachineArn: machine(door), ...limits, live };
    const request = { cause: { ...cause, id }, target: terms.live };
    const { state } = await ledger.decide(WORKLOAD, door, (before) =>
      admit(before, request, terms, new Date("2026-01-04T02:00:00Z")),
    );
    const holder = state.holder!;
    const executionArn = `${machine(door).replace("stateMachine", "execution")}:${holder.execution}`;
    await ledger.decide(WORKLOAD, door, (before) => ({
      state: confirm(before, holder, executionArn),
      decision: null,
    }));
    return {
      executionArn,
      stateMachineArn: machine(door),
      name: holder.execution,
      status: "ABORTED",
      startDate: Date.parse("2026-01-04T02:00:01.250Z"),
      stopDate: Date.parse("2026-01-04T02:05:00Z"),
      input: JSON.stringify(
        door === "rollout" ? rolloutInput(WORKLOAD, holder) : retrainInput(WORKLOAD, holder, defaults),
      ),
    };
  };
  const holderOf = async (door: "retrain" | "rollout") =>
    (await ledger.readAdmission(WORKLOAD, door)).holder?.execution ?? null;
  return { table, telemetry, ledger, handle, run, holderOf };
}

describe("the end of an execution", () => {
  it("frees its lease, and its door's only", async () => {
    const { handle, run, holderOf, ledger, telemetry } = open();
    const retraining = await run("retrain", "e1");
    await run("rollout", "e1");
    expect(await handle({ ...retraining, status: "SUCCEEDED" })).toEqual({ released: true, recorded: false });
    expect([await holderOf("retrain"), await holderOf("rollout")]).toEqual([
      null,
      executionName(WORKLOAD, machine("rollout"), "e1"),
    ]);
    expect(await ledger.listHistory(WORKLOAD, { limit: 9 })).toEqual([]);
    expect(telemetry.lines).toEqual([
      [
        "execution ended",
        {
          workload: WORKLOAD,
          kind: "retrain",
          execution: retraining.name,
          status: "SUCCEEDED",
          released: true,
          recorded: false,
        },
      ],
    ]);
    expect(telemetry.counts).toEqual([]);
  });

  it("told twice, or after the next one has started, leaves the lease with its new holder", async () => {
    const { handle, run, holderOf } = open();
    const first = await run("retrain", "e1");
    expect(await handle(first)).toEqual({ released: true, recorded: true });
    const second = await run("retrain", "e2");
    expect(await handle(first)).toEqual({ released: false, recorded: false });
    expect(await holderOf("retrain")).toBe(second.name);
  });

  it("that its workflow couldn't tell goes into the history, with its cause", async () => {
    const { handle, run, ledger, telemetry } = open();
    const ended = await run("retrain", "e1");
    expect(await handle(ended)).toEqual({ released: true, recorded: true });
    const entry = {
      kind: "retraining",
      workload: WORKLOAD,
      execution: ended.name,
      executionArn: ended.executionArn,
      startedAt: "2026-01-04T02:00:01.250Z",
      endedAt: "2026-01-04T02:05:00.000Z",
      stage: null,
      cause,
      outcome: "aborted",
      summary: "The retraining was aborted; the champion stays. No reason was given.",
      version: null,
      approvalStatus: null,
      verdictUri: null,
      ...nothing,
    };
    expect(HistoryEntry.parse(entry)).toEqual(entry);
    expect(await ledger.listHistory(WORKLOAD, { limit: 9 })).toEqual([entry]);
    expect(telemetry.counts).toEqual([["ExecutionsInterrupted", { workload: WORKLOAD, kind: "retrain" }]]);
  });

  it("that its workflow has told keeps the workflow's words", async () => {
    const { handle, run, ledger } = open();
    const ended = await run("retrain", "e1");
    const told: HistoryEntry = {
      kind: "retraining",
      workload: WORKLOAD,
      execution: ended.name,
      executionArn: ended.executionArn,
      startedAt: "2026-01-04T02:00:01.250Z",
      endedAt: "2026-01-04T02:04:59Z",
      stage: "train",
      cause,
      outcome: "failed",
      summary: "The retraining failed at train.",
      version: null,
      approvalStatus: null,
      verdictUri: null,
      ...nothing,
    };
    await ledger.appendHistory(told);
    expect(await handle({ ...ended, status: "FAILED" })).toEqual({ released: true, recorded: false });
    expect(await ledger.listHistory(WORKLOAD, { limit: 9 })).toEqual([told]);
  });

  it.each([
    [
      "FAILED",
      { error: "States.DataLimitExceeded", cause: "too much" },
      "failed",
      "The retraining failed; the champion stays. States.DataLimitExceeded: too much",
    ],
    ["FAILED", {}, "failed", "The retraining failed; the champion stays. No reason was given."],
    ["TIMED_OUT", {}, "timed-out", "The retraining timed out; the champion stays. No reason was given."],
    [
      "ABORTED",
      { error: "Operator", cause: "wrong data" },
      "aborted",
      "The retraining was aborted; the champion stays. Operator: wrong data",
    ],
  ])("as %s with %j is the outcome %s", async (status, reason, outcome, summary) => {
    const { handle, run, ledger } = open();
    await handle({ ...(await run("retrain", "e1")), status, ...reason });
    expect(await ledger.listHistory(WORKLOAD, { limit: 9 })).toMatchObject([{ outcome, summary }]);
  });

  it.each([undefined, null, "{", '{"by":"hand"}'])(
    "is told without its cause where its input is %j",
    async (input) => {
      const { handle, run, ledger } = open();
      await handle({ ...(await run("rollout", "e1")), input });
      expect(await ledger.listHistory(WORKLOAD, { limit: 9 })).toMatchObject([
        {
          kind: "rollout",
          cause: null,
          from: 0,
          to: null,
          outcome: "aborted",
          summary:
            "The rollout was aborted before its model was in service for certain. No reason was given.",
        },
      ]);
    },
  );

  it("of a rollout that had moved the pointer already is told as in service", async () => {
    const { table, handle, run, ledger } = open();
    const ended = await run("rollout", "e1");
    const { input: _, ...withoutInput } = ended;
    const pointer: Pointer = {
      workload: WORKLOAD,
      ...target,
      modelName: ended.name,
      endpointConfigName: ended.name,
      movedAt: "2026-01-04T02:04:00Z",
      execution: ended.name,
      token: 1,
      previous: { version: 1, modelName: "m", endpointConfigName: "c" },
    };
    table.put({ pk: `workload#${WORKLOAD}`, sk: "pointer", ...pointer });
    await handle(withoutInput);
    expect(await ledger.listHistory(WORKLOAD, { limit: 9 })).toMatchObject([
      {
        outcome: "in-service",
        from: 1,
        to: 2,
        summary: "Version 2 went into service; then the rollout was aborted. No reason was given.",
      },
    ]);
  });

  it("of a rollout that left the pointer alone says what had been asked for", async () => {
    const { handle, run, ledger } = open();
    await handle({ ...(await run("rollout", "e1")), status: "TIMED_OUT" });
    expect(await ledger.listHistory(WORKLOAD, { limit: 9 })).toMatchObject([
      {
        outcome: "timed-out",
        cause,
        from: 0,
        to: 2,
        summary:
          "The rollout of version 2 timed out before its model was in service for certain. No reason was given.",
      },
    ]);
  });

  it("that was started by hand, past the door, is neither released nor recorded", async () => {
    const { handle, run, ledger, holderOf } = open();
    const ended = await run("retrain", "e1");
    expect(await handle({ ...ended, name: "by-hand" })).toEqual({ released: false, recorded: false });
    expect(await holderOf("retrain")).toBe(ended.name);
    expect(await ledger.listHistory(WORKLOAD, { limit: 9 })).toEqual([]);
  });

  it("of somebody else's state machine is an error", async () => {
    const { handle, run } = open();
    const ended = await run("retrain", "e1");
    const message = `given "${machine("other")}"; expected one of ${machine("retrain")}, ${machine("rollout")}`;
    await expect(handle({ ...ended, stateMachineArn: machine("other") })).rejects.toThrow(
      `event of release-lease is refused, 1 fault:\n  stateMachineArn: ${message}`,
    );
  });

  it("that isn't one is an error", async () => {
    const { handle, run } = open();
    const ended = await run("retrain", "e1");
    await expect(handle({ ...ended, status: "RUNNING", startDate: "today" })).rejects.toThrow(
      [
        "event of release-lease is refused, 2 faults:",
        '  status: given "RUNNING"; Invalid option: expected one of "SUCCEEDED"|"FAILED"|"TIMED_OUT"|"ABORTED"',
        '  startDate: given "today"; expected number, received string',
      ].join("\n"),
    );
  });
});
