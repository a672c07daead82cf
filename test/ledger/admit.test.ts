import type { Cause, RolloutTarget } from "@perennial/contracts";
import {
  type AdmissionState,
  admit,
  EMPTY_ADMISSION,
  executionName,
  release,
  type Request,
  type Terms,
} from "@perennial/ledger";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

const MINUTE = 60_000;
const WORKLOAD = "hospital-readmission";
const machine = (stack: string, workload: string, door: string) =>
  `arn:aws:states:eu-central-1:123456789012:stateMachine:perennial-${stack}-${workload}-${door}`;
const MACHINE = machine("dev", WORKLOAD, "retrain");
const terms: Terms = {
  workload: WORKLOAD,
  door: "retrain",
  stateMachineArn: MACHINE,
  coolDownMinutes: 60,
  dailyBudget: 3,
  leaseMinutes: 30,
  live: null,
};
const at = (time: string) => new Date(`2026-01-${time}Z`);
const cause = (id: string, time = "2026-01-04T02:00:00Z"): Cause => ({
  kind: "manual",
  id,
  time,
  reason: `because of ${id}`,
  coalesced: 0,
});
const ask = (id: string, time?: string): Request => ({ cause: cause(id, time), target: null });
const confirmed = (state: AdmissionState): AdmissionState => ({
  ...state,
  holder: state.holder && { ...state.holder, executionArn: "arn:aws:states:::execution:x" },
});

/** Admits one request after the other, each at its time, confirming every start. */
function pass(steps: [id: string | null, time: string][], from = EMPTY_ADMISSION) {
  let state = from;
  const decisions = steps.map(([id, time]) => {
    const now = at(time);
    const admission = admit(state, id === null ? null : ask(id, now.toISOString()), terms, now);
    state = confirmed(admission.state);
    return admission.decision;
  });
  return { state, decisions };
}

describe("a request that nothing stands against", () => {
  it("gets the lease, which names its execution before that is started", () => {
    const { state, decision } = admit(EMPTY_ADMISSION, ask("e1"), terms, at("04T02:00:05"));
    const holder = {
      execution: executionName(WORKLOAD, MACHINE, "e1"),
      executionArn: null,
      token: 1,
      cause: cause("e1"),
      target: null,
      acquiredAt: "2026-01-04T02:00:05.000Z",
      expiresAt: "2026-01-04T02:30:05.000Z",
    };
    expect(decision).toEqual({ kind: "started", holder });
    expect(state).toEqual({
      version: 0,
      token: 1,
      holder,
      lastStartedAt: "2026-01-04T02:00:05.000Z",
      day: "2026-01-04",
      startedToday: 1,
      pending: null,
      freeze: null,
      seen: ["e1"],
    });
  });

  it("gives its execution a name of its own, the same each time", () => {
    const names = [
      executionName(WORKLOAD, MACHINE, "e1"),
      executionName(WORKLOAD, machine("prod", WORKLOAD, "retrain"), "e1"),
      executionName(WORKLOAD, machine("dev", WORKLOAD, "rollout"), "e1"),
      executionName(WORKLOAD, MACHINE, "e2"),
      executionName("match-outcome", machine("dev", "match-outcome", "retrain"), "e1"),
    ];
    expect(names).toEqual([
      "hospital-readmission-efa9aa7d91c6",
      "hospital-readmission-d70937fd2d81",
      "hospital-readmission-f7be0596aa40",
      "hospital-readmission-d454494ff5b7",
      "match-outcome-d31691d26412",
    ]);
  });
});

describe("a duplicate", () => {
  it("changes nothing, whether its request was started or held back", () => {
    const { state } = pass([
      ["e1", "04T02:00:00"],
      ["e2", "04T02:01:00"],
    ]);
    for (const id of ["e1", "e2"]) {
      const again = admit(state, ask(id), terms, at("04T09:00:00"));
      expect(again.decision).toEqual({ kind: "duplicate", reason: `trigger ${id} was seen before` });
      expect(again.state).toBe(state);
    }
  });

  it("is recognised among the last 256 triggers", () => {
    const ids = Array.from({ length: 258 }, (_, index) => `e${index}`);
    const { state } = pass(ids.map((id) => [id, "04T02:00:00"]));
    expect(state.seen).toEqual(ids.slice(2));
    expect(state.pending?.count).toBe(257);
  });
});

