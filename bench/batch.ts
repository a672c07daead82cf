/**
 * What scoring a file costs, by the code behind `perennial batch`: a million raw records of the hospital's holdout, as CSV
 * and as JSON lines, scored by worker threads in a process of its own. Run with `node bench/batch.ts`; the last line is JSON.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import { parseArgs, promisify } from "node:util";
import { createGunzip } from "node:zlib";
import hospital from "@perennial/workloads/hospital-readmission/workload.ts";
import { z } from "zod";
import { runBatch } from "../apps/cli/batch/run.ts";
import type { Connection, Context } from "../apps/cli/context.ts";
import { trainedModel } from "../test/support/trained-model.ts";

const run = promisify(execFile);

/** What the platform promises: raw records a second on two cores. */
export const BATCH_TARGET = 100_000;
const RECORDS = 1_000_000;
/** Worker threads. */
export const CORES = 2;
const SAMPLED_EVERY_MS = 50;
const FORMATS = ["csv", "jsonl"] as const;

const Measured = z.object({
  records: z.number(),
  refused: z.number(),
  seconds: z.number(),
  recordsPerSecond: z.number(),
  /** By processor time, which a busy machine changes little: what two cores of one's own give. */
  recordsPerSecondOnTwoCores: z.number(),
  /** Largest resident set in each quarter of the run, MiB. Flat: the last is no larger than the second. */
  peakMiBByQuarter: z.array(z.number()),
});
export type BatchCost = z.output<typeof Measured> & { format: string; load: number };

/** Scores `records` records in each format. */
export async function measureBatch(records = RECORDS): Promise<BatchCost[]> {
  const { model, holdout } = await trainedModel(hospital);
  const folder = await mkdtemp(join(tmpdir(), "perennial-batch-"));
  try {
    const archive = join(folder, "model.tar.gz");
    await run("tar", ["-C", model, "-czf", archive, "."]);
    const costs: BatchCost[] = [];
    for (const format of FORMATS) {
      const [input, output] = [join(folder, `in.${format}`), join(folder, `out.${format}`)];
      await writeRecords(join(holdout, "rows.jsonl.gz"), input, format, records);
      const load = Math.round((loadavg()[0] ?? 0) * 10) / 10;
      const child = [import.meta.filename, "--archive", archive, "--input", input, "--output", output];
      const { stdout } = await run(process.execPath, child);
      costs.push({ format, load, ...Measured.parse(JSON.parse(stdout)) });
      await Promise.all([rm(input), rm(output)]);
    }
    return costs;
  } finally {
    await rm(folder, { recursive: true });
  }
}

type RawRecord = Record<string, string | number | null>;

/** Writes the holdout's records, over and over, until there are `count`. */
async function writeRecords(rows: string, target: string, format: string, count: number): Promise<void> {
  const records: RawRecord[] = [];
  for await (const line of createInterface({ input: createReadStream(rows).pipe(createGunzip()) }))
    records.push((JSON.parse(line) as { record: RawRecord }).record);
  const names = Object.keys(records[0] ?? {});
  const toLine = (record: RawRecord): string =>
    format === "csv" ? names.map((name) => record[name] ?? "").join(",") : JSON.stringify(record);
  const lines = records.map((record) => `${toLine(record)}\n`);
  const copies = function* (): Generator<string> {
    if (format === "csv") yield `${names.join(",")}\n`;
    for (let left = count; left > 0; left -= lines.length) yield lines.slice(0, left).join("");
  };
  await pipeline(copies, createWriteStream(target));
}

/** The child: scores one file and answers with what that took. */
async function scoreFile(archive: string, input: string, output: string): Promise<z.output<typeof Measured>> {
  const bytes = new Uint8Array(await readFile(archive));
  const artifactSha256 = createHash("sha256").update(bytes).digest("hex");
  const pointer = { version: 1, modelDataUrl: "s3://bench/model.tar.gz", artifactSha256 };
  const connection = {
    ledger: { readPointer: () => Promise.resolve(pointer) },
    s3: { send: () => Promise.resolve({ Body: { transformToByteArray: () => Promise.resolve(bytes) } }) },
    online: () => ({ read: () => Promise.reject(new Error("the hospital looks nothing up")) }),
  } as unknown as Connection;
  const context = {
    clock: { now: () => new Date() },
    terminal: { isInteractive: false },
    interrupted: new AbortController().signal,
  } as unknown as Context;
  const workload = { name: hospital.name, baselineUri: "" } as Parameters<typeof runBatch>[2];

  const samples: { at: number; mib: number }[] = [];
  const sample = (): void => {
    const pages = Number(readFileSync("/proc/self/statm", "utf8").split(" ")[1]);
    samples.push({ at: performance.now(), mib: (pages * 4096) / 2 ** 20 });
  };
  const timer = setInterval(sample, SAMPLED_EVERY_MS);
  const began = performance.now();
  const cpu = process.cpuUsage();
  const workers = Math.min(CORES, availableParallelism());
  const { progress } = await runBatch(context, connection, workload, { input, output, kept: [], workers });
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  clearInterval(timer);

  const records = progress.tally.scored + progress.refused;
  const quarterOf = (at: number): number => Math.min(3, Math.floor(((at - began) / 1_000 / seconds) * 4));
  const peakMiBByQuarter = [0, 1, 2, 3].map((quarter) =>
    Math.round(Math.max(0, ...samples.filter(({ at }) => quarterOf(at) === quarter).map(({ mib }) => mib))),
  );
  return {
    records,
    refused: progress.refused,
    seconds: Math.round(seconds * 100) / 100,
    recordsPerSecond: Math.round(records / seconds),
    recordsPerSecondOnTwoCores: Math.round((records / (user + system)) * 1e6 * CORES),
    peakMiBByQuarter,
  };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      archive: { type: "string" },
      input: { type: "string" },
      output: { type: "string" },
      records: { type: "string" },
    },
  });
  const { archive, input, output, records } = values;
  if (archive !== undefined && input !== undefined && output !== undefined) {
    console.log(JSON.stringify(await scoreFile(archive, input, output)));
  } else {
    const costs = await measureBatch(records === undefined ? RECORDS : Number(records));
    console.table(
      costs.map(({ peakMiBByQuarter, ...cost }) => ({ ...cost, "peak MiB": peakMiBByQuarter.join(" ") })),
    );
    console.log(JSON.stringify(costs));
  }
}
