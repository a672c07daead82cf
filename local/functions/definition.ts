import type { Credentials } from "../gateway/interfaces.ts";

export interface FunctionDefinition {
  name: string;
  arn: string;
  roleArn: string;
  roleName: string;
  /** Folder with the code. */
  folder: string;
  handler: string;
  runtime: string;
  timeoutSeconds: number;
  memoryMiB: number;
  environment: Record<string, string>;
  logGroup: string;
}

/** What becomes of events that it fails on. */
export interface AsyncConfig {
  /** @default 2 */
  maximumRetryAttempts: number;
  onFailureArn: string | null;
}

/** The function as it is, of which versions are published. */
export const LATEST = "$LATEST";

/** Lambda names a stream for each sandbox and day; here one is enough. */
export const LOG_STREAM = "local";

/** What a function finds in its environment: its own variables, and those that Lambda sets. */
export function environmentOf(
  definition: FunctionDefinition,
  version: string,
  region: string,
  endpoint: string,
  { accessKeyId, secretAccessKey }: Credentials,
): Record<string, string> {
  return {
    ...definition.environment,
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_EXECUTION_ENV: `AWS_Lambda_${definition.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: definition.name,
    AWS_LAMBDA_FUNCTION_VERSION: version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMiB),
    AWS_LAMBDA_LOG_GROUP_NAME: definition.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: LOG_STREAM,
    LANG: "en_US.UTF-8",
    TZ: ":UTC",
  };
}

/** What a handler is told of its invocation. */
export const contextOf = (definition: FunctionDefinition, version: string, awsRequestId: string) => ({
  functionName: definition.name,
  functionVersion: version,
  invokedFunctionArn: definition.arn,
  memoryLimitInMB: String(definition.memoryMiB),
  awsRequestId,
  logGroupName: definition.logGroup,
  logStreamName: LOG_STREAM,
});

/** A function as GetFunctionConfiguration answers it. */
export const shown = (definition: FunctionDefinition, version: string = LATEST) => ({
  FunctionName: definition.name,
  FunctionArn: version === LATEST ? definition.arn : `${definition.arn}:${version}`,
  Version: version,
  Role: definition.roleArn,
  Runtime: definition.runtime,
  Handler: definition.handler,
  Timeout: definition.timeoutSeconds,
  MemorySize: definition.memoryMiB,
  Environment: { Variables: definition.environment },
  LoggingConfig: { LogFormat: "JSON", LogGroup: definition.logGroup },
  State: "Active",
  LastUpdateStatus: "Successful",
  PackageType: "Zip",
  Architectures: ["x86_64"],
});
