import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { FUNCTIONS, parse } from "@perennial/contracts";
import { openTelemetry } from "@perennial/telemetry";
import type { Documents } from "./documents.ts";
import { createHandler } from "./handler.ts";
import { predictByFunction } from "./predict-by-function.ts";
import { predictByEndpoint } from "./predict.ts";

const NAME = "answer-http";
/** API Gateway gives up after 29 seconds; by then the caller has its answer. */
const TIMEOUT_MS = 27_000;

const environment = parse(FUNCTIONS[NAME].environment, process.env, `environment of ${NAME}`);
const documents = JSON.parse(readFileSync(join(import.meta.dirname, "documents.json"), "utf8")) as Documents;
// Nothing is tried twice here.
const once = { maxAttempts: 1 };

export const handler = createHandler({
  targets: environment.WORKLOADS,
  predict: {
    endpoint: predictByEndpoint(new SageMakerRuntimeClient(once), TIMEOUT_MS),
    function: predictByFunction(new LambdaClient(once), TIMEOUT_MS),
  },
  documents,
  corsOrigins: environment.CORS_ORIGINS,
  telemetry: openTelemetry(NAME),
});
