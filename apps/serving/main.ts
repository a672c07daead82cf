import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { OnlineTable, RecentStates, type StateReader } from "@perennial/online";
import { loadModel } from "@perennial/scoring";
import { createApp } from "./app.ts";
import { Readiness } from "./readiness.ts";
import { readSettings, type Settings } from "./settings.ts";

/** Longest wait for requests under way once the container is told to stop; SageMaker kills it after 30 s. */
const DRAIN_MS = 25_000;

/**
 * How long a state that was read is used again, and how many are kept. New states come with a retraining, so that a minute
 * loses nothing, and a table asked over and over would cost more time than the model (milliseconds against 50 µs).
 */
const RECENT = { ttlMs: 60_000, size: 10_000 };

/** Of one call to the table; what takes longer is tried again within the reading's deadline. */
const TABLE_TIMEOUTS = { connectionTimeout: 500, requestTimeout: 700, throwOnRequestTimeout: true };

type OnlineTablePlace = NonNullable<Settings["onlineTable"]>;

async function main(): Promise<void> {
  const { version, limits, modelDirectory, onlineTable, host, port } = readSettings(
    process.env,
    process.argv.slice(2),
  );
  const readiness = new Readiness();
  const app = createApp({ readiness, version, limits, log: process.stdout });

  const stop = (signal: NodeJS.Signals) => {
    app.log.info({ signal }, "stopping");
    readiness.drain();
    setTimeout(() => {
      app.log.error({ drainMs: DRAIN_MS }, "requests were still under way");
      process.exit(1);
    }, DRAIN_MS).unref();
    app.close().catch(fail);
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);

  // The port opens first, so that /ping can say that the model isn't there yet.
  await app.listen({ host, port }).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `serving container: can't listen on ${host}:${port} (${reason}); set HOST and PORT to a free one.`,
      {
        cause: error,
      },
    );
  });
  const model = await loadModel(modelDirectory);
  await model.probe();
  readiness.succeed(
    model,
    onlineTable === undefined ? undefined : statesOf(onlineTable, model.manifest.workload),
  );
  app.log.info({ workload: model.manifest.workload, version, artifact: model.manifest.version }, "ready");
}

function statesOf({ region, name }: OnlineTablePlace, workload: string): StateReader {
  const client = new DynamoDBClient({ region, maxAttempts: 3, requestHandler: TABLE_TIMEOUTS });
  const nowMs = () => performance.now();
  return new RecentStates(new OnlineTable(client, name, workload, { nowMs }), { ...RECENT, nowMs });
}

/** One sentence and a code that isn't 0: SageMaker shows the log and starts the container anew. */
function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

main().catch(fail);
