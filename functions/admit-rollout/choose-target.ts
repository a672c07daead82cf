import type { ApprovalStatus, Cause, Pointer, RolloutRequested, RolloutTarget } from "@perennial/contracts";
import type { AdmissionState, Declined, Request } from "@perennial/ledger";

/** A version that may go into service, as the registry holds it now. */
export interface Candidate {
  target: RolloutTarget;
  approvalStatus: ApprovalStatus;
  approvalDescription: string;
}

/** What a rollout is asked for against. */
export interface Situation {
  /** What is in service; null before the first rollout, while it is the program's baseline. */
  pointer: Pointer | null;
  baselineSha256: string;
  state: AdmissionState;
  now: Date;
}

export type Choice = { kind: "ask"; request: Request } | Declined;

const declined = (kind: Declined["kind"], reason: string): Declined => ({ kind, reason });

/**
 * Whether an approval leads to a rollout. Approvals move forward only: one that is older than what is in service or on its
 * way, or than what a person asked for since, comes late and is superseded.
 */
export function chooseForApproval(
  cause: Cause,
  { target, approvalStatus, approvalDescription }: Candidate,
  { pointer, baselineSha256, state, now }: Situation,
): Choice {
  const { version } = target;
  const live = pointer ?? { version: 0, artifactSha256: baselineSha256 };
  if (approvalStatus !== "Approved") {
    return declined("superseded", `version ${version} is ${approvalStatus} by now`);
  }
  if (target.artifactSha256 === live.artifactSha256) {
    return declined("already-in-service", `version ${version} is the model in service`);
  }
  if (version <= live.version) {
    return declined("superseded", `version ${live.version} is in service and newer than version ${version}`);
  }
  if (pointer !== null && version <= pointer.previous.version && isBefore(cause.time, pointer.movedAt)) {
    const move = `from version ${pointer.previous.version} back to version ${pointer.version} at ${pointer.movedAt}`;
    return declined("superseded", `the endpoint was moved ${move}, after version ${version} was approved`);
  }
  for (const other of [underWay(state, now), state.pending]) {
    if (other === null || other.target === null || other.cause.kind === "image") continue;
    const name = `the ${other.cause.kind} of version ${other.target.version}`;
    if (version <= other.target.version) {
      return declined("superseded", `${name} is on its way and as new as version ${version}`);
    }
    if (other.cause.kind !== "approval" && isBefore(cause.time, other.cause.time)) {
      return declined("superseded", `${name} was asked for after version ${version} was approved`);
    }
  }
  const reason = `version ${version} was approved: ${approvalDescription || "no reason given"}`;
  return { kind: "ask", request: { cause: { ...cause, reason }, target } };
}

/** Version that a request means, 0 for the baseline and null for "whatever is live when it starts", or why it means none. */
export function chooseVersion(
  { kind, version }: RolloutRequested,
  pointer: Pointer | null,
): { version: number | null } | Declined {
  switch (kind) {
    case "image":
      if (version === undefined) return { version: pointer === null ? 0 : null };
      return declined(
        "refused",
        `a changed image keeps the version in service; promote version ${version} instead`,
      );
    case "promote":
      if (version === undefined)
        return declined("refused", "a promotion needs the version to put in service");
      return { version };
    case "rollback": {
      if (version !== undefined) return { version };
      if (pointer === null)
        return declined("refused", "the baseline is in service and nothing was before it");
      const previous = pointer.previous.version;
      if (previous !== pointer.version) return { version: previous };
      return declined(
        "refused",
        `version ${previous} was in service before as well; name the version to go back to`,
      );
    }
  }
}

/** Whether a person's request leads to a rollout. A person may go back, but only to what is approved. */
export function chooseForRequest(
  cause: Cause,
  { target, approvalStatus, approvalDescription }: Candidate,
  { pointer, baselineSha256, state, now }: Situation,
): Choice {
  if (approvalStatus !== "Approved") {
    const status = `${approvalStatus} (${approvalDescription || "no reason given"})`;
    return declined(
      "refused",
      `version ${target.version} is ${status}; only an approved version goes into service`,
    );
  }
  // With something on its way, asking for what is live means: not the other one.
  const isQuiet = underWay(state, now) === null && state.pending === null;
  const isLive = target.artifactSha256 === (pointer?.artifactSha256 ?? baselineSha256);
  if (isLive && isQuiet && cause.kind !== "image") {
    const hint = "to bring it up anew, ask for a rollout of the image";
    return declined("already-in-service", `version ${target.version} is the model in service; ${hint}`);
  }
  return { kind: "ask", request: { cause, target } };
}

/** The baseline as a candidate: the first retraining registers it as version 1. */
export function asBaseline(first: Candidate | Declined, baselineSha256: string): Candidate | Declined {
  if ("kind" in first) return declined("refused", `the baseline is not registered yet: ${first.reason}`);
  if (first.target.artifactSha256 === baselineSha256) return first;
  return declined("refused", "version 1 is not the baseline that the program deployed; name a version");
}

/**
 * Looks again at what waits: a version that lost its approval meanwhile must not go into service. What was joined to it
 * goes on waiting, as a request to bring up anew what is live.
 */
export function withoutUnapproved(
  state: AdmissionState,
  found: Candidate | Declined,
  live: RolloutTarget | null,
): { state: AdmissionState; dropped: Declined[] } {
  const { pending } = state;
  if (pending === null || ("target" in found && found.approvalStatus === "Approved")) {
    return { state, dropped: [] };
  }
  const why =
    "target" in found ? `version ${found.target.version} is ${found.approvalStatus} by now` : found.reason;
  const reason = `what had waited is dropped: ${why}`;
  const cause = {
    ...pending.cause,
    kind: "image" as const,
    reason: `joined to a rollout that was dropped: ${why}`,
  };
  const isAlone = pending.count === 1 || live === null;
  const rest = isAlone ? null : { ...pending, cause, target: null, count: pending.count - 1 };
  return { state: { ...state, pending: rest }, dropped: [declined("superseded", reason)] };
}

/** The rollout that holds the lease. An expired one whose start was confirmed is no longer on its way. */
function underWay({ holder }: AdmissionState, now: Date): AdmissionState["holder"] {
  if (holder === null) return null;
  return holder.executionArn === null || now.getTime() < Date.parse(holder.expiresAt) ? holder : null;
}

const isBefore = (a: string, b: string): boolean => Date.parse(a) < Date.parse(b);
