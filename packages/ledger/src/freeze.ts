import type { FreezeTrigger, HistoryEntry } from "@perennial/contracts";
import { type AdmissionState, type Freeze, SEEN_IDS } from "./admission-state.ts";
import { executionName } from "./execution.ts";

/** A door's state after a freeze or its end was asked for; the same object where that is known already, or out of date. */
export function freeze(state: AdmissionState, { id, time, detail }: FreezeTrigger): AdmissionState {
  if (state.seen.includes(id)) return state;
  const seen = [...state.seen, id].slice(-SEEN_IDS);
  if (state.freeze !== null && Date.parse(state.freeze.at) > Date.parse(time)) return { ...state, seen };
  const { frozen: isFrozen, requestedBy: by, reason } = detail;
  const until = detail.frozen ? detail.until : time;
  return { ...state, seen, freeze: { isFrozen, by, reason, at: time, until } };
}

/** The freeze that holds now, or null. */
export function freezeAt({ freeze: word }: AdmissionState, now: Date): Freeze | null {
  return word !== null && word.isFrozen && now.getTime() < Date.parse(word.until) ? word : null;
}

/** The line of the history that a freeze makes. */
export function freezeEntry({ id, time, detail }: FreezeTrigger, stateMachineArn: string): HistoryEntry {
  const { workload, reason, requestedBy } = detail;
  const what = detail.frozen
    ? `Frozen until ${detail.until}: nothing but a rollback starts.`
    : "Unfrozen: what was held back goes on.";
  const asked = `Asked for by ${requestedBy}: ${reason}`;
  return {
    kind: "freeze",
    workload,
    execution: executionName(workload, stateMachineArn, id),
    cause: { kind: "freeze", id, time, reason, requestedBy, coalesced: 0 },
    startedAt: time,
    endedAt: time,
    summary: `${what} ${/[.!?]$/.test(asked) ? asked : `${asked}.`}`,
    outcome: detail.frozen ? "frozen" : "unfrozen",
    stage: null,
  };
}
