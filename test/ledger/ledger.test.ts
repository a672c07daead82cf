import type { HistoryEntry } from "@perennial/contracts";
import { EMPTY_ADMISSION, Ledger } from "@perennial/ledger";
import { describe, expect, it } from "vitest";
import { LedgerTable, named } from "../support/ledger-table.ts";

const WORKLOAD = "hospital-readmission";
const cause = {
  kind: "schedule" as const,
  id: "e1",
  time: "2026-01-04T02:00:00Z",
  reason: "the schedule",
  coalesced: 0,
};

function open() {
  const table = new LedgerTable();
  return { table, ledger: new Ledger(table, "ledger") };
}

function rollout(startedAt: string, endedAt: string, to: number, outcome = "in-service"): HistoryEntry {
  const execution = `${WORKLOAD}-${to.toString(16).padStart(12, "0")}`;
  return {
    kind: "rollout",
    workload: WORKLOAD,
    execution,
    executionArn: `arn:aws:states:eu-central-1:123456789012:execution:rollout:${execution}`,
    cause: { ...cause, kind: "approval" },
    startedAt,
    endedAt,
    summary: `Version ${to}.`,
    outcome: outcome as "in-service",
    stage: null,
    from: 0,
    to,
  };
}

describe("an admission item", () => {
  it("is empty before anybody came", async () => {
    const { ledger } = open();
    expect(await ledger.readAdmission(WORKLOAD, "retrain")).toEqual(EMPTY_ADMISSION);
  });

  it("counts its writes, one item a door", async () => {
    const { table, ledger } = open();
    const seen = (id: string) =>
      ledger.decide(WORKLOAD, "retrain", (state) => ({
        state: { ...state, seen: [...state.seen, id] },
        decision: id,
      }));
    await seen("a");
    expect(await seen("b")).toEqual({
      state: { ...EMPTY_ADMISSION, version: 2, seen: ["a", "b"] },
      decision: "b",
    });
    expect(table.contents).toEqual([
      {
        pk: "workload#hospital-readmission",
        sk: "admission#retrain",
        ...EMPTY_ADMISSION,
        version: 2,
        seen: ["a", "b"],
      },
    ]);
  });

  it("isn't written when the decision leaves it as it is", async () => {
    const { table, ledger } = open();
    await ledger.decide(WORKLOAD, "retrain", (state) => ({ state, decision: null }));
    expect(table.commands.map(({ name }) => name)).toEqual(["GetCommand"]);
  });

  it("is read and decided on again when somebody else wrote first", async () => {
    const { ledger } = open();
    const decided: number[] = [];
    const result = await ledger.decide(WORKLOAD, "retrain", async (state) => {
      decided.push(state.version);
      if (decided.length === 1) {
        await ledger.decide(WORKLOAD, "retrain", (other) => ({
          state: { ...other, seen: ["first"] },
          decision: null,
        }));
      }
      return { state: { ...state, seen: [...state.seen, "second"] }, decision: "mine" };
    });
    expect(decided).toEqual([0, 1]);
    expect(result).toEqual({
      state: { ...EMPTY_ADMISSION, version: 2, seen: ["first", "second"] },
      decision: "mine",
    });
  });

  it("is given up with a clear error when others are always first", async () => {
    const table = new LedgerTable();
    const waits: number[] = [];
    const pause = async (attempt: number) => void waits.push(attempt);
    const ledger = new Ledger(table, "ledger", { attempts: 3, pause });
    table.intercept = (name) => {
      if (name === "PutCommand")
        throw named("ConditionalCheckFailedException", "The conditional request failed");
    };
    const decision = ledger.decide(WORKLOAD, "retrain", (state) => ({ state: { ...state }, decision: null }));
    await expect(decision).rejects.toThrow(
      "ledger item workload#hospital-readmission / admission#retrain in table ledger was changed by others during each " +
        "of 3 attempts to decide on it; nothing was written. Send the event again, or let fewer run at once.",
    );
    expect(waits).toEqual([1, 2, 3]);
  });

  it("is refused when it isn't of its shape, naming item and faults", async () => {
    const { table, ledger } = open();
    const { seen: _, ...rest } = EMPTY_ADMISSION;
    table.put({
      pk: "workload#hospital-readmission",
      sk: "admission#retrain",
      ...rest,
      token: "7",
      owner: "me",
    });
    await expect(ledger.readAdmission(WORKLOAD, "retrain")).rejects.toThrow(
      [
        "ledger item workload#hospital-readmission / admission#retrain in table ledger is refused, 3 faults:",
        '  token: given "7"; expected number, received string',
        "  seen: given nothing; expected array, received undefined",
        "  owner: unknown key; remove it or correct its spelling",
      ].join("\n"),
    );
  });
});

