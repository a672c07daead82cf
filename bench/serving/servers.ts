import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { bundle } from "../../apps/serving/bundle.ts";
import { ended, onServerCore, WORKSHOP } from "./load.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const PEERS = join(import.meta.dirname, "peers");
const PYTHON = join(REPOSITORY, ".peers-serving/bin");
const START_MS = 120_000;
/** How often a server that starts is asked for a prediction. */
const ASK_EVERY_MS = 10;
/** What the kernel counts processor time in (`getconf CLK_TCK`). */
const TICKS_PER_SECOND = 100;

export interface Asked {
  /** Training, laid out as a job's `/opt/ml`. */
  trained: string;
  /** File with a raw record a line. */
  bodies: string;
  /** The same for V2 (KServe's protocol). */
  v2Bodies: string;
}

/** A server under test, and how it is asked for the prediction of one raw record. */
export interface Server {
  name: string;
  port: number;
  path: string;
  bodies: string;
  probabilityIn: (answer: unknown) => number;
  child: ChildProcess;
  /** From the start of its process to its first prediction. */
  readyAfterMillis: number;
}

export type StartServer = (asked: Asked) => Promise<Server>;

/** The endpoint's container: its bundle, started as its image starts it. */
export const startOurs: StartServer = async ({ trained, bodies }) => {
  const folder = join(WORKSHOP, "container");
  await bundle(folder);
  const port = await freePort();
  const [node, ...rest] = entryPoint();
  const command = [node === "node" ? process.execPath : (node ?? ""), ...rest.slice(0, -1)];
  const startedAt = performance.now();
  const child = start([...command, join(folder, "main.cjs"), "serve"], {
    ...imageEnvironment(),
    HOST: "127.0.0.1",
    PERENNIAL_ML_ROOT: trained,
    PERENNIAL_MODEL_VERSION: "1",
    PERENNIAL_MAX_BODY_KIB: "1024",
    PERENNIAL_MAX_RECORDS: "1000",
    PORT: String(port),
  });
  const probabilityIn = (answer: unknown) =>
    (answer as { predictions: [{ probability: number }] }).predictions[0].probability;
  return ready({ name: "Perennial", port, path: "/invocations", bodies, probabilityIn, child, startedAt });
};

/** How the image starts its program, flags of the engine included. */
const entryPoint = (): string[] => JSON.parse(instruction("ENTRYPOINT")) as string[];

const imageEnvironment = (): Record<string, string> =>
  Object.fromEntries(
    instruction("ENV")
      .split(" ")
      .map((pair) => pair.split("=") as [string, string]),
  );

/** What an instruction of the image's Dockerfile says. */
function instruction(name: string): string {
  const file = readFileSync(join(REPOSITORY, "apps/serving/Dockerfile"), "utf8");
  const found = new RegExp(`^${name} (.+)$`, "m").exec(file)?.[1];
  if (found === undefined) throw new Error(`bench/serving: apps/serving/Dockerfile has no ${name}`);
  return found;
}

const fastApi =
  (name: string, kind: "pipeline" | "graph"): StartServer =>
  async ({ trained, bodies }) => {
    const port = await freePort();
    const startedAt = performance.now();
    const child = start(
      [join(PYTHON, "python"), "-W", "ignore", join(PEERS, "with_fastapi.py"), kind],
      peerEnvironment(trained, bodies, { BENCH_PORT: String(port) }),
    );
    const probabilityIn = (answer: unknown) => (answer as { probability: number }).probability;
    return ready({ name, port, path: "/predict", bodies, probabilityIn, child, startedAt });
  };

export const startFastApi = fastApi("FastAPI, scikit-learn, XGBoost", "pipeline");
export const startFastApiOnGraph = fastApi("FastAPI, bare ONNX Runtime", "graph");

export const startMlServer: StartServer = async ({ trained, bodies, v2Bodies }) => {
  const folder = join(WORKSHOP, "mlserver");
  await mkdir(folder, { recursive: true });
  const [port, grpc, metrics] = [await freePort(), await freePort(), await freePort()];
  const settings = {
    debug: false,
    host: "127.0.0.1",
    http_port: port,
    grpc_port: grpc,
    metrics_port: metrics,
    // In the server's own process, which is faster for one model on one core.
    parallel_workers: 0,
    gzip_enabled: false,
  };
  await writeFile(join(folder, "settings.json"), JSON.stringify(settings));
  const model = { name: "readmission", implementation: "mlserver_runtime.Readmission" };
  await writeFile(join(folder, "model-settings.json"), JSON.stringify(model));
  const startedAt = performance.now();
  const child = start(
    [join(PYTHON, "python"), "-W", "ignore", join(PYTHON, "mlserver"), "start", folder],
    peerEnvironment(trained, bodies, { PYTHONPATH: PEERS }),
  );
  const probabilityIn = (answer: unknown) => (answer as { outputs: [{ data: [number] }] }).outputs[0].data[0];
  const path = "/v2/models/readmission/infer";
  return ready({
    name: "MLServer, scikit-learn, XGBoost",
    port,
    path,
    bodies: v2Bodies,
    probabilityIn,
    child,
    startedAt,
  });
};

/** What a peer is told: the model, the records, and that it has one thread as we have. */
export function peerEnvironment(
  trained: string,
  bodies: string,
  more: Record<string, string> = {},
): Record<string, string> {
  const threads = { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", MKL_NUM_THREADS: "1" };
  return { BENCH_TRAINED: trained, BENCH_BODIES: bodies, PYTHONDONTWRITEBYTECODE: "1", ...threads, ...more };
}

/** The peers' interpreter, held to the core of the servers. */
export const peerCommand = (script: string): [string, string[]] =>
  onServerCore(join(PYTHON, "python"), "-W", "ignore", join(PEERS, script));

function start(command: string[], environment: Record<string, string>): ChildProcess {
  const env = { PATH: process.env["PATH"] ?? "", ...environment };
  return spawn(...onServerCore(...command), { env, stdio: ["ignore", "ignore", "ignore"] });
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** The server, once it predicts. */
async function ready({
  startedAt,
  ...server
}: Omit<Server, "readyAfterMillis"> & { startedAt: number }): Promise<Server> {
  const until = Date.now() + START_MS;
  const [body = ""] = readFileSync(server.bodies, "utf8").split("\n");
  for (;;) {
    const answer = await ask(server, body).catch(() => undefined);
    if (answer !== undefined && Number.isFinite(answer)) {
      return { ...server, readyAfterMillis: performance.now() - startedAt };
    }
    if (server.child.exitCode !== null || Date.now() > until) {
      await ended(server.child);
      throw new Error(`bench/serving: ${server.name} doesn't predict; \`make bench-serving\` installs it`);
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}

/** The probability that a server answers one body with. */
export async function ask(
  { port, path, probabilityIn }: Pick<Server, "port" | "path" | "probabilityIn">,
  body: string,
): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  if (response.status !== 200)
    throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return probabilityIn(await response.json());
}

/** Resident memory now and at most so far, in MiB, and processor time in seconds. */
export function usageOf({ child }: Server): {
  residentMiB: number;
  peakMiB: number;
  processorSeconds: number;
} {
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  const mib = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? Number.NaN) / 1024;
  const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8");
  // Fields after the name, which may hold spaces: utime is the 12th of them, stime the 13th (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return {
    residentMiB: mib("VmRSS"),
    peakMiB: mib("VmHWM"),
    processorSeconds: ticks / TICKS_PER_SECOND,
  };
}
