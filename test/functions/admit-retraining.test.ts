import { type AdmissionAnswer, RetrainInput } from "@perennial/contracts";
import { Entrance, executionName, Ledger } from "@perennial/ledger";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createHandler } from "../../functions/admit-retraining/handler.ts";
import { createHandler as createReleaseLease } from "../../functions/release-lease/handler.ts";
import { Executions } from "../support/executions.ts";
import { LedgerTable, named } from "../support/ledger-table.ts";
import { RecordedTelemetry } from "../support/telemetry.ts";

const WORKLOAD = "hospital-readmission";
const MACHINE =
  "arn:aws:states:eu-central-1:123456789012:stateMachine:perennial-dev-hospital-readmission-retrain";
const MINUTE = 60_000;
const defaults = {
  rawUri: `s3://lake/raw/${WORKLOAD}/`,
  snapshotsUri: `s3://lake/snapshots/${WORKLOAD}/`,
  search: false,
};
const limits = { coolDownMinutes: 60, dailyBudget: 3, leaseMinutes: 120 };

function open() {
  const table = new LedgerTable();
  const executions = new Executions();
  const telemetry = new RecordedTelemetry();
  const ledger = new Ledger(table, "ledger");
  const clock = { now: Date.parse("2026-01-04T02:00:00Z") };
  const admit = createHandler({
    entrance: new Entrance(ledger, executions),
    telemetry,
    workloads: { [WORKLOAD]: { stateMachineArn: MACHINE, ...limits, ...defaults } },
    clock: () => new Date(clock.now),
  });
  const releaseLease = createReleaseLease({
    ledger,
    telemetry,
    stateMachines: { [MACHINE]: { workload: WORKLOAD, kind: "retrain" } },
  });
  const end = async (execution: string) => {
    executions.end(execution);
    const executionArn = `${MACHINE.replace("stateMachine", "execution")}:${execution}`;
    await releaseLease({
      executionArn,
      stateMachineArn: MACHINE,
      name: execution,
      status: "SUCCEEDED",
      startDate: clock.now,
      stopDate: clock.now,
    });
  };
  const later = (minutes: number) => void (clock.now += minutes * MINUTE);
  return { table, executions, telemetry, ledger, clock, admit, end, later };
}

const schedule = (id: string, time = "2026-01-04T02:00:00Z") => ({
  kind: "schedule",
  id,
  time,
  workload: WORKLOAD,
});
const manual = (id: string, wishes: object) => ({
  kind: "manual",
  id,
  time: "2026-01-04T02:00:00Z",
  detail: { stack: "dev", workload: WORKLOAD, reason: "new data", requestedBy: "ada", ...wishes },
});
const sweep = (id: string) => ({ kind: "re-entry", id, time: "2026-01-04T02:15:00Z" });
const nameOf = (id: string) => executionName(WORKLOAD, MACHINE, id);
const inShort = ({ decisions }: AdmissionAnswer) =>
  decisions.map(({ decision, execution }) => [decision, execution]);

