import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { FUNCTIONS, parse } from "@perennial/contracts";
import { Objects } from "@perennial/objects";
import { openTelemetry } from "@perennial/telemetry";
import { EntityFiles } from "./entity-files.ts";
import { createHandler } from "./handler.ts";
import { OnlineStates } from "./online-states.ts";
import { Snapshots } from "./snapshots.ts";

const NAME = "accept-data";
const environment = parse(FUNCTIONS[NAME].environment, process.env, `environment of ${NAME}`);

// Throttling passes: the adaptive mode slows this client down as well.
const retries = { retryMode: "adaptive", maxAttempts: 6 };
const s3 = new S3Client(retries);
const objects = new Objects(s3);

export const handler = createHandler({
  objects,
  snapshots: new Snapshots(s3),
  entityFiles: new EntityFiles(s3, objects),
  onlineStates: new OnlineStates(new DynamoDBClient(retries), environment.ONLINE_TABLE),
  telemetry: openTelemetry(NAME),
  lakeBucket: environment.LAKE_BUCKET,
});