describe("a request that is held back", () => {
  it("waits for the lease, with the reason", () => {
    const { state, decisions } = pass([
      ["e1", "04T02:00:00"],
      ["e2", "04T02:29:59"],
    ]);
    const { execution } = state.holder!;
    const until = "2026-01-04T02:30:00.000Z";
    const reason = `${execution} holds the lease until ${until} at most`;
    expect(decisions[1]).toEqual({ kind: "held", by: "lease", until, reason });
    expect(state.pending).toEqual({
      cause: cause("e2", "2026-01-04T02:29:59.000Z"),
      target: null,
      count: 1,
      firstAt: "2026-01-04T02:29:59.000Z",
      lastAt: "2026-01-04T02:29:59.000Z",
      reason,
      until,
    });
  });

  it("waits for the cool-down once the lease is free, and goes on when that ends", () => {
    const first = pass([
      ["e1", "04T02:00:00"],
      ["e2", "04T02:10:00"],
    ]);
    const free = release(first.state, first.state.holder!.execution);
    const { decisions, state } = pass(
      [
        [null, "04T02:59:59"],
        [null, "04T03:00:00"],
        [null, "04T03:00:01"],
      ],
      free,
    );
    expect(decisions.map(({ kind }) => kind)).toEqual(["held", "started", "nothing-pending"]);
    expect(decisions[0]).toEqual({
      kind: "held",
      by: "cool-down",
      until: "2026-01-04T03:00:00.000Z",
      reason: "the cool-down of 60 minutes since 2026-01-04T02:00:00.000Z ends at 2026-01-04T03:00:00.000Z",
    });
    expect(state.holder).toMatchObject({ execution: executionName(WORKLOAD, MACHINE, "e2"), token: 2 });
  });

  it("waits for the next day (UTC) when the budget is spent", () => {
    let { state } = pass([["e1", "04T10:00:00"]]);
    for (const [id, time] of [
      ["e2", "04T12:00:00"],
      ["e3", "04T14:00:00"],
      ["e4", "04T22:00:00"],
    ] as const) {
      ({ state } = pass([[id, time]], release(state, state.holder?.execution ?? "")));
    }
    expect(state.pending).toMatchObject({
      cause: { id: "e4" },
      until: "2026-01-05T00:00:00.000Z",
      reason:
        "the budget of 3 a day is spent for 2026-01-04; the next day starts at 2026-01-05T00:00:00.000Z",
    });
    const { decisions, state: next } = pass(
      [
        [null, "04T23:59:59"],
        [null, "05T00:00:00"],
      ],
      state,
    );
    expect(decisions.map(({ kind }) => kind)).toEqual(["held", "started"]);
    expect(next).toMatchObject({ day: "2026-01-05", startedToday: 1, pending: null });
  });

  it("keeps the wishes of the last one that had any, whoever stands for all", () => {
    const wish = (id: string, time: string, wishes: Partial<Cause>): Request => ({
      cause: { ...cause(id, time), ...wishes },
      target: null,
    });
    const snapshot = "a".repeat(64);
    const arrivals = [
      wish("a", "2026-01-04T02:01:00Z", { search: true, snapshot }),
      wish("b", "2026-01-04T02:02:00Z", { search: false }),
      wish("c", "2026-01-04T02:03:00Z", {}),
    ];
    const held = confirmed(admit(EMPTY_ADMISSION, ask("first"), terms, at("04T02:00:00")).state);
    const { pending } = arrivals.reduce(
      (state, request) => admit(state, request, terms, at("04T02:05:00")).state,
      held,
    );
    expect(pending?.cause).toEqual({ ...cause("c", "2026-01-04T02:03:00Z"), search: false });
  });

  it("is joined with what already waits: the latest by its own time stands for all, whatever order they come in", () => {
    const { state } = pass([["e1", "04T02:00:00"]]);
    const arrivals = [
      ask("b", "2026-01-04T02:02:00Z"),
      ask("c", "2026-01-04T02:03:00Z"),
      ask("a", "2026-01-04T02:01:00Z"),
    ];
    const joined = arrivals.reduce(
      (before, request) => admit(before, request, terms, at("04T02:05:00")).state,
      state,
    );
    expect(joined.pending).toMatchObject({
      cause: { id: "c", coalesced: 0 },
      count: 3,
      firstAt: "2026-01-04T02:01:00Z",
      lastAt: "2026-01-04T02:03:00Z",
    });
    const free = release(joined, joined.holder!.execution);
    const { decision } = admit(free, ask("d", "2026-01-04T02:00:30Z"), terms, at("04T04:00:00"));
    expect(decision).toMatchObject({ kind: "started", holder: { cause: { id: "c", coalesced: 3 } } });
  });

  it("isn't written anew by a sweep that finds nothing changed", () => {
    const { state } = pass([
      ["e1", "04T02:00:00"],
      ["e2", "04T02:10:00"],
    ]);
    expect(admit(state, null, terms, at("04T02:15:00")).state).toBe(state);
  });
});

