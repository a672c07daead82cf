import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { onServerCore } from "./load.ts";
import { peerCommand, peerEnvironment } from "./servers.ts";

const run = promisify(execFile);

/** In microseconds: medians of one record's time, and the processor time of a batch. */
export interface InProcess {
  perennial: { one: number; oneP99: number; batch: number };
  python: { onePipeline: number; oneInplacePredict: number; batchPipeline: number };
  versions: { python: string; xgboost: string };
}

/** Ours and Python's in turns, each in a process of its own; medians over the turns. */
export async function measureInProcess({
  trained,
  model,
  bodies,
  turns,
}: {
  trained: string;
  model: string;
  bodies: string;
  turns: number;
}): Promise<InProcess> {
  const ours: InProcess["perennial"][] = [];
  const theirs: (InProcess["python"] & InProcess["versions"])[] = [];
  const script = join(import.meta.dirname, "ours-in-process.ts");
  const env = { PATH: process.env["PATH"] ?? "", ...peerEnvironment(trained, bodies) };
  for (let turn = 0; turn < turns; turn += 1) {
    const one = await run(...onServerCore(process.execPath, script, model, bodies));
    ours.push(JSON.parse(one.stdout) as InProcess["perennial"]);
    const other = await run(...peerCommand("in_process.py"), { env });
    theirs.push(JSON.parse(other.stdout) as InProcess["python"] & InProcess["versions"]);
  }
  return {
    perennial: {
      one: median(ours.map(({ one }) => one)),
      oneP99: median(ours.map(({ oneP99 }) => oneP99)),
      batch: median(ours.map(({ batch }) => batch)),
    },
    python: {
      onePipeline: median(theirs.map(({ onePipeline }) => onePipeline)),
      oneInplacePredict: median(theirs.map(({ oneInplacePredict }) => oneInplacePredict)),
      batchPipeline: median(theirs.map(({ batchPipeline }) => batchPipeline)),
    },
    versions: { python: theirs[0]?.python ?? "", xgboost: theirs[0]?.xgboost ?? "" },
  };
}

/** The middle of several measurements. */
export function median(values: readonly number[]): number {
  const ascending = values.toSorted((one, other) => one - other);
  return ascending[Math.floor(ascending.length / 2)] ?? Number.NaN;
}
