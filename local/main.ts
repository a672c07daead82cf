import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import type { Platform } from "@perennial/contracts";
import { openCloud, type LocalCloud } from "./cloud.ts";
import { inColumns } from "./columns.ts";
import { examples, functionExamples, httpExample, writeExampleCall, writeExampleRecord } from "./examples.ts";
import { refuseSecond, removeInstance, writeInstance } from "./instance.ts";
import { readPlatform } from "./published.ts";
import { rowOf, table } from "./results.ts";
import { isDone, retrain, type RetrainingResult } from "./retraining.ts";
import { Screen } from "./screen.ts";

const REPOSITORY = join(import.meta.dirname, "..");
const USAGE = `Usage: node local/main.ts start [--once] [--workloads a,b] [--port 4599] [--state .perennial] [--stack dev]

Runs the whole platform on this machine until Ctrl-C: the Pulumi program's own graph, behind one address on 127.0.0.1.

  --once        retrain once, print a JSON summary as the last line, stop and exit: 0 only if a challenger was trained,
                judged and, if better, verified in service
  --workloads   names of the workloads to run, joined by commas (default: all of the stack)
  --port        TCP port on 127.0.0.1 (default 4599; 0 takes a free one)
  --state       folder that outlives the process (default .perennial; with --once .perennial/once, emptied first, so that
                no cool-down of an earlier run stands in the way)
  --stack       stack whose settings are used (default dev)
`;

interface Command {
  once: boolean;
  workloads: string[] | null;
  port: number;
  stateFolder: string;
  /** Whether the state folder is emptied first. */
  isFresh: boolean;
  stack: string;
}

function readCommand(args: string[]): Command {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      once: { type: "boolean", default: false },
      workloads: { type: "string" },
      port: { type: "string", default: "4599" },
      state: { type: "string" },
      stack: { type: "string", default: "dev" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  if (positionals.join(" ") !== "start") throw new Error(`expected the command start.\n\n${USAGE}`);
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`--port is ${values.port}; expected a whole number from 0 to 65535.`);
  }
  const { once, workloads, state, stack } = values;
  const stateFolder = state ?? join(REPOSITORY, once ? ".perennial/once" : ".perennial");
  const isFresh = once && state === undefined;
  return { once, workloads: workloads?.split(",") ?? null, port, stateFolder, isFresh, stack };
}

/** Resolves with the signal that asks for the end. A second one doesn't wait for a tidy one. */
function untilStopped(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        if (isStopping) process.exit(1);
        isStopping = true;
        resolve(signal);
      });
    }
  });
}
let isStopping = false;

