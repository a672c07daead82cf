import { InvokeEndpointCommand, type SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { readBody } from "./reply.ts";
import type { PredictRequest, Reply, Transport } from "./transport.ts";

export interface EndpointOptions {
  /**
   * Credentials, region and, with `maxAttempts: 1`, no retries of its own: those of the client would come on top of them. It
   * also corrects the time of its signatures where this machine's clock is off.
   */
  client: Pick<SageMakerRuntimeClient, "send">;
  /** The stack whose endpoints are asked: `prod` for `perennial-prod-…`. */
  stack?: string;
  /** Endpoints that are named otherwise, by workload. */
  endpointNames?: Readonly<Record<string, string>>;
}

/** A real-time endpoint takes 25 MB (SageMaker's quotas). */
const MAX_BODY_BYTES = 25_000_000;

/**
 * Asks SageMaker's endpoints, by `@aws-sdk/client-sagemaker-runtime`.
 *
 * @throws {TypeError} if neither a stack nor names are given.
 */
export function endpoint({ client, stack, endpointNames = {} }: EndpointOptions): Transport {
  if (stack === undefined && Object.keys(endpointNames).length === 0) {
    throw new TypeError(
      'endpoint(): given neither stack nor endpointNames, expected one: { client, stack: "prod" }',
    );
  }
  const nameOf = (workload: string): string | undefined =>
    (Object.hasOwn(endpointNames, workload) ? endpointNames[workload] : undefined) ??
    (stack === undefined ? undefined : `perennial-${stack}-${workload}`);

  async function send({
    workload,
    body,
    inferenceId,
    targetVariant,
    signal,
  }: PredictRequest): Promise<Reply> {
    const EndpointName = nameOf(workload);
    if (EndpointName === undefined) {
      return {
        status: 404,
        body: { detail: `endpointNames has no ${workload}; name its endpoint, or give a stack` },
      };
    }
    const command = new InvokeEndpointCommand({
      EndpointName,
      InferenceId: inferenceId,
      TargetVariant: targetVariant,
      ContentType: "application/json",
      Accept: "application/json",
      Body: body,
    });
    try {
      const { Body } = await client.send(command, { abortSignal: signal });
      return { status: 200, body: readBody(new TextDecoder().decode(Body)) };
    } catch (error) {
      return replyOf(error);
    }
  }

  return {
    maxBodyBytes: MAX_BODY_BYTES,
    address: (workload) => `endpoint ${nameOf(workload) ?? workload}`,
    send,
  };
}

/** AWS's names for "too many requests": some of them come with status 400. */
const THROTTLED = /Throttl|TooManyRequests|RequestLimitExceeded|SlowDown/;
const UNAUTHORIZED =
  /AccessDenied|UnrecognizedClient|ExpiredToken|InvalidSignature|IncompleteSignature|MissingAuthentication|CredentialsProvider|TokenProvider/;

/** What an error of the SDK says as a reply; an error without one, a broken connection say, is thrown on. */
function replyOf(error: unknown): Reply {
  if (!(error instanceof Error)) throw error;
  const { name, message } = error;
  if (name === "ModelError") {
    // The container's own answer, inside SageMaker's.
    const { OriginalStatusCode: status = 500, OriginalMessage: text = message } = error as {
      OriginalStatusCode?: number;
      OriginalMessage?: string;
    };
    return { status, body: readBody(text) };
  }
  const body = { detail: `${name}: ${message}` };
  if (THROTTLED.test(name)) return { status: 429, body };
  if (UNAUTHORIZED.test(name)) return { status: 403, body };
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  if ($metadata?.httpStatusCode === undefined) throw error;
  return { status: $metadata.httpStatusCode, body };
}
