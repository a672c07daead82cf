import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { RealClock } from "../clock.ts";
import { openCloud } from "../cloud.ts";
import { inColumns } from "../columns.ts";
import { refuseSecond, removeInstance, writeInstance } from "../instance.ts";
import { readPlatform } from "../published.ts";
import { isDone, retrain } from "../retraining.ts";
import { Screen } from "../screen.ts";
import { readReplay } from "./declaration.ts";
import { runReplay } from "./replay.ts";
import type { ReplayedBatch } from "./summary.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const STACK = "dev";
const USAGE = `Usage: node local/replay/main.ts <workload> [--rows n] [--state .perennial/replay] [--json]

Retrains the workload on a local cloud of its own, then sends the batches of workloads/<workload>/replay/batches.json to its
endpoint, one after another in virtual time. Captured requests and the outcomes that follow stay in the state folder's lake,
capture/<workload>/ and labels/<workload>/, and are joined by inference id for the table at the end.

  --rows    most records of each batch (default: as many as it declares)
  --state   folder that holds what was written; emptied first (default .perennial/replay)
  --json    print the summary as JSON
  --help    print this

Exits with 0 if every record that was answered has its label and, where all are to be captured, its capture; with 1 if not,
or if something failed; with 2 if the command is wrong.
`;

class WrongCommand extends Error {}

interface Command {
  name: string;
  mostRows: number;
  stateFolder: string;
  isJson: boolean;
}

/** @returns null where only help is asked for. */
function readCommand(args: string[]): Command | null {
  const options = {
    rows: { type: "string" },
    state: { type: "string", default: join(REPOSITORY, ".perennial/replay") },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  } as const;
  const { values, positionals } = ((): ReturnType<typeof read> => {
    try {
      return read();
    } catch (error) {
      throw new WrongCommand(`${(error as Error).message}\n\n${USAGE}`, { cause: error });
    }
  })();
  function read() {
    return parseArgs({ args, allowPositionals: true, options });
  }
  if (values.help) return null;
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0) {
    throw new WrongCommand(`${positionals.length} workloads are named; expected one.\n\n${USAGE}`);
  }
  const mostRows = values.rows === undefined ? Infinity : Number(values.rows);
  if (values.rows !== undefined && !(Number.isInteger(mostRows) && mostRows > 0)) {
    throw new WrongCommand(`--rows is ${values.rows}; expected a whole number from 1.`);
  }
  return { name, mostRows, stateFolder: values.state, isJson: values.json };
}

async function run({ name, mostRows, stateFolder, isJson }: Command): Promise<number> {
  const { folder, replay } = readReplay(join(REPOSITORY, "workloads"), name);
  const python = join(REPOSITORY, ".venv/bin/python");
  if (!existsSync(python)) {
    throw new Error(`${relative(process.cwd(), python)} is missing: run make setup, which installs it.`);
  }
  refuseSecond(stateFolder);
  rmSync(stateFolder, { recursive: true, force: true });
  mkdirSync(stateFolder, { recursive: true });
  const screen = new Screen((line) => process.stderr.write(`${line}\n`));
  const clock = new RealClock();
  const cloud = await openCloud({
    repository: REPOSITORY,
    stateFolder,
    stack: STACK,
    port: 0,
    python,
    settings: { "perennial:workloads": JSON.stringify([name]) },
    clock,
    onProgress: screen.progress,
  });
  try {
    writeInstance(stateFolder, {
      url: cloud.url,
      pid: process.pid,
      stack: STACK,
      region: cloud.account.region,
    });
    await cloud.sageMaker.settled();
    const platform = await readPlatform(cloud, STACK);
    const workload = platform.workloads.find((one) => one.name === name);
    if (workload === undefined) throw new Error(`the platform publishes no workload ${name}`);
    if (workload.functionAlias !== undefined) {
      throw new Error(
        `${name} is answered by a function, and what a function is asked isn't captured: there would be nothing to read ` +
          "back. Replay a workload of serving mode realtime.",
      );
    }
    const first = await retrain(cloud, platform, workload, "a model to replay against");
    if (!isDone(first)) throw new Error(`${name} was not retrained: ${first.reason ?? first.status}`);
    const say = (line: string): void => screen.say(line);
    const batches = await runReplay({ cloud, clock, platform, workload, replay, folder, mostRows, say });
    const isWhole = batches.every((batch) => batch.isWhole);
    const summary = isJson ? JSON.stringify({ ok: isWhole, workload: name, batches }) : `\n${table(batches)}`;
    process.stdout.write(`${summary}\n`);
    if (!isWhole) screen.say("! a capture or a label is missing: compare the columns of the summary");
    return isWhole ? 0 : 1;
  } finally {
    await cloud.close();
    removeInstance(stateFolder);
  }
}

function table(batches: readonly ReplayedBatch[]): string {
  const counts = ["requests", "records", "refused", "captured", "labels"] as const;
  const metric = batches[0]?.metric ?? "";
  const figure = (value: number | null): string => value?.toFixed(3) ?? "–";
  return inColumns(
    [
      "batch",
      "drift",
      "version",
      ...counts.map((count) => `>${count}`),
      ">mean predicted",
      // Of a binary task it is the share of the positive.
      ">mean observed",
      `>${metric}`,
    ],
    batches.map((batch) => [
      batch.name,
      batch.drift,
      batch.versions.join(", "),
      ...counts.map((count) => String(batch[count])),
      figure(batch.meanPredicted),
      figure(batch.meanObserved),
      figure(batch.value),
    ]),
  );
}

try {
  const command = readCommand(process.argv.slice(2));
  if (command === null) process.stdout.write(USAGE);
  else process.exitCode = await run(command);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = error instanceof WrongCommand ? 2 : 1;
}
