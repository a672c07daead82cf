import { setTimeout } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SageMakerClient } from "@aws-sdk/client-sagemaker";
import { SFNClient } from "@aws-sdk/client-sfn";
import { FUNCTIONS, parse } from "@perennial/contracts";
import { documentClient, Entrance, Ledger } from "@perennial/ledger";
import { openTelemetry } from "@perennial/telemetry";
import { createHandler } from "./handler.ts";

const NAME = "admit-rollout";
const environment = parse(FUNCTIONS[NAME].environment, process.env, `environment of ${NAME}`);

// Throttling passes: the adaptive mode slows this client down as well.
const retries = { retryMode: "adaptive", maxAttempts: 6 };
const pause = (attempt: number) => setTimeout(Math.random() * 20 * attempt);
const ledger = new Ledger(documentClient(new DynamoDBClient(retries)), environment.LEDGER_TABLE, { pause });

export const handler = createHandler({
  ledger,
  entrance: new Entrance(ledger, new SFNClient(retries)),
  sageMaker: new SageMakerClient(retries),
  telemetry: openTelemetry(NAME),
  workloads: environment.WORKLOADS,
  clock: () => new Date(),
});
