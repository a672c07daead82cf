import { setTimeout as sleep } from "node:timers/promises";
import { ApiError } from "../gateway/interfaces.ts";
import { z } from "zod";
import type { Fleet, Variant } from "./fleet.ts";
import { invalid, readInput } from "./requests.ts";
import type { Surroundings } from "./surroundings.ts";

const Request = z.object({
  EndpointName: z.string(),
  Body: z.string(),
  ContentType: z.string().default("application/json"),
  Accept: z.string().optional(),
  CustomAttributes: z.string().max(1024).optional(),
  TargetVariant: z.string().optional(),
  InferenceId: z.string().max(64).optional(),
});

/** Largest body that an endpoint takes: with instances, and without. */
const MAX_BODY_BYTES = { instances: 25 * 1024 * 1024, serverless: 4 * 1024 * 1024 };
const TIMEOUT_MS = 60_000;

/** Sends one request to a variant of a fleet, and reports it as SageMaker does: metrics and capture. */
export async function invoke(
  surroundings: Surroundings,
  fleet: Fleet,
  input: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const request = readInput(Request, input);
  const body = Buffer.from(request.Body, "base64");
  const variant = chosen(fleet, request.TargetVariant, surroundings.random ?? Math.random);
  const most = MAX_BODY_BYTES[variant.instanceType === undefined ? "serverless" : "instances"];
  if (body.length > most) throw invalid(`The body is ${body.length} bytes, expected at most ${most}.`);
  const copy = takesCopy(fleet, surroundings.random ?? Math.random);
  if (copy !== undefined) {
    fleet.copy(async (signal) => void (await exchange(surroundings, fleet, copy, request, body, signal)));
  }
  const answer = await exchange(surroundings, fleet, variant, request, body);
  if (answer.status >= 300) throw modelError(surroundings, request.EndpointName, variant, answer);
  return {
    Body: answer.body.toString("base64"),
    ContentType: answer.contentType,
    InvokedProductionVariant: variant.name,
    ...(answer.customAttributes === undefined ? {} : { CustomAttributes: answer.customAttributes }),
  };
}

/** Asks one variant, counts what it answered, and captures it where it is a prediction. */
async function exchange(
  surroundings: Surroundings,
  fleet: Fleet,
  variant: Variant,
  request: z.output<typeof Request>,
  body: Buffer,
  signal?: AbortSignal,
): Promise<Answer> {
  const started = performance.now();
  const disturbance = surroundings.gateway.faults.takeDisturbance(variant.modelDataUrl ?? "");
  if (disturbance?.delayMs !== undefined) await sleep(disturbance.delayMs, undefined, { signal });
  const answer =
    disturbance?.status === undefined
      ? await ask(variant.port, request, body, signal)
      : disturbed(disturbance.status);
  // Broken off as its fleet stops: no answer of the model's.
  if (signal?.aborted === true) return answer;
  const latency = Math.round((performance.now() - started) * 1000);
  report(surroundings, { endpoint: request.EndpointName, fleet, variant, status: answer.status, latency });
  if (answer.status >= 300) return answer;
  fleet.capture?.record({
    variant: variant.name,
    request: { contentType: request.ContentType, body },
    response: { contentType: answer.contentType, body: answer.body },
    inferenceId: request.InferenceId,
    customAttributes: answer.customAttributes ?? request.CustomAttributes,
  });
  return answer;
}

interface Answer {
  status: number;
  contentType: string;
  body: Buffer;
  customAttributes: string | undefined;
}

const disturbed = (status: number): Answer => ({
  status,
  contentType: "text/plain",
  body: Buffer.from("An injected fault."),
  customAttributes: undefined,
});