async function start(command: Command): Promise<number> {
  const { once, workloads, port, stateFolder, isFresh, stack } = command;
  const python = join(REPOSITORY, ".venv/bin/python");
  if (!existsSync(python)) {
    throw new Error(`${relative(process.cwd(), python)} is missing: run make setup, which installs it.`);
  }
  refuseSecond(stateFolder);
  if (isFresh) rmSync(stateFolder, { recursive: true, force: true });
  mkdirSync(stateFolder, { recursive: true });
  const began = performance.now();
  const stopped = untilStopped();
  // With --once the summary alone belongs to standard output.
  const screen = new Screen((line) => (once ? process.stderr : process.stdout).write(`${line}\n`));
  const cloud = await openCloud({
    repository: REPOSITORY,
    stateFolder,
    stack,
    port,
    python,
    ...(workloads === null ? {} : { settings: { "perennial:workloads": JSON.stringify(workloads) } }),
    onProgress: screen.progress,
  });
  try {
    const { url, account } = cloud;
    const httpApiUrl = cloud.httpApis.url;
    const instance = {
      url,
      pid: process.pid,
      stack,
      region: account.region,
      ...(httpApiUrl === null ? {} : { httpApiUrl }),
    };
    writeInstance(stateFolder, instance);
    await cloud.sageMaker.settled();
    const platform = await readPlatform(cloud, stack);
    screen.say(`in service at ${url}: ${platform.workloads.map(({ endpoint }) => endpoint).join(", ")}`);
    // It takes some seconds that nobody waits for: retrainings are told to it afterwards.
    void showTracking(cloud, screen, (trackingUrl) =>
      writeInstance(stateFolder, { ...instance, trackingUrl }),
    );
    const results: RetrainingResult[] = [];
    const working = renew(cloud, platform, once, screen, results);
    const signal = await Promise.race([stopped, working.then(() => null)]);
    if (signal === null && results.length > 0) {
      const rows = await Promise.all(results.map((result) => rowOf(cloud, platform, result)));
      screen.say(`what is in service:\n\n${table(rows)}\n`);
    }
    if (signal === null && !once) {
      const answering = platform.workloads.map(({ name, endpoint, functionAlias }) => ({
        name,
        endpoint,
        functionAlias,
        record: writeExampleRecord(cloud.resources, name, stateFolder),
      }));
      const list = inColumns(
        ["endpoint or function", "takes such a record"],
        answering.map(({ endpoint, record }) => [endpoint, record]),
      );
      if (answering.length > 1) screen.say(`what answers:\n\n${list}\n`);
      const [first] = answering;
      if (first !== undefined) {
        const { endpoint, functionAlias: alias, record } = first;
        const interpreter = relative(process.cwd(), python);
        const { region } = account;
        const shown =
          alias === undefined
            ? examples(url, region, endpoint, record, interpreter)
            : functionExamples(
                url,
                region,
                { functionName: endpoint, alias },
                writeExampleCall(record),
                interpreter,
              );
        screen.say(`${endpoint} answers.\n\n${shown}`);
        if (httpApiUrl !== null) {
          const [keyFile = null] = cloud.httpApis.keys.files;
          screen.say(httpExample(httpApiUrl, keyFile, first.name, record));
        }
      }
      screen.say("Running until Ctrl-C.");
      await stopped;
    }
    const isComplete = signal === null && results.length > 0 && results.every(isDone);
    if (once) {
      const seconds = Math.round((performance.now() - began) / 100) / 10;
      const summary = { ok: isComplete, stack, url, seconds, stages: screen.timings, workloads: results };
      process.stdout.write(`${JSON.stringify(summary)}\n`);
      return isComplete ? 0 : 1;
    }
    return 0;
  } finally {
    if (!once) screen.say("Stopping …");
    await cloud.close();
    removeInstance(stateFolder);
  }
}

async function showTracking(
  cloud: LocalCloud,
  screen: Screen,
  announce: (url: string) => void,
): Promise<void> {
  try {
    const url = await cloud.tracking.open();
    if (url === null || isStopping) return;
    announce(url);
    screen.say(`runs and versions, as MLflow shows them: ${url}`);
  } catch (error) {
    if (!isStopping) screen.say(`! no tracking server: ${(error as Error).message}`);
  }
}

/** Retrains every workload, one after the other; a later start leaves those alone that have been retrained before. */
async function renew(
  cloud: LocalCloud,
  platform: Platform,
  once: boolean,
  screen: Screen,
  results: RetrainingResult[],
): Promise<void> {
  for (const workload of platform.workloads) {
    const { executions } = (await cloud.call("states", "ListExecutions", {
      stateMachineArn: workload.retrainStateMachineArn,
      statusFilter: "SUCCEEDED",
    })) as { executions: unknown[] };
    if (!once && executions.length > 0) continue;
    const result = await retrain(cloud, platform, workload, "started on this machine");
    results.push(result);
    screen.say(told(result));
  }
}

function told({
  workload,
  status,
  reason,
  verdict,
  registration,
  rollout,
  seconds,
}: RetrainingResult): string {
  if (status === "HELD") {
    return `${workload}: held back: ${reason}. It starts by itself within a quarter of an hour after that, and what is in service answers until then. To begin anew: make clean.`;
  }
  if (verdict === null && status === "SUCCEEDED") return `${workload}: ${reason}`;
  if (verdict === null) return `${workload}: ${status.toLowerCase()}: ${reason}`;
  const after =
    rollout === null
      ? registration === null
        ? ""
        : ` Version ${registration.version} is ${registration.approvalStatus}.`
      : ` Version ${registration?.version} ${rollout.status === "SUCCEEDED" ? "is verified in service" : `did not go into service: ${rollout.reason}`}.`;
  return `${workload}: ${verdict.status}. ${verdict.reason}${after} ${seconds} s from request to end.`;
}

try {
  process.exitCode = await start(readCommand(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
