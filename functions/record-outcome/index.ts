import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { FUNCTIONS, parse } from "@perennial/contracts";
import { documentClient, Ledger } from "@perennial/ledger";
import { openTelemetry } from "@perennial/telemetry";
import { createHandler } from "./handler.ts";

const NAME = "record-outcome";
const environment = parse(FUNCTIONS[NAME].environment, process.env, `environment of ${NAME}`);

// Throttling passes: the adaptive mode slows this client down as well.
const client = documentClient(new DynamoDBClient({ retryMode: "adaptive", maxAttempts: 6 }));

export const handler = createHandler({
  ledger: new Ledger(client, environment.LEDGER_TABLE),
  telemetry: openTelemetry(NAME),
  clock: () => new Date(),
});
