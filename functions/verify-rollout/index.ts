import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { Objects } from "@perennial/objects";
import { askFunction } from "@perennial/scoring-client";
import { openTelemetry } from "@perennial/telemetry";
import { type Asked, createHandler } from "./handler.ts";

const runtime = new SageMakerRuntimeClient({ maxAttempts: 3 });
const lambda = new LambdaClient({ maxAttempts: 3 });
// Throttling passes: the adaptive mode slows these clients down as well.
const retries = { retryMode: "adaptive", maxAttempts: 6 };

async function ask(asked: Asked, InferenceId: string, record: object): Promise<string> {
  const Body = JSON.stringify(record);
  if ("functionName" in asked) {
    const { status, body } = await askFunction(lambda, asked, { body: Body, inferenceId: InferenceId });
    if (status === 200) return body;
    throw new Error(`status ${status}: ${body}`);
  }
  const ContentType = "application/json";
  const { endpointName: EndpointName } = asked;
  const request = { EndpointName, InferenceId, ContentType, Accept: ContentType, Body };
  const answer = await runtime.send(new InvokeEndpointCommand(request));
  return answer.Body.transformToString();
}

export const handler = createHandler({
  objects: new Objects(new S3Client(retries)),
  cloudWatch: new CloudWatchClient(retries),
  ask,
  telemetry: openTelemetry("verify-rollout"),
  clock: () => new Date(),
});
