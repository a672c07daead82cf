/** Runs inside a worker thread: loads one function's code and answers its invocations, one at a time. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import type { Answer, Invocation, SandboxData } from "./sandbox.ts";

type Handler = (event: unknown, context: object) => unknown;

const port = parentPort;
if (port === null) throw new Error("local/functions/worker.ts runs in a worker thread only.");
const { folder, handler: handlerName, time } = workerData as SandboxData;
useTime(new Float64Array(time));

const [file = "", name = ""] = handlerName.split(".");
let loaded: Handler | Error;
try {
  const module = (await import(pathToFileURL(join(folder, `${file}.mjs`)).href)) as Record<string, unknown>;
  const found = module[name];
  if (typeof found !== "function")
    throw new Error(`${handlerName} is not a function exported by ${file}.mjs`);
  loaded = found as Handler;
} catch (error) {
  loaded = error instanceof Error ? error : new Error(String(error));
}

port.on("message", (invocation: Invocation) => void answer(invocation));

async function answer({ event, context, deadline }: Invocation): Promise<void> {
  let reply: Answer;
  try {
    if (loaded instanceof Error) throw loaded;
    const getRemainingTimeInMillis = () => Math.max(0, deadline - performance.timeOrigin - performance.now());
    const result = await loaded(JSON.parse(event), { ...context, getRemainingTimeInMillis });
    reply = { payload: JSON.stringify(result) ?? "null" };
  } catch (error) {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    const trace = (stack ?? "").split("\n");
    reply = { error: true, payload: JSON.stringify({ errorType: name, errorMessage: message, trace }) };
    process.stderr.write(
      `${JSON.stringify({ level: "ERROR", errorType: name, errorMessage: message, stack: trace })}\n`,
    );
  }
  // What was written must have arrived before the answer does: the log of a call is complete when the call returns.
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  port?.postMessage(reply);
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write("", () => resolve());
  });
}

/** Makes `Date` tell the cloud's time; timers stay real. */
function useTime(shared: Float64Array): void {
  const Real = Date;
  const now = (): number => (shared[0] ?? 1) * Real.now() + (shared[1] ?? 0);
  globalThis.Date = new Proxy(Real, {
    construct: (target, given: [] | [number]) =>
      given.length === 0 ? new target(now()) : new target(...given),
    apply: () => new Real(now()).toString(),
    get: (target, key) => (key === "now" ? now : (Reflect.get(target, key) as unknown)),
  });
}
