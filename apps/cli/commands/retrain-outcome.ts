import type { HistoryEntry } from "@perennial/contracts";

/** What became of a request for a retraining. */
export interface Outcome {
  workload: string;
  eventId: string;
  /** Null while it waits, and where nobody followed it. */
  execution: string | null;
  held: { reason: string; until: string } | null;
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
