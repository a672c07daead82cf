/**
 * What scoring costs in process, in one thread: one raw record, object in and probability out, and batches of 1,000.
 * Run with `node bench/scoring.ts --model DIR --rows FILE`: an unpacked artifact, and a holdout's `rows.jsonl.gz`. The last
 * line is JSON.
 */
import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { loadModel, measureAll, type Model } from "@perennial/scoring";

const BATCH_ROWS = 1_000;
const SINGLE_CALLS = 20_000;
const BATCH_SECONDS = 3;
/** What the platform promises. */
export const SCORING_TARGETS = { oneRecordMicros: 60, recordsPerSecondPerCore: 150_000 };

const MIB = 2 ** 20;
const rssMiB = () => Math.round(process.memoryUsage.rss() / MIB);

function readRecords(file: string): unknown[] {
  const lines = gunzipSync(readFileSync(file)).toString("utf8").trimEnd().split("\n");
  return lines.map((line) => (JSON.parse(line) as { record: unknown }).record);
}

function batchesOf(records: readonly unknown[]): unknown[][] {
  const wanted = Math.max(BATCH_ROWS, records.length - (records.length % BATCH_ROWS));
  // A small file is repeated up to one batch.
  const rows = Array.from({ length: wanted }, (_, row) => records[row % records.length]);
  return Array.from({ length: wanted / BATCH_ROWS }, (_, batch) =>
    rows.slice(batch * BATCH_ROWS, (batch + 1) * BATCH_ROWS),
  );
}

/** Records a second: by the wall clock, and by the processor time that they took, which a busy machine doesn't change. */
async function throughput(
  model: Model,
  batches: readonly unknown[][],
): Promise<{ wall: number; perCore: number }> {
  for (const batch of batches) await model.score(batch);
  let records = 0;
  const start = performance.now();
  const cpu = process.cpuUsage();
  while (performance.now() - start < BATCH_SECONDS * 1_000) {
    for (const batch of batches) {
      await model.score(batch);
      records += batch.length;
    }
  }
  const { user, system } = process.cpuUsage(cpu);
  return {
    wall: Math.round((records / (performance.now() - start)) * 1_000),
    perCore: Math.round((records / (user + system)) * 1e6),
  };
}

/** Scores `rowsFile` by the artifact in `directory` and says how long that took. */
export async function measureScoring(directory: string, rowsFile: string) {
  const rssBefore = rssMiB();
  const start = performance.now();
  const model = await loadModel(directory);
  const loadMillis = performance.now() - start;
  const rssModel = rssMiB();
  const records = readRecords(rowsFile);
  const durations = await measureAll(model, records, () => performance.now(), SINGLE_CALLS);
  const quantile = (share: number) => Number(durations[Math.floor(durations.length * share)]?.toFixed(1));
  const { wall, perCore } = await throughput(model, batchesOf(records));
  const { trees, inputs, version, workload } = model.manifest;
  await model.close();
  return {
    model: { workload, version, trees: trees.count, depth: trees.depth, inputs: inputs.length },
    rows: records.length,
    loadMillis: Math.round(loadMillis),
    oneRecordMicros: { p50: quantile(0.5), p99: quantile(0.99) },
    batchOf1000: { recordsPerSecond: wall, recordsPerSecondPerCore: perCore },
    memoryMiB: {
      processBefore: rssBefore,
      withModel: rssModel,
      peak: Math.round(process.resourceUsage().maxRSS / 1024),
    },
    machine: {
      processor: cpus()[0]?.model ?? "unknown",
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      node: process.version,
    },
  };
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { model: { type: "string" }, rows: { type: "string" } } });
  if (values.model === undefined || values.rows === undefined) {
    throw new Error(
      "bench/scoring.ts: expected --model DIR (an unpacked artifact) and --rows FILE (rows.jsonl.gz)",
    );
  }
  const measured = await measureScoring(values.model, values.rows);
  const { model, oneRecordMicros, batchOf1000, memoryMiB } = measured;
  console.log(
    `${model.workload} ${model.version}: ${model.trees} trees of depth ${model.depth}, ${model.inputs} inputs`,
  );
  console.table({
    "one raw record, p50 (µs)": {
      measured: oneRecordMicros.p50,
      target: `at most ${SCORING_TARGETS.oneRecordMicros}`,
    },
    "one raw record, p99 (µs)": { measured: oneRecordMicros.p99, target: "" },
    "batches of 1,000 (records/s/core)": {
      measured: batchOf1000.recordsPerSecondPerCore,
      target: `at least ${SCORING_TARGETS.recordsPerSecondPerCore}`,
    },
    "batches of 1,000 (records/s, wall)": { measured: batchOf1000.recordsPerSecond, target: "" },
    "loading the artifact (ms)": { measured: measured.loadMillis, target: "" },
    "memory with the model (MiB)": { measured: memoryMiB.withModel, target: "" },
    "memory, peak with all rows (MiB)": { measured: memoryMiB.peak, target: "" },
  });
  console.log(JSON.stringify(measured));
}
