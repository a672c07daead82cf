import { setTimeout } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { FUNCTIONS, parse } from "@perennial/contracts";
import { documentClient, Ledger } from "@perennial/ledger";
import { openTelemetry } from "@perennial/telemetry";
import { createHandler } from "./handler.ts";

const NAME = "release-lease";
const environment = parse(FUNCTIONS[NAME].environment, process.env, `environment of ${NAME}`);

// Throttling passes: the adaptive mode slows this client down as well.
const client = documentClient(new DynamoDBClient({ retryMode: "adaptive", maxAttempts: 6 }));
const pause = (attempt: number) => setTimeout(Math.random() * 20 * attempt);

export const handler = createHandler({
  ledger: new Ledger(client, environment.LEDGER_TABLE, { pause }),
  telemetry: openTelemetry(NAME),
  stateMachines: environment.STATE_MACHINES,
});