describe("a trigger", () => {
  it("starts one execution, with the input that the contract says, and confirms it in the lease", async () => {
    const { table, executions, telemetry, admit } = open();
    const drift = { ...schedule("e1"), kind: "drift", reason: "3 of 24 inputs drifted" };
    const execution = nameOf("e1");
    expect(await admit(drift)).toEqual({
      decisions: [
        { workload: WORKLOAD, decision: "started", execution, reason: "drift: 3 of 24 inputs drifted" },
      ],
    });
    const cause = { kind: "drift", id: "e1", time: drift.time, reason: drift.reason, coalesced: 0 };
    const { rawUri, search } = defaults;
    const input = { workload: WORKLOAD, execution, cause, token: 1, search, rawUri, snapshot: null };
    expect(RetrainInput.parse(input)).toEqual(input);
    expect(executions.started).toEqual([
      {
        executionArn: `arn:aws:states:eu-central-1:123456789012:execution:perennial-dev-hospital-readmission-retrain:${execution}`,
        name: execution,
        input: JSON.stringify(input),
        status: "RUNNING",
      },
    ]);
    expect(table.contents).toMatchObject([
      { version: 2, holder: { executionArn: executions.started[0]!.executionArn } },
    ]);
    expect(telemetry.lines).toEqual([
      ["decided", { trigger: "e1", workload: WORKLOAD, decision: "started", execution }],
    ]);
    expect(telemetry.counts).toEqual([["AdmissionDecisions", { workload: WORKLOAD, decision: "started" }]]);
  });

  it("says who asked, when a person did", async () => {
    const { executions, admit } = open();
    await admit(manual("e1", {}));
    expect(JSON.parse(executions.started[0]!.input).cause).toEqual({
      kind: "manual",
      id: "e1",
      time: "2026-01-04T02:00:00Z",
      reason: "new data",
      requestedBy: "ada",
      coalesced: 0,
    });
  });

  it("searches and takes a snapshot where the request wishes for it", async () => {
    const { executions, admit } = open();
    const snapshot = "a".repeat(64);
    await admit(manual("e1", { search: true, snapshot }));
    expect(JSON.parse(executions.started[0]!.input)).toMatchObject({
      cause: { search: true, snapshot },
      search: true,
      rawUri: `s3://lake/snapshots/${WORKLOAD}/${snapshot}/`,
      snapshot,
    });
  });

  it("is held behind another one, and goes on with the sweep", async () => {
    const { executions, admit, end, later } = open();
    await admit(schedule("e1"));
    later(5);
    expect(await admit(schedule("e2"))).toEqual({
      decisions: [
        {
          workload: WORKLOAD,
          decision: "held",
          execution: null,
          reason: `${nameOf("e1")} holds the lease until 2026-01-04T04:00:00.000Z at most`,
        },
      ],
    });
    await end(nameOf("e1"));
    later(10);
    expect(inShort(await admit(sweep("s1")))).toEqual([["held", null]]);
    later(45);
    expect(inShort(await admit(sweep("s2")))).toEqual([["started", nameOf("e2")]]);
    expect(inShort(await admit(sweep("s3")))).toEqual([["nothing-pending", null]]);
    expect(executions.started.map(({ name }) => name)).toEqual([nameOf("e1"), nameOf("e2")]);
  });

  it.each([
    [
      { ...schedule("e1"), workload: "churn" },
      'event of admit-retraining is refused, 1 fault:\n  workload: given "churn"; expected one of hospital-readmission',
    ],
    [
      { ...schedule("e1"), workload: "constructor" },
      'event of admit-retraining is refused, 1 fault:\n  workload: given "constructor"; expected one of hospital-readmission',
    ],
    [
      { kind: "schedule", id: 7, time: "yesterday", workload: WORKLOAD, force: true },
      [
        "event of admit-retraining is refused, 3 faults:",
        "  id: given 7; expected string, received number",
        '  time: given "yesterday"; expected a UTC time such as 2026-01-31T02:00:00Z',
        "  force: unknown key; remove it or correct its spelling",
      ].join("\n"),
    ],
  ])("that can't be one is refused before anything is read: %j", async (event, message) => {
    const { table, admit } = open();
    await expect(admit(event)).rejects.toThrow(message);
    expect(table.commands).toEqual([]);
  });
});

describe("a crash", () => {
  it("between lease and start is repaired by the next trigger, with the same name and input", async () => {
    const { executions, admit } = open();
    executions.before = () => {
      throw named("ServiceUnavailable", "gone");
    };
    await expect(admit(schedule("e1"))).rejects.toThrow("gone");
    expect(executions.started).toEqual([]);
    executions.before = () => {};
    expect(inShort(await admit(schedule("e2")))).toEqual([
      ["held", null],
      ["started", nameOf("e1")],
    ]);
    expect(executions.started.map(({ name, input }) => [name, JSON.parse(input).token])).toEqual([
      [nameOf("e1"), 1],
    ]);
  });

  it("between lease and start is repaired by the sweep, though the lease has expired", async () => {
    const { executions, admit, later } = open();
    executions.before = () => {
      throw named("ServiceUnavailable", "gone");
    };
    await expect(admit(schedule("e1"))).rejects.toThrow("gone");
    executions.before = () => {};
    later(600);
    expect(inShort(await admit(sweep("s1")))).toEqual([
      ["nothing-pending", null],
      ["started", nameOf("e1")],
    ]);
    expect(inShort(await admit(schedule("e2")))).toEqual([["held", null]]);
  });

  it("between start and confirmation starts nothing twice", async () => {
    const { table, executions, admit } = open();
    executions.after = () => {
      throw named("TimeoutError", "no answer");
    };
    await expect(admit(schedule("e1"))).rejects.toThrow("no answer");
    executions.after = () => {};
    expect(inShort(await admit(schedule("e1")))).toEqual([
      ["duplicate", null],
      ["started", nameOf("e1")],
    ]);
    expect(executions.started.map(({ name }) => name)).toEqual([nameOf("e1")]);
    expect(table.contents).toMatchObject([{ holder: { executionArn: executions.started[0]!.executionArn } }]);
  });

  it("whose execution runs with the same token in other words is confirmed, not started again", async () => {
    const { table, executions, admit } = open();
    executions.after = () => {
      throw named("TimeoutError", "no answer");
    };
    await expect(admit(schedule("e1"))).rejects.toThrow("no answer");
    executions.after = () => {};
    const [execution] = executions.started;
    execution!.input = JSON.stringify(JSON.parse(execution!.input), null, 2);
    expect(inShort(await admit(sweep("s1")))).toEqual([
      ["nothing-pending", null],
      ["started", nameOf("e1")],
    ]);
    expect(executions.started).toHaveLength(1);
    expect(table.contents).toMatchObject([{ holder: { executionArn: execution!.executionArn } }]);
  });

  it("that lasts until the execution has ended frees its lease", async () => {
    const { table, executions, admit } = open();
    executions.after = () => {
      throw named("TimeoutError", "no answer");
    };
    await expect(admit(schedule("e1"))).rejects.toThrow("no answer");
    executions.after = () => {};
    executions.end(nameOf("e1"));
    expect(inShort(await admit(sweep("s1")))).toEqual([["nothing-pending", null]]);
    expect(table.contents).toMatchObject([{ holder: null }]);
  });
});

