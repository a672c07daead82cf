/**
 * What the loop costs on this machine: one retraining of a workload from a fresh state, from the command to a verified champion, with
 * the time of each stage and the peak memory of each process. Run with `node bench/loop.ts [workload…]`; the last line is JSON.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { watchProcesses, type ProcessPeak } from "./processes.ts";

/** The workload that the targets of the loop are for. */
export const LOOP_WORKLOAD = "hospital-readmission";
/** What the platform promises, in seconds. */
export const LOOP_TARGETS = { startToChampion: 60, retraining: 30 };

const Summary = z.object({
  ok: z.boolean(),
  seconds: z.number(),
  stages: z.array(z.object({ stage: z.string(), seconds: z.number() })),
  workloads: z.array(z.object({ workload: z.string(), seconds: z.number() })),
});

export interface LoopCost {
  summary: z.output<typeof Summary>;
  processes: ProcessPeak[];
}

/**
 * Runs the loop of `workloads` alone.
 *
 * @throws where it did not end with a judged challenger, with what it printed.
 */
export async function measureLoop(workloads: readonly string[]): Promise<LoopCost> {
  const stateFolder = mkdtempSync(join(tmpdir(), "perennial-bench-"));
  const main = join(import.meta.dirname, "../local/main.ts");
  try {
    const only = ["--workloads", workloads.join(",")];
    const child = spawn(
      process.execPath,
      [main, "start", "--once", "--port", "0", "--state", stateFolder, ...only],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    const watch = watchProcesses(child.pid ?? 0);
    const output = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    const processes = watch.stop();
    if (code !== 0) throw new Error(`the loop ended with ${code}:\n${output.stderr}${output.stdout}`);
    const last = output.stdout.trimEnd().split("\n").at(-1) ?? "";
    return { summary: Summary.parse(JSON.parse(last)), processes };
  } finally {
    rmSync(stateFolder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const cost = await measureLoop(process.argv.length > 2 ? process.argv.slice(2) : [LOOP_WORKLOAD]);
  console.table(cost.summary.stages);
  console.table(cost.processes);
  console.log(JSON.stringify(cost));
}
