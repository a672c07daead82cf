import { createHash } from "node:crypto";
import { Cause, RolloutTarget, type RetrainInput, type RolloutInput } from "@perennial/contracts";
import type { Holder } from "./admission-state.ts";

/**
 * The one execution of a state machine that this trigger can start: the same trigger gives the same name. Jobs, models and
 * configurations are named after it and share the account's names with those of other stacks; the machine's ARN tells stack
 * and door apart.
 */
export function executionName(workload: string, stateMachineArn: string, triggerId: string): string {
  const digest = createHash("sha256")
    .update(JSON.stringify([stateMachineArn, triggerId]))
    .digest("hex");
  return `${workload}-${digest.slice(0, 12)}`;
}

/** What a retraining does where its cause doesn't ask for anything else. */
export interface RetrainingDefaults {
  /** Where the newest source files lie, and the snapshots; with the final slash. */
  rawUri: string;
  snapshotsUri: string;
  /** Whether it searches for hyperparameters. */
  search: boolean;
}

// Parsing puts the keys in the contract's order: Step Functions compares inputs as text, and DynamoDB keeps no order.

/** Input of the retraining that `holder` names. */
export function retrainInput(workload: string, holder: Holder, defaults: RetrainingDefaults): RetrainInput {
  const { execution, token } = holder;
  const cause = Cause.parse(holder.cause);
  const { search = defaults.search, snapshot = null } = cause;
  const rawUri = snapshot === null ? defaults.rawUri : `${defaults.snapshotsUri}${snapshot}/`;
  return { workload, execution, cause, token, search, rawUri, snapshot };
}

/** Input of the rollout that `holder` names. */
export function rolloutInput(workload: string, holder: Holder): RolloutInput {
  const { execution, token } = holder;
  const target = RolloutTarget.parse(holder.target);
  return { workload, execution, cause: Cause.parse(holder.cause), token, target };
}

/** ARN of an execution, by its state machine's: both have seven parts, and the sixth says which it is. */
export function executionArn(stateMachineArn: string, execution: string): string {
  return `${stateMachineArn.replace(":stateMachine:", ":execution:")}:${execution}`;
}
