import { ApiError } from "../gateway/interfaces.ts";
import { TaskError } from "./errors.ts";

/** Which API a Task's resource calls, and how Step Functions names that API's errors. */
export interface Integration {
  /** Signing name, as the gateway knows the service. */
  service: string;
  action: string;
  /** How the answer comes back: as the API's answer, after a job has ended, or a function's payload alone. */
  answer: "response" | "job" | "payload";
  /** Prefix of error names: `SageMaker`. */
  prefix: string;
  /** Name of an error that the API's model doesn't list (access denied, throttling, validation). */
  generic: string;
}

/** Optimized integrations: prefix and generic error come from the first Java SDK. */
const OPTIMIZED: Record<string, { service: string; prefix: string; generic: string }> = {
  lambda: { service: "lambda", prefix: "Lambda", generic: "AWSLambdaException" },
  sagemaker: { service: "sagemaker", prefix: "SageMaker", generic: "AmazonSageMakerException" },
  dynamodb: { service: "dynamodb", prefix: "DynamoDB", generic: "AmazonDynamoDBException" },
  sns: { service: "sns", prefix: "SNS", generic: "AmazonSNSException" },
  sqs: { service: "sqs", prefix: "SQS", generic: "AmazonSQSException" },
  events: { service: "events", prefix: "EventBridge", generic: "AmazonEventBridgeException" },
};

/** AWS SDK integrations: prefix and generic error come from the second Java SDK. */
const AWS_SDK: Record<string, { service: string; prefix: string }> = {
  cloudwatch: { service: "monitoring", prefix: "CloudWatch" },
  cloudwatchlogs: { service: "logs", prefix: "CloudWatchLogs" },
  dynamodb: { service: "dynamodb", prefix: "DynamoDb" },
  eventbridge: { service: "events", prefix: "EventBridge" },
  lambda: { service: "lambda", prefix: "Lambda" },
  s3: { service: "s3", prefix: "S3" },
  sagemaker: { service: "sagemaker", prefix: "SageMaker" },
  sagemakerruntime: { service: "runtime.sagemaker", prefix: "SageMakerRuntime" },
  sfn: { service: "states", prefix: "Sfn" },
  sns: { service: "sns", prefix: "Sns" },
  sqs: { service: "sqs", prefix: "Sqs" },
  ssm: { service: "ssm", prefix: "Ssm" },
};

const JOBS = new Set([
  "createTrainingJob",
  "createHyperParameterTuningJob",
  "createProcessingJob",
  "createTransformJob",
]);

/** Errors that no service's model lists; the SDK then throws the service's own base exception. */
const UNMODELLED = new Set([
  "AccessDenied",
  "AccessDeniedException",
  "AuthorizationError",
  "InternalFailure",
  "ServiceUnavailable",
  "Throttling",
  "UnknownOperationException",
  "UnrecognizedClientException",
  "ValidationError",
  "ValidationException",
]);

/** Services whose model lists `ThrottlingException`; elsewhere it is the base exception. */
const MODELS_THROTTLING = new Set(["dynamodb"]);

export function integrationOf(resource: string): Integration | null {
  if (/^arn:aws:lambda:[^:]+:\d+:function:/.test(resource)) {
    return {
      service: "lambda",
      action: "Invoke",
      answer: "payload",
      prefix: "Lambda",
      generic: "AWSLambdaException",
    };
  }
  const [, sdk, service, action, suffix] =
    /^arn:aws:states:::(aws-sdk:)?([a-z0-9]+):([A-Za-z0-9]+)(\..+)?$/.exec(resource) ?? [];
  if (service === undefined || action === undefined) return null;
  const operation = action.charAt(0).toUpperCase() + action.slice(1);
  if (sdk !== undefined) {
    const known = AWS_SDK[service];
    if (known === undefined || suffix !== undefined) return null;
    return { ...known, action: operation, answer: "response", generic: `${known.prefix}Exception` };
  }
  const known = OPTIMIZED[service];
  if (known === undefined) return null;
  if (suffix === undefined) return { ...known, action: operation, answer: "response" };
  if (suffix === ".sync" && service === "sagemaker" && JOBS.has(action)) {
    return { ...known, action: operation, answer: "job" };
  }
  return null;
}

export const isEmulated = (resource: string): boolean => integrationOf(resource) !== null;

export const unmapped = (resource: string): string =>
  `the resource ${resource} has no counterpart here; add it to local/workflows/integrations.ts`;

/** The name under which Step Functions shows an API's error to Retry and Catch. */
export function errorName({ service, prefix, generic }: Integration, code: string): string {
  const isModelled =
    !UNMODELLED.has(code) && (code !== "ThrottlingException" || MODELS_THROTTLING.has(service));
  if (!isModelled) return `${prefix}.${generic}`;
  // DynamoDB models two errors under names without the ending.
  const isNamedWhole = /(Exception|InternalServerError|RequestLimitExceeded)$/.test(code);
  return `${prefix}.${isNamedWhole ? code : `${code}Exception`}`;
}

/** What a Task throws for an error of the API behind it. */
export function taskErrorOf(integration: Integration, error: unknown): TaskError {
  if (error instanceof TaskError) return error;
  if (error instanceof ApiError) {
    return new TaskError(
      errorName(integration, error.code),
      `${error.message} (Service: ${integration.prefix}, Status Code: ${error.status}, Error Code: ${error.code})`,
    );
  }
  // A fault of the local cloud itself: no Retry or Catch may hide it.
  const { message } = error instanceof Error ? error : { message: String(error) };
  const fault = new TaskError("States.Runtime", `local cloud: ${message}`);
  fault.cause = error;
  return fault;
}
