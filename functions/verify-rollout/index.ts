import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { S3Client } from "@aws-sdk/client-s3";
import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { Objects } from "@perennial/objects";
import { openTelemetry } from "@perennial/telemetry";
import { createHandler } from "./handler.ts";

const runtime = new SageMakerRuntimeClient({ maxAttempts: 3 });
// Throttling passes: the adaptive mode slows these clients down as well.
const retries = { retryMode: "adaptive", maxAttempts: 6 };

async function ask(EndpointName: string, InferenceId: string, record: object): Promise<string> {
  const ContentType = "application/json";
  const request = {
    EndpointName,
    InferenceId,
    ContentType,
    Accept: ContentType,
    Body: JSON.stringify(record),
  };
  const { Body } = await runtime.send(new InvokeEndpointCommand(request));
  return Body.transformToString();
}

export const handler = createHandler({
  objects: new Objects(new S3Client(retries)),
  cloudWatch: new CloudWatchClient(retries),
  ask,
  telemetry: openTelemetry("verify-rollout"),
  clock: () => new Date(),
});
