import type { AdmissionAnswer } from "@perennial/contracts";
import type { Holder } from "./admission-state.ts";
import type { Decision } from "./admit.ts";

export type AdmissionDecision = AdmissionAnswer["decisions"][number];

/** What became of the execution that a lease names. */
export type Start =
  /** It runs, started now or before. */
  | "running"
  /** It has ended already; the lease is free again. */
  | "ended"
  /** Its name was used up by another admission; the lease is free again. */
  | "name-used";

/** Decisions that a door takes without asking for an execution. */
export interface Declined {
  kind: "already-in-service" | "superseded" | "refused";
  reason: string;
}

/** How somebody came through a door, or didn't: the decision, and the execution that was started on the way. */
export interface Passage<Decided> {
  decision: Decided;
  started: { holder: Holder; start: Start } | null;
}

/** What an `admit-…` function answers about one passage: the decision, and a repair where one was made. */
export function answerOf(
  workload: string,
  { decision, started }: Passage<Decision | Declined>,
): AdmissionDecision[] {
  if (decision.kind === "started") {
    const { execution, cause } = decision.holder;
    if (started?.start === "running") {
      const joined = cause.coalesced === 0 ? "" : `, with ${cause.coalesced} more that had waited`;
      return [
        { workload, decision: "started", execution, reason: `${cause.kind}: ${cause.reason}${joined}` },
      ];
    }
    const reason = `trigger ${cause.id} already had its execution ${execution}`;
    return [{ workload, decision: "duplicate", execution: null, reason }];
  }
  const decided = { workload, decision: decision.kind, execution: null, reason: decision.reason };
  if (started?.start !== "running") return [decided];
  const { execution } = started.holder;
  const reason = "it held the lease and its start was not confirmed";
  return [decided, { workload, decision: "started", execution, reason }];
}

/**
 * Goes through the workloads one by one, the rest too where one fails.
 *
 * @throws the error of the one that failed, or an AggregateError of several.
 */
export async function forEachWorkload(
  workloads: readonly string[],
  enter: (workload: string) => Promise<AdmissionDecision[]>,
): Promise<AdmissionAnswer> {
  const decisions: AdmissionDecision[] = [];
  const errors: unknown[] = [];
  for (const workload of workloads) {
    try {
      decisions.push(...(await enter(workload)));
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 1) {
    throw new AggregateError(errors, `${errors.length} of ${workloads.length} workloads failed`);
  }
  // oxlint-disable-next-line typescript/only-throw-error -- It is thrown on as it was caught.
  if (errors.length === 1) throw errors[0];
  return { decisions };
}
