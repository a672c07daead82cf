import { defaultProvider } from "@aws-sdk/credential-provider-node";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SageMakerClient } from "@aws-sdk/client-sagemaker";
import { ChangeMessageVisibilityCommand, SQSClient } from "@aws-sdk/client-sqs";
import { FUNCTIONS, parse } from "@perennial/contracts";
import { documentClient, Ledger } from "@perennial/ledger";
import { Objects } from "@perennial/objects";
import { openTelemetry } from "@perennial/telemetry";
import { appSigner, appUrl, RegisteredModels, Runs, Transport } from "@perennial/tracking";
import { createHandler } from "./handler.ts";
import { ModelPackages } from "./model-packages.ts";

const NAME = "track-model";
const environment = parse(FUNCTIONS[NAME].environment, process.env, `environment of ${NAME}`);
const { TRACKING_APP, QUEUE_URL } = environment;

// Throttling passes: the adaptive mode slows this client down as well.
const retries = { retryMode: "adaptive", maxAttempts: 6 };
const objects = new Objects(new S3Client(retries));
const ledger = new Ledger(documentClient(new DynamoDBClient(retries)), environment.LEDGER_TABLE);
// The region decides where queues are, not the host in their names.
const sqs = new SQSClient({ ...retries, useQueueUrlAsEndpoint: false });
const transport = new Transport({
  // The variable by which all of AWS is replaced, as AWS's own clients read it.
  url: process.env["AWS_ENDPOINT_URL"] ?? appUrl(TRACKING_APP),
  sign: appSigner(TRACKING_APP, defaultProvider()),
});
const runs = new Runs(transport, (uri, bytes) => objects.write(uri, bytes, contentTypeOf(uri)));
const models = new RegisteredModels(transport);
const packages = new ModelPackages(new SageMakerClient(retries));

export const handler = createHandler({
  writing: { runs, objects, artifactBucket: environment.ARTIFACT_BUCKET },
  following: { models, runs, packages, ledger, clock: () => new Date() },
  ledger,
  telemetry: openTelemetry(NAME),
  postpone: (message) => sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: QUEUE_URL, ...message })),
  workloads: environment.WORKLOADS,
  stateMachines: environment.STATE_MACHINES,
});

function contentTypeOf(uri: string): string {
  const types: Record<string, string> = {
    html: "text/html; charset=utf-8",
    json: "application/json",
    md: "text/markdown; charset=utf-8",
    png: "image/png",
  };
  return types[uri.slice(uri.lastIndexOf(".") + 1)] ?? "application/octet-stream";
}
