import { type Filling, tokensOf } from "../components/workflow/definition.ts";
import type { WorkflowArgs } from "../components/workflow/workflow.ts";

/** A workflow as its file says it, with what its tokens are filled with. */
export type WorkflowSource = Pick<WorkflowArgs, "definition" | "fillings">;

interface State {
  Next?: string;
  Parameters?: Record<string, Filling>;
}

/** States that ask whether the account may run a second fleet, and where the workflow goes without them. */
const CAPACITY = { states: ["CheckCapacity", "IsQuotaTooSmall", "CheckCapacityFailed"], next: "CreateModel" };

/**
 * The rollout of a serverless endpoint: as of one with instances, without what SageMaker refuses there or doesn't have. That
 * is a quota of instances, capture, traffic that moves by degrees, alarms that undo an update, and properties of instances
 * to keep. It moves all at once, and it is verification that goes back.
 * https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
 */
export function serverlessRollout(
  { definition, fillings }: WorkflowSource,
  { memoryMiB, maxConcurrency }: { memoryMiB: number; maxConcurrency: number },
): WorkflowSource {
  const workflow = JSON.parse(definition) as { States: Record<string, State> };
  const parametersOf = (state: string): Record<string, Filling> => {
    const parameters = workflow.States[state]?.Parameters;
    if (parameters === undefined) throw new Error(`the rollout has no task ${state} with parameters`);
    return parameters;
  };
  for (const state of CAPACITY.states) delete workflow.States[state];
  for (const state of Object.values(workflow.States)) {
    if (CAPACITY.states.includes(state.Next ?? "")) state.Next = CAPACITY.next;
  }
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
  const adapted = JSON.stringify(workflow);
  // Of capture and policies nothing is left to fill.
  const tokens = tokensOf(adapted);
  const kept = Object.entries(fillings).filter(([token]) => tokens.includes(token));
  return {
    definition: adapted,
    fillings: { ...Object.fromEntries(kept), VpcConfig: null, IsIsolated: false },
  };
}
