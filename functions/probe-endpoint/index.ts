import { S3Client } from "@aws-sdk/client-s3";
import { InvokeEndpointCommand, ModelError, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { Objects } from "@perennial/objects";
import { openTelemetry } from "@perennial/telemetry";
import { createHandler } from "./handler.ts";
import type { ProbeAnswer } from "./tally.ts";

const runtime = new SageMakerRuntimeClient({ maxAttempts: 3 });

async function ask(EndpointName: string, InferenceId: string, record: object): Promise<ProbeAnswer> {
  const ContentType = "application/json";
  try {
    const request = {
      EndpointName,
      InferenceId,
      ContentType,
      Accept: ContentType,
      Body: JSON.stringify(record),
    };
    const { Body } = await runtime.send(new InvokeEndpointCommand(request));
    return { kind: "answered", body: Body.transformToString() };
  } catch (error) {
    if (error instanceof ModelError) {
      return { kind: "error", status: error.OriginalStatusCode ?? 500, body: error.OriginalMessage ?? "" };
    }
    return {
      kind: "none",
      reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    };
  }
}

export const handler = createHandler({
  objects: new Objects(new S3Client({ retryMode: "adaptive", maxAttempts: 6 })),
  ask,
  telemetry: openTelemetry("probe-endpoint"),
});
