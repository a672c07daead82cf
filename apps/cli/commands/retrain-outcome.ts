import type { HistoryEntry } from "@perennial/contracts";
import type { Decided } from "../execution/follow-request.ts";

/** What became of a request for a retraining. */
export interface Outcome extends Decided {
  workload: string;
  eventId: string;
  retraining: HistoryEntry | null;
  rollout: HistoryEntry | null;
}

/** One object that says first what a script asks first. */
export function outcomeJson(outcome: Outcome): Record<string, unknown> {
  const { retraining, rollout } = outcome;
  return {
    workload: outcome.workload,
    eventId: outcome.eventId,
    execution: outcome.execution,
    held: outcome.held,
    verdict: retraining?.outcome ?? null,
    version: retraining?.kind === "retraining" ? retraining.version : null,
    isInService: rollout === null ? null : rollout.outcome === "in-service",
    retraining,
    rollout,
  };
}
