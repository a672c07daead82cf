import type { Filling } from "../components/workflow/definition.ts";
import type { WorkflowArgs } from "../components/workflow/workflow.ts";

/** A workflow as its file says it, with what its tokens are filled with. */
export type WorkflowSource = Pick<WorkflowArgs, "definition" | "fillings">;

interface Task {
  Parameters: Record<string, Filling>;
}

/** Tokens of the rollout that say what only a fleet of instances has. */
const OF_INSTANCES = [
  "BlueGreenUpdatePolicy",
  "InstanceType",
  "InstanceCount",
  "CaptureUri",
  "CapturePercent",
];

/**
 * The rollout of a serverless endpoint: as of one with instances, without what SageMaker refuses there. That is capture,
 * traffic that moves by degrees, alarms that undo an update, and properties of instances to keep. It moves all at once, and
 * it is verification that goes back.
 * https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
 */
export function serverlessRollout(
  { definition, fillings }: WorkflowSource,
  { memoryMiB, maxConcurrency }: { memoryMiB: number; maxConcurrency: number },
): WorkflowSource {
  const workflow = JSON.parse(definition) as { States: Record<string, Task> };
  const parametersOf = (state: string): Record<string, Filling> => {
    const parameters = workflow.States[state]?.Parameters;
    if (parameters === undefined) throw new Error(`the rollout has no task ${state} with parameters`);
    return parameters;
  };
  const configuration = parametersOf("CreateEndpointConfig");
  delete configuration["DataCaptureConfig"];
  configuration["ProductionVariants"] = [
    {
      VariantName: "primary",
      "ModelName.$": "$.execution",
      InitialVariantWeight: 1,
      ServerlessConfig: { MemorySizeInMB: memoryMiB, MaxConcurrency: maxConcurrency },
    },
  ];
  for (const state of ["UpdateEndpoint", "RollBack"]) {
    const update = parametersOf(state);
    delete update["DeploymentConfig"];
    delete update["RetainAllVariantProperties"];
  }
  const kept = Object.entries(fillings).filter(([token]) => !OF_INSTANCES.includes(token));
  return {
    definition: JSON.stringify(workflow),
    fillings: { ...Object.fromEntries(kept), VpcConfig: null, IsIsolated: false },
  };
}
