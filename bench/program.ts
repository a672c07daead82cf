/**
 * What it takes to evaluate the Pulumi program and record its graph, each time in a fresh thread. Run with
 * `node bench/program.ts`; the last line is JSON.
 */
import { join } from "node:path";
import { evaluate } from "../local/program/evaluate.ts";
import { readStack } from "../local/program/settings.ts";

/** What the platform promises, in seconds. */
export const PROGRAM_TARGET_SECONDS = 3;
const RUNS = 5;
const REPOSITORY = join(import.meta.dirname, "..");

export async function measureProgram(): Promise<{ medianSeconds: number; resources: number }> {
  const settings = readStack(REPOSITORY, "dev");
  const times: number[] = [];
  let resources = 0;
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    ({
      resources: { length: resources },
    } = await evaluate(REPOSITORY, settings));
    times.push((performance.now() - start) / 1000);
  }
  const middle = times.sort((one, other) => one - other)[Math.floor(RUNS / 2)] ?? Number.NaN;
  return { medianSeconds: Math.round(middle * 100) / 100, resources };
}

if (import.meta.main) console.log(JSON.stringify(await measureProgram()));
