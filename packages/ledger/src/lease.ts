import type { AdmissionState, Holder } from "./admission-state.ts";

/** Writes down that the holder's execution runs. The same state where the lease has another holder by now. */
export function confirm(state: AdmissionState, holder: Holder, executionArn: string): AdmissionState {
  if (!isHeldBy(state, holder) || state.holder?.executionArn === executionArn) return state;
  return {
    ...state,
    holder: { ...holder, executionArn, expiresAt: state.holder?.expiresAt ?? holder.expiresAt },
  };
}

/** Frees the lease that `execution` holds. The same state where it doesn't hold it, or no longer. */
export function release(state: AdmissionState, execution: string): AdmissionState {
  return state.holder?.execution === execution ? { ...state, holder: null } : state;
}

/**
 * Takes back an admission whose execution name was used up long ago: the trigger is a duplicate from before the ids that
 * are still known. What had been joined to it goes on waiting under a name of its own; start and budget stay counted.
 */
export function withdraw(state: AdmissionState, holder: Holder): AdmissionState {
  if (!isHeldBy(state, holder)) return state;
  const { cause, target, token, acquiredAt } = holder;
  if (cause.coalesced === 0) return { ...state, holder: null };
  const { pending } = state;
  const joined = {
    cause: { ...cause, id: `${cause.id}~${token}`, coalesced: 0 },
    target,
    count: cause.coalesced,
    firstAt: cause.time,
    lastAt: cause.time,
    reason: `${holder.execution} ran before for the same trigger; the requests joined to it wait for another`,
    until: acquiredAt,
  };
  const kept = pending === null ? joined : { ...pending, count: pending.count + joined.count };
  return { ...state, holder: null, pending: kept };
}

const isHeldBy = (state: AdmissionState, { execution, token }: Holder): boolean =>
  state.holder?.execution === execution && state.holder.token === token;
