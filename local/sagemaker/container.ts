import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { startChild, type Child } from "../emulators/child.ts";
import { unpack } from "./archive.ts";
import { RoleStorage } from "./job-storage.ts";
import type { StoredModel } from "./models.ts";
import type { Caller, Program, Surroundings } from "./surroundings.ts";
import { credentials } from "./training-jobs.ts";

const STARTUP_SECONDS = 60;
const PING_INTERVAL_MS = 25;
const RESTART_DELAY_MS = 500;

/** A model's container that answers on 127.0.0.1. */
export interface ServingContainer {
  readonly port: number;
  /** Ends it; no process of it is left when it resolves. */
  readonly stop: () => Promise<void>;
}

export interface ServingContainerOptions {
  model: StoredModel;
  /** The model's role. */
  caller: Caller;
  program: Program;
  /** Folder that it gets to itself; what lay there is removed. */
  folder: string;
  /** Over the model's own environment. */
  environment?: Record<string, string>;
  onLine: (line: string) => void;
}

/** The program ended, or never answered its health check. */
export class Unhealthy extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "Unhealthy";
  }
}

/**
 * Starts a model's container with the model in its place, and waits until it answers its health check.
 *
 * @throws {Unhealthy} where it doesn't; otherwise where the model can't be fetched. It doesn't run then.
 */
export async function startServing(
  surroundings: Surroundings,
  { model: stored, caller, program, folder, environment = {}, onLine }: ServingContainerOptions,
): Promise<ServingContainer> {
  const { gateway, python, startupSeconds = STARTUP_SECONDS } = surroundings;
  const { PrimaryContainer: container, ExecutionRoleArn, EnableNetworkIsolation } = stored;
  const model = join(folder, "ml/model");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(model, { recursive: true });
  if (container.ModelDataUrl !== undefined) {
    const storage = new RoleStorage(gateway, ExecutionRoleArn);
    try {
      // SageMaker lists the address before it reads it.
      await storage.download(container.ModelDataUrl, join(folder, "archive"));
      await unpack(readFileSync(join(folder, "archive", basename(container.ModelDataUrl))), model);
      rmSync(join(folder, "archive"), { recursive: true });
    } finally {
      storage.close();
    }
  }
  const port = await freePort();
  let isStopping = false;
  const run = (): Child =>
    startChild({
      python,
      command: [...program.command, "serve"],
      cwd: program.cwd,
      env: {
        LANG: "C.UTF-8",
        TZ: "UTC",
        ...program.env,
        ...container.Environment,
        ...environment,
        ...(EnableNetworkIsolation ? {} : credentials(surroundings, caller)),
        PERENNIAL_ML_ROOT: join(folder, "ml"),
        HOST: "127.0.0.1",
        PORT: String(port),
      },
      onLine,
    });
  let child = run();
  const stop = async (): Promise<void> => {
    isStopping = true;
    child.terminate();
    const impatience = setTimeout(() => child.kill(), 5000);
    await child.ended;
    clearTimeout(impatience);
  };
  try {
    await answersPing(port, child, startupSeconds * 1000);
  } catch (error) {
    await stop();
    throw error;
  }
  // A container that ends is started again, as its instance does on AWS.
  const keepAlive = async (): Promise<void> => {
    for (;;) {
      await child.ended;
      if (isStopping) return;
      await new Promise((resolve) => setTimeout(resolve, RESTART_DELAY_MS).unref());
      if (isStopping) return;
      child = run();
    }
  };
  void keepAlive();
  return { port, stop };
}

/** @throws {Unhealthy} where the program ends, or the time passes, before `/ping` answers 200. */
async function answersPing(port: number, child: Child, patienceMs: number): Promise<void> {
  const deadline = Date.now() + patienceMs;
  let ended: number | undefined;
  void child.ended.then((code) => (ended = code));
  for (;;) {
    if (ended !== undefined) throw new Unhealthy(`its program ended with code ${ended}`);
    if (Date.now() > deadline) throw new Unhealthy(`/ping was not 200 within ${patienceMs} ms`);
    try {
      const response = await fetch(`http://127.0.0.1:${port}/ping`, { signal: AbortSignal.timeout(2000) });
      await response.arrayBuffer();
      if (response.status === 200) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, PING_INTERVAL_MS));
  }
}

/** A port that was free a moment ago; whoever loses the race for it fails its health check. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  return port;
}
