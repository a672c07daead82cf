import { S3Client } from "@aws-sdk/client-s3";
import { SageMakerClient } from "@aws-sdk/client-sagemaker";
import { FUNCTIONS, parse } from "@perennial/contracts";
import { Objects } from "@perennial/objects";
import { openTelemetry } from "@perennial/telemetry";
import { createHandler } from "./handler.ts";
import { ModelPackages } from "./packages.ts";

const NAME = "register-model";
const environment = parse(FUNCTIONS[NAME].environment, process.env, `environment of ${NAME}`);

// Throttling passes: the adaptive mode slows this client down as well.
const retries = { retryMode: "adaptive", maxAttempts: 6 };

export const handler = createHandler({
  objects: new Objects(new S3Client(retries)),
  packages: new ModelPackages(new SageMakerClient(retries)),
  telemetry: openTelemetry(NAME),
  workloads: environment.WORKLOADS,
  servingImage: environment.SERVING_IMAGE,
  isAutomatic: environment.AUTO_APPROVE === "true",
});
