import { readFileSync } from "node:fs";
import { join } from "node:path";
import type * as aws from "@pulumi/aws";
import type { Filling } from "../components/workflow/definition.ts";
import { Workflow, type WorkflowArgs } from "../components/workflow/workflow.ts";
import type { WorkflowKind } from "../naming.ts";
import type { Foundation } from "./foundation.ts";
import type { WorkflowSource } from "./serverless-rollout.ts";
import type { Stack } from "./stack.ts";

/** What differs for a workload. */
interface Differences {
  /**
   * File of the workflow, less its ending.
   *
   * @default the workflow's kind
   */
  file?: string;
  /** Changes what the file says. */
  adapt?: (source: WorkflowSource) => WorkflowSource;
}

/** Deploys one of a workload's workflows. */
export function deploy(
  { settings, names, opts }: Stack,
  { key, alerts }: Foundation,
  workload: string,
  kind: WorkflowKind,
  role: aws.iam.Role,
  fillings: WorkflowArgs["fillings"],
  granted: aws.iam.RolePolicy[],
  { file = kind, adapt = (source) => source }: Differences = {},
): Workflow {
  const definition = readFileSync(join(import.meta.dirname, `../../statemachines/${file}.asl.json`), "utf8");
  return new Workflow(
    `${workload}-${kind}`,
    {
      stateMachineName: names.stateMachine(workload, kind),
      ...adapt({ definition, fillings }),
      role,
      logGroupName: names.workflowLogGroup(workload, kind),
      logRetentionDays: settings.logRetentionDays,
      keyArn: key.keyArn,
      alertTopicArn: alerts.topicArn,
      tags: names.tags(workload),
    },
    // Step Functions tries the role's permissions out when it creates a state machine.
    { ...opts, dependsOn: granted },
  );
}

/** In the form of the services' APIs. */
export const tagList = (tags: Record<string, string>): Filling =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
