import type { Cause, RolloutTarget } from "@perennial/contracts";
import { type AdmissionState, type Holder, type Pending, SEEN_IDS } from "./admission-state.ts";
import { executionName } from "./execution.ts";
import { freezeAt } from "./freeze.ts";
import type { Door } from "./keys.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Somebody asks for an execution. */
export interface Request {
  /** `id` is the trigger's own: by it a duplicate is recognised and the execution named. */
  cause: Cause;
  /** What to roll out; null for a retraining, and for "whatever is live when it starts". */
  target: RolloutTarget | null;
}

/** The rules of one door. */
export interface Terms {
  workload: string;
  door: Door;
  /** What the door leads to; executions are named by it. */
  stateMachineArn: string;
  /** Least time between two starts. */
  coolDownMinutes: number;
  /** Most starts in a day (UTC); Infinity where nothing limits them. */
  dailyBudget: number;
  /** How long a lease holds. It must outlive its execution's own time limit. */
  leaseMinutes: number;
  /** What a request without a target rolls out; null at the retraining door. */
  live: RolloutTarget | null;
}

export type Decision =
  | { kind: "started"; holder: Holder }
  | { kind: "held"; by: "lease" | "cool-down" | "budget" | "freeze"; until: string; reason: string }
  | { kind: "duplicate"; reason: string }
  | { kind: "nothing-pending"; reason: string };

export interface Admission<Decided = Decision> {
  state: AdmissionState;
  decision: Decided;
}

/**
 * Decides about one request, or looks again at what was held back (`request` is null). A request is started, joined to
 * those that wait, or recognised as a duplicate: never lost. The state comes back as the same object where nothing
 * changed. A holder without an execution ARN is the caller's to start, whatever was decided.
 */
export function admit(before: AdmissionState, request: Request | null, terms: Terms, now: Date): Admission {
  const state = renew(before, terms.leaseMinutes, now);
  if (request !== null && state.seen.includes(request.cause.id)) {
    return { state, decision: { kind: "duplicate", reason: `trigger ${request.cause.id} was seen before` } };
  }
  const waiting = join(state.pending, request);
  if (waiting === null) return { state, decision: { kind: "nothing-pending", reason: "nothing waits" } };

  const seen = request === null ? state.seen : [...state.seen, request.cause.id].slice(-SEEN_IDS);
  const hold = holdBack(state, waiting.cause, terms, now);
  if (hold !== null) {
    const { reason, until } = hold;
    const isKnown = request === null && state.pending?.reason === reason && state.pending.until === until;
    const pending = { ...waiting, reason, until };
    return { state: isKnown ? state : { ...state, seen, pending }, decision: { kind: "held", ...hold } };
  }

  const target = waiting.target ?? terms.live;
  if (terms.door === "rollout" && target === null) {
    throw new Error(`${waiting.cause.kind} ${waiting.cause.id} asks for a rollout without saying of what`);
  }
  const token = state.token + 1;
  const holder: Holder = {
    execution: executionName(terms.workload, terms.stateMachineArn, waiting.cause.id),
    executionArn: null,
    token,
    cause: { ...waiting.cause, coalesced: waiting.count - 1 },
    target,
    acquiredAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + terms.leaseMinutes * MINUTE).toISOString(),
  };
  const day = dayOf(now);
  return {
    state: {
      ...state,
      token,
      holder,
      lastStartedAt: now.toISOString(),
      day,
      startedToday: (state.day === day ? state.startedToday : 0) + 1,
      pending: null,
      seen,
    },
    decision: { kind: "started", holder },
  };
}

/**
 * A lease whose execution was never confirmed isn't given away when it expires but renewed: its request would be lost, or
 * run unleased if it did start.
 */
export function renew(state: AdmissionState, leaseMinutes: number, now: Date): AdmissionState {
  const { holder } = state;
  if (holder === null || holder.executionArn !== null || now.getTime() < Date.parse(holder.expiresAt)) {
    return state;
  }
  const expiresAt = new Date(now.getTime() + leaseMinutes * MINUTE).toISOString();
  return { ...state, holder: { ...holder, expiresAt } };
}

