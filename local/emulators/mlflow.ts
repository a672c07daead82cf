import { existsSync, mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startChild } from "./child.ts";

export interface MlflowOptions {
  /** Python that has mlflow. */
  python: string;
  /** Folder of its database. */
  folder: string;
  /** TCP port on 127.0.0.1. */
  port: number;
  /** Where runs keep their artifacts: `s3://…`, or absent, then the server keeps them in its folder. */
  artifactRoot?: string;
  /** How the server itself reaches AWS, as environment variables. */
  environment?: Record<string, string>;
}

/** A real tracking server, with SQLite behind it. */
export interface Mlflow {
  /** Where it answers, once it is ready. */
  readonly url: string;
  /** Resolves once it answers; rejects, with what it said last, where it ended or took too long instead. */
  readonly ready: Promise<void>;
  /** Resolves once no process of it is left. */
  close(): Promise<void>;
}

/** It imports most of what it has before it answers, and migrates its database. */
const STARTUP_SECONDS = 180;
const KEPT_LINES = 30;
const SERVE = ["-m", "mlflow", "server", "--host", "127.0.0.1", "--workers", "1"];

/**
 * Starts `mlflow server` on 127.0.0.1. It takes some seconds, for which nobody needs to wait.
 *
 * @throws where its Python is missing, saying what to run.
 */
export function startMlflow(options: MlflowOptions): Mlflow {
  const { python, folder, port, artifactRoot, environment = {} } = options;
  if (!existsSync(python)) {
    throw new Error(`There is no Python at ${python}. Run \`make setup\`, which builds it from its lock.`);
  }
  mkdirSync(folder, { recursive: true });
  const said: string[] = [];
  const child = startChild({
    python,
    command: [python, ...SERVE, "--port", String(port), ...placesOf(folder, artifactRoot)],
    cwd: folder,
    env: {
      PATH: `${dirname(python)}:/usr/bin:/bin`,
      HOME: folder,
      // It tells its makers nothing, and runs no jobs of its own.
      MLFLOW_DISABLE_TELEMETRY: "true",
      DO_NOT_TRACK: "true",
      MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
      ...environment,
    },
    onLine: (line) => {
      said.push(line);
      if (said.length > KEPT_LINES) said.shift();
    },
  });
  const url = `http://127.0.0.1:${port}`;
  const ending = new AbortController();
  void child.ended.then(() => ending.abort());
  return {
    url,
    ready: untilHealthy(url, ending.signal, () => said.join("\n")),
    close: async () => {
      // The leash passes no signal on to what the server itself started.
      child.kill();
      await child.ended;
    },
  };
}

function placesOf(folder: string, artifactRoot: string | undefined): string[] {
  const database = ["--backend-store-uri", `sqlite:///${join(folder, "mlflow.db")}`];
  return artifactRoot === undefined
    ? [...database, "--artifacts-destination", join(folder, "artifacts")]
    : [...database, "--default-artifact-root", artifactRoot, "--no-serve-artifacts"];
}

async function untilHealthy(url: string, ended: AbortSignal, said: () => string): Promise<void> {
  const deadline = performance.now() + STARTUP_SECONDS * 1000;
  for (;;) {
    if (ended.aborted) throw new Error(`mlflow ended instead of starting. It said:\n${said()}`);
    if (performance.now() > deadline) {
      throw new Error(`mlflow was not ready after ${STARTUP_SECONDS} s. It said:\n${said()}`);
    }
    try {
      const { ok } = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2000) });
      if (ok) return;
    } catch {
      // Not yet.
    }
    await sleep(250, undefined, { ref: false });
  }
}

/** Ports that the operating system gives to nobody who doesn't ask for them: what is free stays free while it starts. */
const QUIET = { from: 20_000, count: 10_000 };
const TRIES = 50;

/** `preferred` if it is a quiet port of 127.0.0.1 on which nothing listens, another quiet one if not. */
export async function freePort(preferred: number): Promise<number> {
  const others = Array.from({ length: TRIES }, () => QUIET.from + Math.floor(Math.random() * QUIET.count));
  const isQuiet = preferred > 1024 && preferred < QUIET.from + QUIET.count;
  for (const port of isQuiet ? [preferred, ...others] : others) if (await isFree(port)) return port;
  throw new Error("127.0.0.1 has no free port: end some of what listens there.");
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const isListening = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => resolve(true));
  });
  if (isListening) await new Promise((resolve) => server.close(resolve));
  return isListening;
}
