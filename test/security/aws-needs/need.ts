import { FUNCTIONS, type FunctionName } from "@perennial/contracts";
import type { Naming } from "../../../infra/naming.ts";
import type { Call } from "../account.ts";

/** Something that has to be allowed on AWS although no call of a local run that goes well shows it. */
export interface Need {
  by: Call["by"];
  /** Each of them is needed on each of the resources. */
  actions: string[];
  resources: string[];
  context?: Call["context"];
  /** Why no local call shows it. */
  why: string;
  /** Page of AWS's documentation that states the need, or the file of this repository that makes the call. */
  source: string;
}

/** What the table is about: a stack with one workload. */
export interface Subject {
  names: Naming;
  accountId: string;
  region: string;
  workload: string;
  keyArn: string;
  /** Of the REST API, as requests to it are named: `arn:aws:execute-api:…`. */
  apiArn: string;
  /** Networks that jobs and endpoints join; absent where they run in SageMaker's own. */
  network?: { subnetIds: string[]; securityGroupIds: string[] };
}

const DOCS = "https://docs.aws.amazon.com";
/** Where AWS states a need. */
export const SOURCE = {
  keyAdministration: `${DOCS}/kms/latest/developerguide/kms-api-permissions-reference.html`,
  tableKey: `${DOCS}/amazondynamodb/latest/developerguide/encryption.usagenotes.html`,
  repositoryKey: `${DOCS}/AmazonECR/latest/userguide/encryption-at-rest.html`,
  logKey: `${DOCS}/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html`,
  queueKey: `${DOCS}/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html`,
  topicKey: `${DOCS}/sns/latest/dg/sns-key-management.html`,
  alarmTopic: `${DOCS}/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html`,
  trackingApp: `${DOCS}/sagemaker/latest/dg/mlflow-app-setup-prerequisites-iam.html`,
  ruleTargets: `${DOCS}/eventbridge/latest/userguide/eb-use-resource-based.html`,
  ruleDeadLetters: `${DOCS}/eventbridge/latest/userguide/eb-rule-dlq.html`,
  functionRole: `${DOCS}/lambda/latest/dg/lambda-intro-execution-role.html`,
  functionDestination: `${DOCS}/lambda/latest/dg/invocation-async-retain-records.html`,
  sageMakerTrust: `${DOCS}/sagemaker/latest/dg/security-confused-deputy-prevention.html`,
  sageMakerRoles: `${DOCS}/sagemaker/latest/dg/sagemaker-roles.html`,
  checkpoints: `${DOCS}/sagemaker/latest/dg/model-checkpoints.html`,
  apiLogs: `${DOCS}/apigateway/latest/developerguide/set-up-logging.html`,
  apiFunctions: `${DOCS}/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html`,
  workflowTrust: `${DOCS}/step-functions/latest/dg/procedure-create-iam-role.html`,
  workflowJobs: `${DOCS}/step-functions/latest/dg/sagemaker-iam.html`,
  workflowLogs: `${DOCS}/step-functions/latest/dg/cw-logs.html`,
} as const;

/** The functions of a stack whose HTTP API takes keys, and which tries nothing in service. */
export const FUNCTION_NAMES = (Object.keys(FUNCTIONS) as FunctionName[]).filter(
  (name) => name !== "authorize-request" && name !== "observe-trial",
);
/** Functions that events reach, each with a queue for what failed for good. */
export const LISTENERS = ["admit-retraining", "admit-rollout", "release-lease"] as const;

/** Actions of a service, by their names joined with spaces. */
export const of = (service: string, names: string): string[] =>
  names.split(" ").map((name) => `${service}:${name}`);

/** The service that uses the key in a caller's name. */
export const via = (service: string, { region }: Subject): Call["context"] => ({
  "kms:ViaService": `${service}.${region}.amazonaws.com`,
});

/** What a service says about whom it acts for. */
export const onBehalfOf = (sourceArn: string, { accountId }: Subject): Call["context"] => ({
  "aws:SourceAccount": accountId,
  "aws:SourceArn": sourceArn,
});

/** Name of some execution of the workload. */
export const someExecution = ({ names, workload }: Subject): string =>
  names.anyExecution(workload).replaceAll("?", "0");