/** The first rule that keeps a request from starting now, or null. */
function holdBack(
  state: AdmissionState,
  cause: Cause,
  { coolDownMinutes, dailyBudget }: Terms,
  now: Date,
): { by: "lease" | "cool-down" | "budget" | "freeze"; until: string; reason: string } | null {
  const { holder, lastStartedAt, day, startedToday } = state;
  const frozen = freezeAt(state, now);
  // A freeze must never stand between a person and the way back.
  if (frozen !== null && cause.kind !== "rollback") {
    const { by, until, reason } = frozen;
    return { by: "freeze", until, reason: `frozen by ${by} until ${until} (${reason})` };
  }
  if (holder !== null && now.getTime() < Date.parse(holder.expiresAt)) {
    const until = holder.expiresAt;
    return { by: "lease", until, reason: `${holder.execution} holds the lease until ${until} at most` };
  }
  if (lastStartedAt !== null) {
    const last = Date.parse(lastStartedAt);
    // Both ways: a start stamped by a clock that ran far ahead must not close the door until then.
    if (Math.abs(now.getTime() - last) < coolDownMinutes * MINUTE) {
      const until = new Date(last + coolDownMinutes * MINUTE).toISOString();
      const reason = `the cool-down of ${coolDownMinutes} minutes since ${lastStartedAt} ends at ${until}`;
      return { by: "cool-down", until, reason };
    }
  }
  if (day === dayOf(now) && startedToday >= dailyBudget) {
    const until = new Date(Date.parse(day) + DAY).toISOString();
    const reason = `the budget of ${dailyBudget} a day is spent for ${day}; the next day starts at ${until}`;
    return { by: "budget", until, reason };
  }
  return null;
}

const dayOf = (now: Date): string => now.toISOString().slice(0, 10);

function join(pending: Pending | null, request: Request | null): Omit<Pending, "reason" | "until"> | null {
  if (request === null) return pending;
  const { time } = request.cause;
  if (pending === null) return { ...request, count: 1, firstAt: time, lastAt: time };
  const [firstAt, , lastAt] = [pending.firstAt, time, pending.lastAt].toSorted(byTime);
  const { cause, target } = prevailing(pending, request);
  return {
    cause: { ...withoutWishes(cause), ...latestWishes(pending.cause, request.cause) },
    target,
    count: pending.count + 1,
    firstAt: firstAt ?? time,
    lastAt: lastAt ?? time,
  };
}

/** Which of two requests stands for both. Events may arrive in any order, so their own times decide. */
function prevailing(known: Request, coming: Request): Request {
  // Bringing up what is live anew is also served by rolling out a version, never the other way round.
  if ((known.cause.kind === "image") !== (coming.cause.kind === "image")) {
    return pick(known.cause.kind === "image" ? coming : known);
  }
  const areApprovals = known.cause.kind === "approval" && coming.cause.kind === "approval";
  if (areApprovals && known.target?.version !== coming.target?.version) {
    return pick((known.target?.version ?? 0) > (coming.target?.version ?? 0) ? known : coming);
  }
  return pick(byTime(known.cause.time, coming.cause.time) > 0 ? known : coming);
}

const withoutWishes = ({ search: _search, snapshot: _snapshot, ...cause }: Cause): Cause => cause;

/** What the last request that wished for something wished for: its wishes belong together. */
function latestWishes(known: Cause, coming: Cause): Pick<Cause, "search" | "snapshot"> {
  const hasWishes = coming.search !== undefined || coming.snapshot !== undefined;
  const { search, snapshot } = hasWishes ? coming : known;
  return { ...(search === undefined ? {} : { search }), ...(snapshot === undefined ? {} : { snapshot }) };
}

const pick = ({ cause, target }: Request): Request => ({ cause, target });
const byTime = (a: string, b: string): number => Date.parse(a) - Date.parse(b);
