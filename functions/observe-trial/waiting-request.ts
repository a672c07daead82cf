import { type AdmissionState, freezeAt } from "@perennial/ledger";

/**
 * Why people want the trial to end before it knows anything; null where nobody does. An approved challenger that waits is no
 * reason: it has its turn after this one.
 */
export function waitingRequest(admission: AdmissionState, now: Date): string | null {
  const { pending } = admission;
  const kind = pending?.cause.kind;
  if (pending !== null && (kind === "rollback" || kind === "promote")) {
    const { cause, target } = pending;
    const what = kind === "rollback" ? "a rollback" : "the promotion";
    const towards = target === null ? "" : ` ${kind === "rollback" ? "to" : "of"} version ${target.version}`;
    const by = cause.requestedBy === undefined ? "" : ` by ${cause.requestedBy}`;
    return `${what}${towards} was asked for${by} (${cause.reason})`;
  }
  const frozen = freezeAt(admission, now);
  return frozen === null ? null : `the workload was frozen by ${frozen.by} (${frozen.reason})`;
}