describe("a lease", () => {
  it("is taken over once it has expired, under a greater token", () => {
    const { state } = pass([["e1", "04T02:00:00"]]);
    const patient = { ...terms, coolDownMinutes: 0 };
    const held = admit(state, ask("e2"), patient, at("04T02:29:59.999"));
    expect(held.decision.kind).toBe("held");
    const taken = admit(state, ask("e2"), patient, at("04T02:30:00"));
    expect(taken.decision).toMatchObject({ kind: "started", holder: { token: 2 } });
  });

  it("is renewed, not given away, while its execution was never confirmed", () => {
    const { state } = admit(EMPTY_ADMISSION, ask("e1"), terms, at("04T02:00:00"));
    const { state: later, decision } = admit(state, ask("e2"), terms, at("04T09:00:00"));
    expect(decision).toMatchObject({ kind: "held", by: "lease" });
    expect(later.holder).toEqual({ ...state.holder, expiresAt: "2026-01-04T09:30:00.000Z" });
  });

  it("doesn't close the door for years when it was stamped by a clock that ran ahead", () => {
    const { state } = pass([["e1", "04T02:00:00"]]);
    const ahead = { ...release(state, state.holder!.execution), lastStartedAt: "2031-01-01T00:00:00Z" };
    expect(admit(ahead, ask("e2"), terms, at("04T04:00:00")).decision.kind).toBe("started");
  });
});

describe("at the rollout door", () => {
  const target = (version: number): RolloutTarget => ({
    version,
    modelPackageArn: `arn:aws:sagemaker:eu-central-1:123456789012:model-package/g/${version}`,
    modelDataUrl: `s3://artifacts/${version}/model.tar.gz`,
    artifactSha256: String(version).repeat(64).slice(0, 64),
  });
  const rollout: Terms = {
    ...terms,
    door: "rollout",
    coolDownMinutes: 0,
    dailyBudget: Infinity,
    live: target(3),
  };
  const request = (kind: Cause["kind"], version: number | null, minute: number): Request => ({
    cause: { ...cause(`${kind}-${version}-${minute}`, `2026-01-04T02:0${minute}:00Z`), kind },
    target: version === null ? null : target(version),
  });
  const next = (...requests: Request[]) => {
    const busy = confirmed(
      admit(EMPTY_ADMISSION, request("promote", 3, 0), rollout, at("04T02:00:00")).state,
    );
    const held = requests.reduce((state, one) => admit(state, one, rollout, at("04T02:09:00")).state, busy);
    const { decision } = admit(release(held, held.holder!.execution), null, rollout, at("04T02:10:00"));
    if (decision.kind !== "started") throw new Error(`expected a start, got ${decision.kind}`);
    return {
      kind: decision.holder.cause.kind,
      version: decision.holder.target?.version,
      coalesced: decision.holder.cause.coalesced,
    };
  };

  it("the newer of two approvals goes on, though it comes first", () => {
    expect(next(request("approval", 5, 2), request("approval", 4, 3))).toEqual({
      kind: "approval",
      version: 5,
      coalesced: 1,
    });
  });

  it("what was asked for last goes on, though it comes first", () => {
    expect(next(request("rollback", 2, 4), request("approval", 4, 3))).toEqual({
      kind: "rollback",
      version: 2,
      coalesced: 1,
    });
  });

  it("a changed image never displaces a version, and alone brings up what is live then", () => {
    expect(next(request("approval", 4, 2), request("image", null, 3))).toEqual({
      kind: "approval",
      version: 4,
      coalesced: 1,
    });
    expect(next(request("image", null, 3), request("approval", 4, 2))).toEqual({
      kind: "approval",
      version: 4,
      coalesced: 1,
    });
    expect(next(request("image", null, 1), request("image", null, 3))).toEqual({
      kind: "image",
      version: 3,
      coalesced: 1,
    });
  });
});

