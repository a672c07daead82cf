import { type AdmissionState, freezeAt } from "@perennial/ledger";

/** The freeze that holds, as it is shown. */
export interface Frozen {
  by: string;
  reason: string;
  until: string;
}

/** Reads it from a door's state; null where nothing holds back retrainings and rollouts. */
export function frozenOf(state: AdmissionState, now: Date): Frozen | null {
  const frozen = freezeAt(state, now);
  return frozen === null ? null : { by: frozen.by, reason: frozen.reason, until: frozen.until };
}
