import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { FUNCTIONS, parse } from "@perennial/contracts";
import { documentClient, Ledger } from "@perennial/ledger";
import { openTelemetry } from "@perennial/telemetry";
import type { Documents } from "./documents.ts";
import { createHandler } from "./handler.ts";
import { predictByFunction } from "./predict-by-function.ts";
import { predictByEndpoint } from "./predict.ts";
import { StickyVariants } from "./sticky-variants.ts";

const NAME = "answer-http";
/** API Gateway gives up after 29 seconds; by then the caller has its answer. */
const TIMEOUT_MS = 27_000;
/** Longest that a caller waits for the ledger, which a prediction doesn't need. */
const LEDGER_TIMEOUT_MS = 1000;

const environment = parse(FUNCTIONS[NAME].environment, process.env, `environment of ${NAME}`);
const documents = JSON.parse(readFileSync(join(import.meta.dirname, "documents.json"), "utf8")) as Documents;
// Nothing is tried twice here.
const once = { maxAttempts: 1 };
const dynamo = new DynamoDBClient({
  ...once,
  requestHandler: {
    connectionTimeout: LEDGER_TIMEOUT_MS,
    requestTimeout: LEDGER_TIMEOUT_MS,
    throwOnRequestTimeout: true,
  },
});
const telemetry = openTelemetry(NAME);

export const handler = createHandler({
  targets: environment.WORKLOADS,
  predict: {
    endpoint: predictByEndpoint(new SageMakerRuntimeClient(once), TIMEOUT_MS),
    function: predictByFunction(new LambdaClient(once), TIMEOUT_MS),
  },
  sticky: new StickyVariants({
    ledger: new Ledger(documentClient(dynamo), environment.LEDGER_TABLE),
    telemetry,
    clock: () => new Date(),
  }),
  documents,
  corsOrigins: environment.CORS_ORIGINS,
  telemetry,
});
