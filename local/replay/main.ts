import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { parse, Platform, platformParameter, Replay, WorkloadSpec } from "@perennial/contracts";
import { RealClock } from "../clock.ts";
import { openCloud, type LocalCloud } from "../cloud.ts";
import { refuseSecond } from "../instance.ts";
import { isDone, retrain } from "../retraining.ts";
import { Screen } from "../screen.ts";
import { runReplay, type ReplayedBatch } from "./replay.ts";
import { readRows } from "./source-rows.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const STACK = "dev";
const USAGE = `Usage: node local/replay/main.ts <workload> [--state .perennial/replay] [--json]

Retrains the workload on a local cloud of its own, then sends the batches of workloads/<workload>/replay/batches.json to its
endpoint, one after another in virtual time. Captured requests and the outcomes that follow stay in the state folder's lake:
capture/<workload>/ and labels/<workload>/.

  --state   folder that holds what was written; emptied first (default .perennial/replay)
  --json    print the summary as JSON
`;

/** Reads what a workload declares to be replayed. @throws naming the file that is missing or what is wrong in it. */
function readReplay(name: string): { folder: string; replay: Replay } {
  const folder = join(REPOSITORY, "workloads", name);
  const file = join(folder, "replay/batches.json");
  if (!existsSync(file)) {
    throw new Error(`${relative(process.cwd(), file)} is missing: ${name} declares nothing to replay.`);
  }
  return {
    folder,
    replay: parse(Replay, JSON.parse(readFileSync(file, "utf8")), `${name}/replay/batches.json`),
  };
}

/** The spec as the recorded program holds it: with all its defaults. */
function specOf({ resources }: LocalCloud, name: string): WorkloadSpec {
  const stored = resources.find(({ inputs }) =>
    new RegExp(`^specs/${name}/.*spec\\.json$`).test(String(inputs["key"])),
  );
  return WorkloadSpec.parse(JSON.parse(String(stored?.inputs["content"])));
}

async function main(name: string, stateFolder: string, isJson: boolean): Promise<void> {
  const { folder, replay } = readReplay(name);
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
    python: join(REPOSITORY, ".venv/bin/python"),
    settings: { "perennial:workloads": JSON.stringify([name]) },
    clock,
    onProgress: screen.progress,
  });
  try {
    await cloud.sageMaker.settled();
    const { Parameter } = await cloud.call("ssm", "GetParameter", { Name: platformParameter(STACK) });
    const platform = Platform.parse(JSON.parse((Parameter as { Value: string }).Value));
    const workload = platform.workloads.find((one) => one.name === name);
    if (workload === undefined) throw new Error(`the platform publishes no workload ${name}`);
    const first = await retrain(cloud, platform, workload, "a model to replay against");
    if (!isDone(first)) throw new Error(`${name} was not retrained: ${first.reason ?? first.status}`);
    const spec = specOf(cloud, name);
    const files = new Map(
      Object.entries(replay.files).map(([file, path]) => [file, readRows(folder, path, spec)]),
    );
    const say = (line: string): void => screen.say(line);
    const batches = await runReplay({ cloud, clock, platform, workload, spec, replay, files, say });
    report(batches, isJson);
  } finally {
    await cloud.close();
  }
}

function report(batches: readonly ReplayedBatch[], isJson: boolean): void {
  if (isJson) {
    process.stdout.write(`${JSON.stringify({ batches })}\n`);
    return;
  }
  console.table(
    Object.fromEntries(
      batches.map(({ name, drift, rows, meanPredicted, meanObserved, metric, value }) => [
        name,
        {
          drift,
          rows,
          predicted: meanPredicted.toFixed(3),
          observed: meanObserved.toFixed(3),
          [metric]: value.toFixed(3),
        },
      ]),
    ),
  );
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    state: { type: "string", default: join(REPOSITORY, ".perennial/replay") },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const [name] = positionals;
if (values.help || name === undefined || positionals.length > 1) {
  (values.help ? process.stdout : process.stderr).write(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else {
  try {
    await main(name, values.state, values.json);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
