import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { FUNCTIONS, parse } from "@perennial/contracts";
import { documentClient, Ledger } from "@perennial/ledger";
import { Objects } from "@perennial/objects";
import { openTelemetry } from "@perennial/telemetry";
import { createHandler } from "./handler.ts";

const NAME = "observe-trial";
const environment = parse(FUNCTIONS[NAME].environment, process.env, `environment of ${NAME}`);
// Throttling passes: the adaptive mode slows these clients down as well.
const retries = { retryMode: "adaptive", maxAttempts: 6 };

export const handler = createHandler({
  objects: new Objects(new S3Client(retries)),
  ledger: new Ledger(documentClient(new DynamoDBClient({})), environment.LEDGER_TABLE),
  cloudWatch: new CloudWatchClient(retries),
  lakeBucket: environment.LAKE_BUCKET,
  telemetry: openTelemetry(NAME),
  clock: () => new Date(),
});
