import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { Objects } from "@perennial/objects";
import { openTelemetry } from "@perennial/telemetry";
import { askWith } from "./ask.ts";
import { createHandler } from "./handler.ts";

const retries = { maxAttempts: 3 };

export const handler = createHandler({
  objects: new Objects(new S3Client({ retryMode: "adaptive", maxAttempts: 6 })),
  ask: askWith(new SageMakerRuntimeClient(retries), new LambdaClient(retries)),
  telemetry: openTelemetry("probe-endpoint"),
});
