import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Where the benchmark keeps what it builds. */
export const WORKSHOP = join(import.meta.dirname, "../../.cache/bench-serving");

/** Servers and load run on one core each, so that neither takes the other's time. */
const SERVER_CORE = "0";
const LOAD_CORE = "1";

/** A command held to the core of the servers, or of the load. */
export const onServerCore = (...command: string[]): [string, string[]] => [
  "taskset",
  ["--cpu-list", SERVER_CORE, ...command],
];
const onLoadCore = (...command: string[]): [string, string[]] => [
  "taskset",
  ["--cpu-list", LOAD_CORE, ...command],
];

/** What `load.c` reports. Times in microseconds, of answers with status 200. */
export interface LoadReport {
  seconds: number;
  /** Answers with status 200. */
  perSecond: number;
  sent: number;
  answered: number;
  unanswered: number;
  /** Connections that the server ended. */
  reconnected: number;
  micros: { mean: number; p50: number; p99: number; p999: number; max: number };
  /** Share of the time in which the generator itself was computing: near 1 it measures itself. */
  ownShare: number;
  statuses: Record<string, number>;
}

export interface Load {
  port: number;
  path: string;
  /** File with a JSON body a line. */
  bodies: string;
  connections: number;
  seconds: number;
  /** Requests a second; 0 keeps every connection busy. */
  rate?: number;
}

/** Compiles the load generator and the fixed-answer server. */
export async function buildGenerator(): Promise<void> {
  await mkdir(WORKSHOP, { recursive: true });
  for (const program of ["load", "answer"]) {
    const source = join(import.meta.dirname, `${program}.c`);
    await run("cc", ["-O2", "-Wall", "-Wextra", "-o", join(WORKSHOP, program), source]).catch(
      (error: unknown) => {
        throw new Error(`bench/serving: can't compile ${program}.c; it takes a C compiler (cc) and Linux`, {
          cause: error,
        });
      },
    );
  }
}

/** Sends requests for a while and says how they were answered. */
export async function load({
  port,
  path,
  bodies,
  connections,
  seconds,
  rate = 0,
}: Load): Promise<LoadReport> {
  const numbers = [connections, seconds, rate].map(String);
  const [program, args] = onLoadCore(join(WORKSHOP, "load"), String(port), path, bodies, ...numbers);
  const { stdout } = await run(program, args);
  return JSON.parse(stdout) as LoadReport;
}

/**
 * What the generator can do, and how true its times are: a server that answers at once shows how many requests a second it
 * can send, one that answers after a fixed time must be measured as just that.
 */
export async function measureGenerator(bodies: string) {
  const atOnce = await withFixedAnswer(0, (port) =>
    load({ port, path: "/", bodies, connections: 32, seconds: 3 }),
  );
  const DELAY_MICROS = 2_000;
  const delayed = await withFixedAnswer(DELAY_MICROS, (port) =>
    load({ port, path: "/", bodies, connections: 1, seconds: 3 }),
  );
  return {
    perSecond: atOnce.perSecond,
    fixedDelayMicros: DELAY_MICROS,
    measuredDelayMicros: delayed.micros.p50,
  };
}

async function withFixedAnswer<Result>(delay: number, work: (port: number) => Promise<Result>) {
  const server = spawn(...onServerCore(join(WORKSHOP, "answer"), String(delay)), {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = (await once(server.stdout, "data")) as [Buffer];
    return await work(Number(line.toString()));
  } finally {
    await ended(server);
  }
}

/** Ends a process and waits until it has. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  await exit;
}
