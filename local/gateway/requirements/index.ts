import type { Identity, Requirement } from "../../identity/identity.ts";
import {
  requirementsOfCloudWatch,
  requirementsOfEcr,
  requirementsOfEvents,
  requirementsOfLambda,
  requirementsOfLogs,
  requirementsOfStates,
} from "./control.ts";
import {
  requirementsOfKms,
  requirementsOfSecrets,
  requirementsOfSns,
  requirementsOfSqs,
  requirementsOfSsm,
} from "./data.ts";
import { requirementsOfDynamodb } from "./dynamodb.ts";
import { text, type Question } from "./question.ts";
import { requirementsOfS3 } from "./s3.ts";
import { requirementsOfSageMaker } from "./sagemaker.ts";

const BY_SERVICE: Record<string, (question: Question) => Requirement[]> = {
  dynamodb: requirementsOfDynamodb,
  ecr: requirementsOfEcr,
  events: requirementsOfEvents,
  kms: requirementsOfKms,
  lambda: requirementsOfLambda,
  logs: requirementsOfLogs,
  // One permission for the whole of MLflow's API.
  mlflow: ({ action, input }) => [
    { action: `sagemaker:${action}`, resource: text(input, "AppArn") ?? "*", context: {} },
  ],
  monitoring: requirementsOfCloudWatch,
  "runtime.sagemaker": requirementsOfSageMaker,
  s3: ({ action, input, identity }) => requirementsOfS3({ action, input }, identity),
  sagemaker: requirementsOfSageMaker,
  secretsmanager: requirementsOfSecrets,
  sns: requirementsOfSns,
  sqs: requirementsOfSqs,
  ssm: requirementsOfSsm,
  states: requirementsOfStates,
};

/** Everything that a call must be allowed: the action itself, and what the service does in the caller's name. */
export function requirementsOf(
  service: string,
  action: string,
  input: Record<string, unknown>,
  identity: Identity,
): Requirement[] {
  const derive = BY_SERVICE[service];
  if (derive === undefined) return [{ action: `${service}:${action}`, resource: "*", context: {} }];
  return derive({ action, input, identity });
}