/** Delivers events in order of arrival with a sweep every 15 minutes; executions end after `minutes`, or never do. */
function simulate(events: { minute: number; id: string }[], minutes: (execution: string) => number | null) {
  const start = at("04T00:00:00").getTime();
  const starts: { at: number; execution: string; token: number; requests: number }[] = [];
  let state = EMPTY_ADMISSION;
  const lastMinute = Math.max(...events.map(({ minute }) => minute)) + 10 * 24 * 60;
  const inOrder = events.toSorted((a, b) => a.minute - b.minute);
  let next = 0;
  for (let minute = 0; minute <= lastMinute; minute++) {
    const now = new Date(start + minute * MINUTE);
    const holder = state.holder;
    if (holder !== null) {
      const length = minutes(holder.execution);
      const age = (now.getTime() - Date.parse(holder.acquiredAt)) / MINUTE;
      if (length !== null && age >= length) state = release(state, holder.execution);
    }
    const arrivals: (Request | null)[] = minute % 15 === 0 ? [null] : [];
    for (; inOrder[next]?.minute === minute; next++) arrivals.push(ask(inOrder[next]!.id, now.toISOString()));
    for (const request of arrivals) {
      const { state: after, decision } = admit(state, request, terms, now);
      if (decision.kind === "started") {
        starts.push({
          at: now.getTime(),
          execution: decision.holder.execution,
          token: decision.holder.token,
          requests: decision.holder.cause.coalesced + 1,
        });
      }
      state = confirmed(after);
    }
  }
  return { state, starts };
}

function expectLimits(starts: { at: number; execution: string; token: number }[]) {
  const gaps = starts.slice(1).map(({ at }, index) => (at - starts[index]!.at) / MINUTE);
  expect(gaps.filter((gap) => gap < terms.coolDownMinutes)).toEqual([]);
  const days = Map.groupBy(starts, ({ at }) => new Date(at).toISOString().slice(0, 10));
  expect([...days].filter(([, { length }]) => length > terms.dailyBudget)).toEqual([]);
  expect(new Set(starts.map(({ execution }) => execution)).size).toBe(starts.length);
  expect(starts.map(({ token }) => token)).toEqual(starts.map((_, index) => index + 1));
}

const length = (execution: string): number | null => {
  const seed = Number.parseInt(execution.slice(-4), 16);
  return seed % 7 === 0 ? null : 1 + (seed % 40); // Some never report their end: their lease has to expire.
};

describe("1,000 shuffled triggers over several days", () => {
  const event = (ids: number) =>
    fc.record({
      minute: fc.integer({ min: 0, max: 5 * 24 * 60 }),
      id: fc.integer({ min: 0, max: ids }).map(String),
    });

  it("start at most what budget and cool-down allow, and each is answered by exactly one start", () => {
    fc.assert(
      fc.property(fc.array(event(249), { minLength: 1000, maxLength: 1000 }), (events) => {
        const { state, starts } = simulate(events, length);
        expectLimits(starts);
        expect(state.pending).toBeNull();
        const requests = starts.reduce((sum, { requests }) => sum + requests, 0);
        expect(requests).toBe(new Set(events.map(({ id }) => id)).size);
      }),
      { numRuns: 20, seed: 7 },
    );
  });

  it("keep to the limits and lose none, even when there are more of them than ids are remembered", () => {
    fc.assert(
      fc.property(fc.array(event(5000), { minLength: 1000, maxLength: 1000 }), (events) => {
        const { state, starts } = simulate(events, length);
        const gaps = starts.slice(1).map(({ at }, index) => (at - starts[index]!.at) / MINUTE);
        expect(gaps.filter((gap) => gap < terms.coolDownMinutes)).toEqual([]);
        expect(state.pending).toBeNull();
        const requests = starts.reduce((sum, { requests }) => sum + requests, 0);
        expect(requests).toBeGreaterThanOrEqual(new Set(events.map(({ id }) => id)).size);
      }),
      { numRuns: 5, seed: 7 },
    );
  });
});