describe("a duplicate from before the ids that are remembered", () => {
  it("starts nothing, frees the lease, and loses nothing of what was joined to it", async () => {
    const { table, executions, admit, end, later } = open();
    await admit(schedule("old"));
    await end(nameOf("old"));
    const forget = async () => {
      const item = table.contents[0]!;
      table.put({ ...item, seen: [] });
    };
    await forget();
    later(120);
    expect(await admit(schedule("old"))).toEqual({
      decisions: [
        {
          workload: WORKLOAD,
          decision: "duplicate",
          execution: null,
          reason: `trigger old already had its execution ${nameOf("old")}`,
        },
      ],
    });
    expect(table.contents).toMatchObject([{ holder: null, pending: null }]);

    await forget();
    later(1);
    expect(inShort(await admit(schedule("other", "2026-01-04T01:00:00Z")))).toEqual([["held", null]]);
    expect(inShort(await admit(schedule("old", "2026-01-04T03:00:00Z")))).toEqual([["held", null]]);
    later(60);
    await admit(sweep("s1"));
    expect(table.contents).toMatchObject([{ holder: null, pending: { count: 1, cause: { id: "old~3" } } }]);
    // The three admissions of this day stay counted, though two of them started nothing.
    later(24 * 60);
    expect(inShort(await admit(sweep("s2")))).toEqual([["started", nameOf("old~3")]]);
    expect(executions.started.map(({ name }) => name)).toEqual([nameOf("old"), nameOf("old~3")]);
  });
});

describe("the sweep", () => {
  it("goes on to the other workloads when one fails, and then fails", async () => {
    const table = new LedgerTable();
    const executions = new Executions();
    const ledger = new Ledger(table, "ledger");
    const machine = (workload: string) => ({
      stateMachineArn: `${MACHINE}-${workload}`,
      ...limits,
      ...defaults,
    });
    const admit = createHandler({
      entrance: new Entrance(ledger, executions),
      telemetry: new RecordedTelemetry(),
      workloads: { first: machine("first"), second: machine("second"), third: machine("third") },
      clock: () => new Date("2026-01-04T02:00:00Z"),
    });
    const asked: unknown[] = [];
    table.intercept = (_, input) => {
      const { pk } = input["Key"] as { pk: string };
      asked.push(pk);
      if (pk !== "workload#second") throw named("ThrottlingException", `no more of ${pk}`);
    };
    await expect(admit(sweep("s1"))).rejects.toThrow("2 of 3 workloads failed");
    expect(asked).toEqual(["workload#first", "workload#second", "workload#third"]);
    table.intercept = (_, input) => {
      if ((input["Key"] as { pk: string }).pk === "workload#third")
        throw named("ThrottlingException", "too much");
    };
    await expect(admit(sweep("s1"))).rejects.toThrow("too much");
  });
});

