import { createHash } from "node:crypto";
import { Cause, RolloutTarget, type RetrainInput, type RolloutInput } from "@perennial/contracts";
import type { Holder } from "./admission-state.ts";
import type { Door } from "./keys.ts";

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

/** Input of the execution that `holder` names. */
export function executionInput(workload: string, door: Door, holder: Holder): RetrainInput | RolloutInput {
  const { execution, token } = holder;
  // Parsing puts the keys in the contract's order: Step Functions compares inputs as text, and DynamoDB keeps no order.
  const cause = Cause.parse(holder.cause);
  if (door === "retrain") return { workload, execution, cause, token };
  const target = RolloutTarget.parse(holder.target);
  return { workload, execution, cause, token, target };
}

/** ARN of an execution, by its state machine's: both have seven parts, and the sixth says which it is. */
export function executionArn(stateMachineArn: string, execution: string): string {
  return `${stateMachineArn.replace(":stateMachine:", ":execution:")}:${execution}`;
}
