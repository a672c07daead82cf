import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SageMakerClient } from "@aws-sdk/client-sagemaker";
import { SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { SFNClient } from "@aws-sdk/client-sfn";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { parse, Platform, platformParameter } from "@perennial/contracts";
import { documentClient, Ledger } from "@perennial/ledger";
import { OnlineTable } from "@perennial/online";
import { z } from "zod";
import type { Connection, Where } from "./context.ts";
import { hint } from "./did-you-mean.ts";
import { CliFault, EXIT } from "./exit.ts";
import { explain } from "./explain.ts";
import { readMlflow } from "./mlflow.ts";

export const STACKS = ["local", "dev", "prod"] as const;

/** The local cloud takes any key that isn't a role's for the person at the machine. */
const LOCAL_CREDENTIALS = { accessKeyId: "test", secretAccessKey: "test" };

/** What the local cloud writes down about itself; the stack and region are those whose settings it runs with. */
const Gateway = z.object({
  url: z.url(),
  stack: z.string().default("dev"),
  region: z.string().default("eu-central-1"),
  trackingUrl: z.url().optional(),
});

/** What every client of a connection is made with. */
interface Settings {
  region?: string;
  endpoint?: string;
  credentials?: typeof LOCAL_CREDENTIALS;
  forcePathStyle?: boolean;
}

/**
 * Finds a stack and what it holds.
 *
 * @throws {CliFault} where it is unknown, doesn't run, or refuses the call.
 */
export async function connect({ stack, state }: Where): Promise<Connection> {
  if (!(STACKS as readonly string[]).includes(stack)) {
    throw new CliFault(
      EXIT.usage,
      `There is no stack "${stack}": expected one of ${STACKS.join(", ")}.${hint(stack, STACKS)}`,
    );
  }
  const gateway = stack === "local" ? readGateway(state) : null;
  const settings: Settings =
    gateway === null
      ? {}
      : {
          region: gateway.region,
          endpoint: gateway.url,
          credentials: LOCAL_CREDENTIALS,
          forcePathStyle: true,
        };
  const url = gateway?.url ?? null;
  try {
    const platform = await readPlatform(new SSMClient(settings), stack, gateway?.stack ?? stack);
    const clients = clientsOf(settings, platform);
    const { trackingApp: appArn } = platform;
    const pages = gateway?.trackingUrl ?? null;
    const tracking =
      appArn === undefined ? null : readMlflow({ appArn, url, pages, sageMaker: clients.sageMaker });
    return { stack, url, platform, ...clients, tracking };
  } catch (error) {
    throw explain(error, stack, url);
  }
}

/** @throws {CliFault} where no local cloud wrote down its address. */
export function readGateway(state: string): z.output<typeof Gateway> {
  const path = join(state, "gateway.json");
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new CliFault(
      EXIT.unreachable,
      `No local cloud runs here (${path} doesn't exist). Start it with make start, or name another stack with --stack.`,
      { cause: error },
    );
  }
  try {
    return Gateway.parse(JSON.parse(text));
  } catch (error) {
    throw new CliFault(
      EXIT.unreachable,
      `${path} doesn't say where the local cloud runs. Start it again with make start.`,
      { cause: error },
    );
  }
}

/** Reads what the stack says it holds. `name` is the stack's own: the local cloud runs with another stack's settings. */
export async function readPlatform(
  ssm: Pick<SSMClient, "send">,
  stack: string,
  name: string,
): Promise<Platform> {
  const Name = platformParameter(name);
  try {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name }));
    return parse(Platform, JSON.parse(Parameter?.Value ?? ""), `parameter ${Name}`);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "ParameterNotFound") throw error;
    const next =
      stack === "local"
        ? "It is still starting, or failed to: look at the terminal of make start."
        : `Bring it up with pulumi up --stack ${name}, or look at AWS_PROFILE and AWS_REGION.`;
    throw new CliFault(EXIT.unreachable, `The stack ${stack} isn't up: ${Name} doesn't exist. ${next}`, {
      cause: error,
    });
  }
}

/** A file of records is in no hurry: a table that is slow for a while doesn't end it. */
const STATES_DEADLINE_MS = 30_000;

function clientsOf(given: Settings, { region, ledgerTable, onlineTable }: Platform) {
  const settings = { ...given, region };
  const dynamo = new DynamoDBClient(settings);
  const table = { deadlineMs: STATES_DEADLINE_MS, nowMs: () => performance.now() };
  return {
    ledger: new Ledger(documentClient(dynamo), ledgerTable),
    events: new EventBridgeClient(settings),
    stepFunctions: new SFNClient(settings),
    sageMaker: new SageMakerClient(settings),
    runtime: new SageMakerRuntimeClient(settings),
    lambda: new LambdaClient(settings),
    s3: new S3Client(settings),
    logs: new CloudWatchLogsClient(settings),
    online: (workload: string) => new OnlineTable(dynamo, onlineTable, workload, table),
  };
}
