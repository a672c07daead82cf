/**
 * Writes the model card of an execution, after the verdict and before the registration.
 *
 * Its role needs:
 * - `s3:GetObject` on the artifact bucket's `models/`, `specs/`, `evaluations/`, `audits/` and `verdicts/`, and on the lake
 *   bucket's `gates/`, each for its workloads;
 * - `s3:PutObject` on the artifact bucket's `cards/`;
 * - `sagemaker:CreateModelCard`, `sagemaker:DescribeModelCard` and `sagemaker:UpdateModelCard` on the model card of each
 *   workload, which is named `<CARD_PREFIX><workload>`.
 */
import { S3Client } from "@aws-sdk/client-s3";
import { SageMakerClient } from "@aws-sdk/client-sagemaker";
import { FUNCTIONS, parse } from "@perennial/contracts";
import { Objects } from "@perennial/objects";
import { openTelemetry } from "@perennial/telemetry";
import { createHandler } from "./handler.ts";
import { ModelCards } from "./model-cards.ts";

const NAME = "write-card";
const environment = parse(FUNCTIONS[NAME].environment, process.env, `environment of ${NAME}`);

// Throttling passes: the adaptive mode slows this client down as well.
const retries = { retryMode: "adaptive", maxAttempts: 6 };

export const handler = createHandler({
  objects: new Objects(new S3Client(retries)),
  cards: new ModelCards(new SageMakerClient(retries), environment.CARD_PREFIX),
  telemetry: openTelemetry(NAME),
  artifactBucket: environment.ARTIFACT_BUCKET,
});
