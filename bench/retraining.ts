/**
 * What one full retraining of each workload costs with its defaults, from the request to a verified rollout: each alone, on
 * a local cloud that was just started. Run with `node bench/retraining.ts [workload…]`; the last line is JSON.
 */
import { existsSync, readdirSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { measureLoop } from "./loop.ts";

/** What the platform promises of every workload, in seconds. */
export const RETRAINING_TARGET = 45;
const WORKLOADS = join(import.meta.dirname, "../workloads");

export interface RetrainingCost {
  workload: string;
  /** From the request to the end of the workflow and its rollout. */
  seconds: number;
  /** Largest resident set of the two jobs, MiB. */
  peakMiB: { prepare: number; train: number };
  load: number;
}

/** Every workload's folder; a variant is trained by the same jobs. */
export const everyWorkload = (): string[] =>
  readdirSync(WORKLOADS).filter((name) => existsSync(join(WORKLOADS, name, "workload.ts")));

/** Retrains the workloads one after the other. */
export async function measureRetrainings(names: readonly string[]): Promise<RetrainingCost[]> {
  const costs: RetrainingCost[] = [];
  for (const name of names) {
    const load = Math.round((loadavg()[0] ?? 0) * 10) / 10;
    const { summary, processes } = await measureLoop([name]);
    const peakOf = (what: string): number =>
      processes.find((process) => process.what === what)?.peakMiB ?? Number.NaN;
    const peakMiB = { prepare: peakOf("job: prepare"), train: peakOf("job: train") };
    costs.push({ workload: name, seconds: summary.workloads[0]?.seconds ?? Number.NaN, peakMiB, load });
  }
  return costs;
}

if (import.meta.main) {
  const asked = process.argv.slice(2);
  const costs = await measureRetrainings(asked.length > 0 ? asked : everyWorkload());
  console.table(costs.map(({ peakMiB, ...cost }) => ({ ...cost, ...peakMiB, target: RETRAINING_TARGET })));
  console.log(JSON.stringify(costs));
}