async function ask(
  port: number,
  request: z.output<typeof Request>,
  body: Buffer,
  signal?: AbortSignal,
): Promise<Answer> {
  const headers: Record<string, string> = { "content-type": request.ContentType };
  if (request.Accept !== undefined) headers["accept"] = request.Accept;
  if (request.CustomAttributes !== undefined) {
    headers["x-amzn-sagemaker-custom-attributes"] = request.CustomAttributes;
  }
  if (request.InferenceId !== undefined) headers["x-amzn-sagemaker-inference-id"] = request.InferenceId;
  try {
    const response = await fetch(`http://127.0.0.1:${port}/invocations`, {
      method: "POST",
      headers,
      body: new Uint8Array(body),
      signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(signal === undefined ? [] : [signal])]),
    });
    return {
      status: response.status,
      contentType: response.headers.get("content-type") ?? "application/octet-stream",
      body: Buffer.from(await response.arrayBuffer()),
      customAttributes: response.headers.get("x-amzn-sagemaker-custom-attributes") ?? undefined,
    };
  } catch (error) {
    const isSlow = error instanceof Error && error.name === "TimeoutError";
    const message = isSlow
      ? "Your invocation timed out while waiting for a response from container primary."
      : "The container refused the connection or broke it off.";
    return {
      status: 500,
      contentType: "text/plain",
      body: Buffer.from(message),
      customAttributes: undefined,
    };
  }
}

function chosen({ variants }: Fleet, target: string | undefined, random: () => number): Variant {
  if (target !== undefined) {
    const named = variants.find(({ name }) => name === target);
    if (named !== undefined) return named;
    const names = variants.map(({ name }) => name).join(", ");
    throw invalid(`TargetVariant is ${JSON.stringify(target)}, expected one of ${names}.`);
  }
  const total = variants.reduce((sum, { weight }) => sum + weight, 0);
  let left = random() * total;
  for (const variant of variants) {
    left -= variant.weight;
    if (left < 0) return variant;
  }
  throw invalid("No variant of the endpoint has a weight above 0.");
}

/** The shadow that is to get a copy of this request, as often as its weight says beside that of the others. */
function takesCopy({ variants, shadow }: Fleet, random: () => number): Variant | undefined {
  if (shadow === undefined) return undefined;
  const total = variants.reduce((sum, { weight }) => sum + weight, 0);
  return random() * total < shadow.weight ? shadow : undefined;
}

function report(
  { metrics }: Surroundings,
  {
    endpoint,
    fleet,
    variant,
    status,
    latency,
  }: {
    endpoint: string;
    fleet: Fleet;
    variant: Variant;
    status: number;
    latency: number;
  },
): void {
  const variantOnly = { EndpointName: endpoint, VariantName: variant.name };
  const ofFleet = { ...variantOnly, EndpointConfigName: fleet.config.EndpointConfigName };
  const values: [string, number, string][] = [
    ["Invocations", 1, "Count"],
    ["InvocationsPerInstance", 1 / variant.instanceCount, "Count"],
    ["Invocation4XXErrors", status >= 400 && status < 500 ? 1 : 0, "Count"],
    ["Invocation5XXErrors", status >= 500 ? 1 : 0, "Count"],
    ["InvocationModelErrors", status >= 300 ? 1 : 0, "Count"],
    ["ModelLatency", latency, "Microseconds"],
  ];
  for (const [name, value, unit] of values) {
    for (const dimensions of [variantOnly, ofFleet]) {
      metrics({ namespace: "AWS/SageMaker", name, dimensions, value, unit });
    }
  }
}

function modelError(
  { gateway: { identity } }: Surroundings,
  endpoint: string,
  variant: Variant,
  { status, body }: Answer,
): ApiError {
  const OriginalMessage = body.toString("utf8");
  const kind = status < 500 ? "client" : "server";
  return new ApiError(
    "ModelError",
    `Received ${kind} error (${status}) from primary with message "${OriginalMessage}".`,
    424,
    {
      OriginalStatusCode: status,
      OriginalMessage,
      LogStreamArn:
        `arn:aws:logs:${identity.region}:${identity.accountId}:log-group:/aws/sagemaker/Endpoints/${endpoint}` +
        `:log-stream:${variant.name}/local`,
    },
  );
}