describe("1,000 shuffled deliveries of 250 triggers, to handlers that race, crash and are throttled", () => {
  it("start at most what budget and cool-down allow, one at a time, and none is lost", async () => {
    const distinct = Array.from({ length: 250 }, (_, index) => `e${index}`);
    const thousand = [...distinct, ...distinct, ...distinct, ...distinct];
    const [order] = fc.sample(fc.shuffledSubarray(thousand, { minLength: 1000, maxLength: 1000 }), {
      seed: 7,
      numRuns: 1,
    });
    const { table, executions, admit, end, later, clock } = open();
    // Every 11th call fails before it is made, every 13th start after it.
    let calls = 0;
    const failSometimes = (every: number) => () => {
      if (++calls % every === 0) throw named("ThrottlingException", "Rate exceeded");
    };
    table.intercept = failSometimes(11);
    executions.before = failSometimes(11);
    executions.after = failSometimes(13);

    const startedAt = new Map<string, number>();
    let most = 0;
    const observe = () => {
      most = Math.max(most, executions.running.length);
      for (const { name } of executions.started) if (!startedAt.has(name)) startedAt.set(name, clock.now);
    };
    /** Lambda delivers an event again when its function failed. */
    const deliver = async (event: object): Promise<void> => {
      for (let attempt = 0; attempt < 50; attempt++) {
        try {
          await admit(event);
          return;
        } catch (error) {
          if (!["ThrottlingException", "LedgerContended"].includes((error as Error).name)) throw error;
        }
      }
      throw new Error("An event found no way in 50 attempts.");
    };
    const endRunning = async () => {
      for (const { name } of executions.running) {
        for (;;) {
          const done = await end(name).then(
            () => true,
            () => false,
          );
          if (done) break;
        }
      }
    };

    for (let first = 0; first < order!.length; first += 10) {
      await Promise.all(order!.slice(first, first + 10).map((id) => deliver(schedule(id))));
      observe();
      later(60);
      if (first % 20 === 0) await endRunning();
    }
    for (let quarter = 0; quarter < 4 * 24 * 3; quarter++) {
      await deliver(sweep(`s${quarter}`));
      observe();
      await endRunning();
      later(15);
    }

    expect(most).toBe(1);
    const times = [...startedAt.values()];
    const gaps = times.slice(1).map((time, index) => (time - times[index]!) / MINUTE);
    expect(gaps.filter((gap) => gap < limits.coolDownMinutes)).toEqual([]);
    const days = Map.groupBy(times, (time) => new Date(time).toISOString().slice(0, 10));
    expect([...days.values()].filter(({ length }) => length > limits.dailyBudget)).toEqual([]);
    expect(days.size).toBeGreaterThan(2);
    const answered = executions.started.reduce(
      (sum, { input }) => sum + JSON.parse(input).cause.coalesced + 1,
      0,
    );
    expect(answered).toBe(distinct.length);
    expect(table.contents).toMatchObject([{ pending: null, holder: null }]);
    const tokens = executions.started.map(({ input }) => JSON.parse(input).token);
    expect(tokens).toEqual(tokens.map((_, index) => index + 1));
  });
});

describe("a freeze", () => {
  const freezing = (id: string, time: string, word: object) => ({
    kind: "freeze",
    id,
    time,
    detail: { stack: "dev", workload: WORKLOAD, reason: "audit", requestedBy: "ada", ...word },
  });

  it("keeps what is asked for until it is lifted, and starts it then", async () => {
    const { admit, later, ledger } = open();
    const freeze = freezing("f1", "2026-01-04T01:00:00Z", { frozen: true, until: "2026-02-01T00:00:00Z" });
    expect(inShort(await admit(freeze))).toEqual([["nothing-pending", null]]);
    expect(inShort(await admit(schedule("e1")))).toEqual([["held", null]]);
    expect(inShort(await admit(sweep("s1")))).toEqual([["held", null]]);
    later(10);
    const lift = freezing("f2", "2026-01-04T02:10:00Z", { frozen: false });
    expect(inShort(await admit(lift))).toEqual([["started", nameOf("e1")]]);
    expect((await ledger.readAdmission(WORKLOAD, "retrain")).freeze).toMatchObject({ isFrozen: false });
  });

  it("without its end is refused", async () => {
    const { admit } = open();
    await expect(admit(freezing("f1", "2026-01-04T01:00:00Z", { frozen: true }))).rejects.toThrow(
      "detail.until: given nothing",
    );
  });
});
