import { OutcomeReport } from "@perennial/contracts";
import { historyEntry } from "../../functions/record-outcome/history-entry.ts";
import { ApiError } from "../../local/gateway/interfaces.ts";
import { errorName, integrationOf } from "../../local/workflows/integrations.ts";
import type { Answer, Answers } from "./run-workflow.ts";

type Json = Record<string, unknown>;

const S3 = "s3://perennial-dev-123456789012-artifacts";
export const SHA = "a".repeat(64);

/** Throws an API's error. */
export const fails =
  (code: string, message = "no"): Answer =>
  () => {
    throw new ApiError(code, message);
  };

/** The job's description, with what `more` says of it. */
const job =
  (noun: string, more: Json = {}): Answer =>
  (input) => ({ [`${noun}Name`]: input[`${noun}Name`], [`${noun}Status`]: "Completed", ...more });

export const failedJob = (noun: string, reason: Json): Answer => {
  const describe = job(noun, { [`${noun}Status`]: "Failed", ...reason });
  return (input, attempt, at) =>
    `${noun}Name` in input && Object.keys(input).length === 1 ? describe(input, attempt, at) : {};
};

/** The real function's answer: the line that goes into the history. */
export const recordOutcome: Answer = (event, _attempt, at) =>
  historyEntry(OutcomeReport.parse(event), new Date(at));

/** Everything goes well and the challenger is better. */
export const RETRAIN_ANSWERS: Answers = {
  "sagemaker:CreateProcessingJob": () => ({}),
  "sagemaker:DescribeProcessingJob": job("ProcessingJob", { ExitMessage: `accepted ${SHA}` }),
  "sagemaker:StopProcessingJob": () => ({}),
  "sagemaker:CreateTrainingJob": () => ({}),
  "sagemaker:DescribeTrainingJob": job("TrainingJob", {
    ModelArtifacts: { S3ModelArtifacts: `${S3}/models/w/job/output/model.tar.gz` },
  }),
  "sagemaker:StopTrainingJob": () => ({}),
  "sagemaker:CreateHyperParameterTuningJob": () => ({}),
  "sagemaker:DescribeHyperParameterTuningJob": job("HyperParameterTuningJob", {
    BestTrainingJob: { TrainingJobName: "0a1b2c3d-0123456789ab-0-007-abcd" },
  }),
  "sagemaker:StopHyperParameterTuningJob": () => ({}),
  "lambda:accept-data": () => ({ snapshotSha256: SHA, snapshotUri: "s3://lake/snapshots/w/a/", entities: 3 }),
  "lambda:evaluate-model": () => ({
    evaluationUri: `${S3}/evaluations/w/e/evaluation.json`,
    auditUri: `${S3}/audits/w/e.json`,
    holdoutSha256: SHA,
  }),
  "lambda:judge-challenger": () => ({
    status: "better",
    reason: "AUC is 0.021 higher (0.012 to 0.030)",
    verdictUri: `${S3}/verdicts/w/e.json`,
  }),
  "lambda:write-card": () => ({ cardUri: `${S3}/cards/w/e/card.json` }),
  "lambda:register-model": () => ({
    modelPackageArn: "arn:aws:sagemaker:eu-central-1:123456789012:model-package/w/2",
    version: 2,
    approvalStatus: "Approved",
  }),
  "lambda:record-outcome": recordOutcome,
  "sns:Publish": () => ({ MessageId: "1" }),
};

/** Codes of errors that a service may answer with, among them those that pass. */
const CODES = [
  "AccessDeniedException",
  "InternalError",
  "InternalServerError",
  "KMSThrottling",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "ResourceConflictException",
  "ResourceLimitExceeded",
  "SdkClientException",
  "ServiceException",
  "ThrottlingException",
  "TooManyRequestsException",
];

/** The API's error code that Step Functions shows as `name` for a Task of this resource. */
export function codeOf(resource: string, name: string): string {
  const integration = integrationOf(resource)!;
  const code = CODES.find((candidate) => errorName(integration, candidate) === name);
  if (code === undefined)
    throw new Error(`no code for ${name}; add it to test/statemachines/service-answers.ts`);
  return code;
}
