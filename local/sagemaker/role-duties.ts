import { ApiError } from "../gateway/interfaces.ts";
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

/** A log stream that a container writes to with its role's permissions. Without them there is no log, as on AWS. */
export async function openLog(
  { gateway, logs }: Surroundings,
  caller: Caller,
  logGroupName: string,
  logStreamName: string,
): Promise<(line: string) => void> {
  try {
    await gateway.authorize(caller, "logs", "CreateLogStream", { logGroupName, logStreamName });
    await gateway.authorize(caller, "logs", "PutLogEvents", { logGroupName, logStreamName });
  } catch (error) {
    if (error instanceof ApiError) return () => {};
    throw error;
  }
  return (line) => logs(logGroupName, logStreamName, line);
}
