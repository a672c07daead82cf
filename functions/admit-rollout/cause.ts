import type { Cause, RolloutTrigger } from "@perennial/contracts";

/** A trigger that asks for something: every kind but the sweep and a freeze. */
export type AskingTrigger = Exclude<RolloutTrigger, { kind: "re-entry" | "freeze" }>;

/** Why a rollout is asked for, in the words that lease, execution and history keep. */
export function causeOf(trigger: AskingTrigger): Cause {
  const { id, time } = trigger;
  if (trigger.kind === "approval") {
    const reason = `version ${trigger.version} was approved`;
    return { kind: "approval", id, time, reason, coalesced: 0 };
  }
  const { kind, reason, requestedBy } = trigger.detail;
  return { kind, id, time, reason, requestedBy, coalesced: 0 };
}
