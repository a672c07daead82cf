import { executionArn } from "@perennial/ledger";
import type { PlatformWorkload } from "../workload.ts";
import type { WorkflowKind } from "./stages.ts";

/** ARN of one of a workload's state machines. */
export const machineOf = (workload: PlatformWorkload, kind: WorkflowKind): string =>
  kind === "retrain" ? workload.retrainStateMachineArn : workload.rolloutStateMachineArn;

/** ARN of a workload's execution by its name. */
export const arnOf = (workload: PlatformWorkload, kind: WorkflowKind, execution: string): string =>
  executionArn(machineOf(workload, kind), execution);