describe("the history", () => {
  it("holds one line an execution: the first one stays", async () => {
    const { ledger } = open();
    const first = rollout("2026-01-04T02:00:00Z", "2026-01-04T02:10:00Z", 2);
    const second = { ...first, startedAt: "2026-01-04T02:00:00.000Z", summary: "Another telling." };
    expect(await ledger.appendHistory(first)).toEqual({ entry: first, appended: true });
    expect(await ledger.appendHistory(second)).toEqual({ entry: first, appended: false });
    expect(await ledger.listHistory(WORKLOAD, { limit: 10 })).toEqual([first]);
  });

  it("lists the newest first, over all pages, up to the limit and the time", async () => {
    const { ledger } = open();
    const starts = [1, 2, 3, 4, 5].map((day) => `2026-01-0${day}T02:00:00Z`);
    for (const [index, start] of starts.entries())
      await ledger.appendHistory(rollout(start, start, index + 1));
    const list = async (options: { limit: number; at?: string }) =>
      (await ledger.listHistory(WORKLOAD, options)).map((entry) =>
        entry.kind === "rollout" ? entry.to : null,
      );
    expect(await list({ limit: 10 })).toEqual([5, 4, 3, 2, 1]);
    expect(await list({ limit: 3 })).toEqual([5, 4, 3]);
    expect(await list({ limit: 10, at: "2026-01-03T02:00:00Z" })).toEqual([3, 2, 1]);
    expect(await list({ limit: 10, at: "2026-01-03T01:59:59.999Z" })).toEqual([2, 1]);
  });

  it("tells which version was live at a time, and what brought it", async () => {
    const { ledger } = open();
    const second = rollout("2026-01-04T02:00:00Z", "2026-01-04T02:10:00Z", 2);
    const kept = rollout("2026-01-05T02:00:00Z", "2026-01-05T02:10:00Z", 3, "kept");
    const back = rollout("2026-01-06T02:00:00Z", "2026-01-06T02:10:00Z", 1);
    for (const entry of [back, second, kept]) await ledger.appendHistory(entry);
    expect(await ledger.liveAt(WORKLOAD, "2026-01-04T02:09:59Z")).toEqual({ version: 0, entry: null });
    expect(await ledger.liveAt(WORKLOAD, "2026-01-04T02:10:00Z")).toEqual({ version: 2, entry: second });
    expect(await ledger.liveAt(WORKLOAD, "2026-01-06T02:05:00Z")).toEqual({ version: 2, entry: second });
    expect(await ledger.liveAt(WORKLOAD, "2026-02-01T00:00:00Z")).toEqual({ version: 1, entry: back });
  });
});

describe("the pointer", () => {
  it("is null before the first rollout, and then what the rollout wrote", async () => {
    const { table, ledger } = open();
    expect(await ledger.readPointer(WORKLOAD)).toBeNull();
    const pointer = {
      workload: WORKLOAD,
      version: 2,
      modelPackageArn: "arn:aws:sagemaker:eu-central-1:123456789012:model-package/g/2",
      modelDataUrl: "s3://artifacts/models/model.tar.gz",
      artifactSha256: "a".repeat(64),
      modelName: "hospital-readmission-000000000002",
      endpointConfigName: "hospital-readmission-000000000002",
      movedAt: "2026-01-04T02:10:00.123Z",
      execution: "hospital-readmission-000000000002",
      token: 1,
      previous: { version: 0, modelName: "baseline", endpointConfigName: "baseline" },
    };
    table.put({ pk: "workload#hospital-readmission", sk: "pointer", ...pointer });
    expect(await ledger.readPointer(WORKLOAD)).toEqual(pointer);
  });
});

describe("the trial", () => {
  it("is null while there is none, and then what the rollout wrote", async () => {
    const { table, ledger } = open();
    expect(await ledger.readTrial(WORKLOAD)).toBeNull();
    const trial = {
      workload: WORKLOAD,
      execution: "hospital-readmission-000000000003",
      kind: "experiment",
      share: 0.1,
      stickyBy: "patient_nbr",
      from: 2,
      to: 3,
      startedAt: "2026-01-04T02:10:00.123Z",
      token: 4,
    };
    table.put({ pk: "workload#hospital-readmission", sk: "trial", ...trial });
    expect(await ledger.readTrial(WORKLOAD)).toEqual(trial);
  });
});

describe("looks at a holdout", () => {
  it("are counted once per execution, each keeping its place", async () => {
    const { table, ledger } = open();
    const look = async (execution: string) =>
      (await ledger.countLook(WORKLOAD, "f".repeat(64), execution)).number;
    expect([await look("a"), await look("b"), await look("a"), await look("c"), await look("b")]).toEqual([
      1, 2, 1, 3, 2,
    ]);
    expect((await ledger.countLook(WORKLOAD, "e".repeat(64), "c")).number).toBe(1);
    expect(table.contents[0]).toEqual({
      pk: "workload#hospital-readmission",
      sk: `holdout#${"f".repeat(64)}`,
      executions: ["a", "b", "c"],
    });
  });
});
