import { ApiError } from "../gateway/interfaces.ts";
import { volumeKeyUse } from "../gateway/requirements/sagemaker.ts";
import { invalid } from "./requests.ts";
import type { Caller, Program, Surroundings } from "./surroundings.ts";

/**
 * The role that SageMaker is to act as.
 *
 * @throws {ApiError} where there is none or its trust policy doesn't name SageMaker for `resourceArn`.
 */
export async function assume(
  { gateway: { identity } }: Surroundings,
  roleArn: string,
  resourceArn: string,
): Promise<Caller> {
  let caller: Caller;
  try {
    caller = identity.callerAs(roleArn);
  } catch (cause) {
    throw invalid(
      `Could not assume role ${roleArn}: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
  const decision = await identity.mayAssume(roleArn, "sagemaker.amazonaws.com", resourceArn);
  if (!decision.allowed) throw invalid(`Could not assume role ${roleArn}: ${decision.reason}.`);
  return caller;
}

/**
 * The program behind an image, drawn with the role's permissions as an image from this account's registry is.
 *
 * @throws where the role may not draw it, or the local cloud has no program for it.
 */
export async function drawImage(
  { gateway, programOf }: Surroundings,
  caller: Caller,
  image: string,
): Promise<Program> {
  const { accountId } = gateway.identity;
  const repositoryName = new RegExp(`^${accountId}\\.dkr\\.ecr\\.[^/]+/([^@:]+)`).exec(image)?.[1];
  if (repositoryName !== undefined) {
    await gateway.authorize(caller, "ecr", "GetAuthorizationToken", {});
    for (const action of ["BatchCheckLayerAvailability", "GetDownloadUrlForLayer", "BatchGetImage"]) {
      await gateway.authorize(caller, "ecr", action, { repositoryName });
    }
  }
  const program = programOf(image);
  if (program === undefined) {
    throw new Error(`The local cloud has no program that stands for the image ${JSON.stringify(image)}.`);
  }
  return program;
}

/**
 * Has a volume encrypted in the role's name.
 *
 * @throws {ApiError} where the role may not let SageMaker use the key.
 */
export async function encryptVolume({ gateway }: Surroundings, caller: Caller, key: unknown): Promise<void> {
  if (typeof key !== "string") return;
  for (const requirement of volumeKeyUse(key, gateway.identity))
    await gateway.require(caller, "kms", requirement);
}

/** A log stream that a container writes to with its role's permissions. Without them there is no log, as on AWS. */
export async function openLog(
  surroundings: Surroundings,
  caller: Caller,
  logGroupName: string,
  logStreamName: string,
): Promise<(line: string) => void> {
  const may = (action: string): Promise<boolean> =>
    isAllowed(surroundings, caller, "logs", action, { logGroupName, logStreamName });
  await isAllowed(surroundings, caller, "logs", "DescribeLogStreams", { logGroupName });
  if (!(await may("CreateLogStream")) || !(await may("PutLogEvents"))) return () => {};
  return (line) => surroundings.logs(logGroupName, logStreamName, line);
}

/** A log stream in the group that all jobs of a kind share; SageMaker makes the group for the first of them. */
export async function openJobLog(
  surroundings: Surroundings,
  caller: Caller,
  logGroupName: string,
  logStreamName: string,
): Promise<(line: string) => void> {
  await isAllowed(surroundings, caller, "logs", "CreateLogGroup", { logGroupName });
  return openLog(surroundings, caller, logGroupName, logStreamName);
}

/** Whether SageMaker may put metrics into a namespace of its own with the role. */
export function mayPutMetrics(
  surroundings: Surroundings,
  caller: Caller,
  Namespace: string,
): Promise<boolean> {
  return isAllowed(surroundings, caller, "monitoring", "PutMetricData", { Namespace });
}

async function isAllowed(
  { gateway }: Surroundings,
  caller: Caller,
  service: string,
  action: string,
  input: Record<string, unknown>,
): Promise<boolean> {
  try {
    await gateway.authorize(caller, service, action, input);
    return true;
  } catch (error) {
    if (error instanceof ApiError) return false;
    throw error;
  }
}
