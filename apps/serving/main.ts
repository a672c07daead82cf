import type { StateReader } from "@perennial/online";
import { loadModel } from "@perennial/scoring";
import { createApp } from "./app.ts";
import { Readiness } from "./readiness.ts";
import { readSettings, type Settings } from "./settings.ts";

/** Longest wait for requests under way once the container is told to stop; SageMaker kills it after 30 s. */
const DRAIN_MS = 25_000;

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
  const { workload } = model.manifest;
  readiness.succeed(model, onlineTable === undefined ? undefined : await statesIn(onlineTable, workload));
  app.log.info({ workload, version, artifact: model.manifest.version }, "ready");
}

/** The client of the table is loaded where there is a table: it takes as much memory as the model and its rows. */
async function statesIn(table: NonNullable<Settings["onlineTable"]>, workload: string): Promise<StateReader> {
  const { statesOf } = await import("./online-states.ts");
  return statesOf(table, workload);
}

/** One sentence and a code that isn't 0: SageMaker shows the log and starts the container anew. */
function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

main().catch(fail);
