import type { FreezeTrigger, RetrainingTrigger } from "@perennial/contracts";
import type { Request } from "@perennial/ledger";

/** A trigger that asks for something: every kind but the sweep and a freeze. */
export type AskingTrigger = Exclude<RetrainingTrigger, { kind: "re-entry" | "freeze" }>;

/** Whom a trigger asks for. The rule of a request by hand has held its stack against this one's. */
export const workloadOf = (trigger: AskingTrigger | FreezeTrigger): string =>
  trigger.kind === "manual" || trigger.kind === "freeze" ? trigger.detail.workload : trigger.workload;

/** What a trigger asks for, in the words that lease, execution and history keep. */
export function toRequest(trigger: AskingTrigger): Request {
  const { kind, id, time } = trigger;
  const known = { kind, id, time, coalesced: 0 };
  switch (trigger.kind) {
    case "schedule":
      return { cause: { ...known, reason: "the schedule" }, target: null };
    case "drift":
      return { cause: { ...known, reason: trigger.reason }, target: null };
    case "manual": {
      const { stack: _stack, workload: _workload, ...asked } = trigger.detail;
      return { cause: { ...known, ...asked }, target: null };
    }
  }
}
