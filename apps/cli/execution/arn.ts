import { executionArn } from "@perennial/ledger";
import type { PlatformWorkload } from "../workload.ts";
import type { WorkflowKind } from "./stages.ts";

/** ARN of a workload's execution by its name. */
export function arnOf(workload: PlatformWorkload, kind: WorkflowKind, execution: string): string {
  const machine = kind === "retrain" ? workload.retrainStateMachineArn : workload.rolloutStateMachineArn;
  return executionArn(machine, execution);
}
