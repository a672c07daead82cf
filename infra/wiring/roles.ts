import type * as aws from "@pulumi/aws";
import { ServiceRole } from "../components/identity/service-role.ts";
import type { WorkflowKind } from "../naming.ts";
import type { Stack } from "./stack.ts";

/** Role that SageMaker assumes for the jobs or the endpoint of a workload. */
export function sageMakerRole(
  { names, settings, opts }: Stack,
  workload: string,
  purpose: "processing" | "training" | "serving",
): aws.iam.Role {
  const { role } = new ServiceRole(
    `${workload}-${purpose}`,
    {
      roleName: names.ofWorkload(workload, purpose),
      description: `SageMaker ${purpose} of ${workload}`,
      service: "sagemaker.amazonaws.com",
      accountId: settings.accountId,
      // SageMaker names jobs, models or endpoints of the region here, depending on what it is doing.
      sourceArn: names.arn("sagemaker", "*"),
      tags: names.tags(workload),
    },
    opts,
  );
  return role;
}

/** Role that Step Functions assumes for one of a workload's workflows. */
export function workflowRole(
  { names, settings, opts }: Stack,
  workload: string,
  kind: WorkflowKind,
): aws.iam.Role {
  const { role } = new ServiceRole(
    `${workload}-${kind}`,
    {
      roleName: names.ofWorkload(workload, kind),
      description: `Workflow ${kind} of ${workload}`,
      service: "states.amazonaws.com",
      accountId: settings.accountId,
      sourceArn: names.arn("states", `stateMachine:${names.stateMachine(workload, kind)}`),
      tags: names.tags(workload),
    },
    opts,
  );
  return role;
}
