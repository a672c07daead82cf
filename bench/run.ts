/** `npm run bench`: everything the platform promises about speed and memory, in one run, with machine and versions. */
import { cpus, platform, release, totalmem } from "node:os";
import { join } from "node:path";
import hospital from "@perennial/workloads/hospital-readmission/workload.ts";
import { trainedModel } from "../test/support/trained-model.ts";
import { BATCH_TARGET, CORES, measureBatch } from "./batch.ts";
import { measureLambda, showLambda } from "./lambda-zip.ts";
import { LOOP_TARGETS, LOOP_WORKLOAD, measureLoop } from "./loop.ts";
import { measureProgram, PROGRAM_TARGET_SECONDS } from "./program.ts";
import { everyWorkload, measureRetrainings, RETRAINING_TARGET } from "./retraining.ts";
import { measureScoring, SCORING_TARGETS } from "./scoring.ts";

const say = (text: string): void => void process.stderr.write(`${text} …\n`);

say("evaluating the program");
const program = await measureProgram();
say("training the model that is scored, unless it is at hand");
const { model, holdout } = await trainedModel(hospital);
say("scoring");
const scoring = await measureScoring(model, join(holdout, "rows.jsonl.gz"));
say("starting a scoring function from cold");
const lambda = await measureLambda();
say("running the loop from a fresh state");
const loop = await measureLoop([LOOP_WORKLOAD]);
say("retraining every workload, one after the other");
const retrainings = await measureRetrainings(everyWorkload());
say("scoring a file of a million records, twice");
const batches = await measureBatch();

const retraining = Math.max(...loop.summary.workloads.map(({ seconds }) => seconds));
const machine = {
  processor: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  system: `${platform()} ${release()}`,
  node: process.version,
};
console.table(machine);
console.log(
  `Scored: ${scoring.model.trees} trees of depth ${scoring.model.depth}, ${scoring.model.inputs} inputs, one thread.`,
);
console.table({
  "start to a verified champion (s)": {
    measured: loop.summary.seconds,
    target: `at most ${LOOP_TARGETS.startToChampion}`,
  },
  "one retraining, trigger to verified rollout (s)": {
    measured: retraining,
    target: `at most ${LOOP_TARGETS.retraining}`,
  },
  "evaluate the program, record its graph (s)": {
    measured: program.medianSeconds,
    target: `at most ${PROGRAM_TARGET_SECONDS}`,
  },
  "one raw record, p50 (µs)": {
    measured: scoring.oneRecordMicros.p50,
    target: `at most ${SCORING_TARGETS.oneRecordMicros}`,
  },
  "batches of 1,000 (records/s per core)": {
    measured: scoring.batchOf1000.recordsPerSecondPerCore,
    target: `at least ${SCORING_TARGETS.recordsPerSecondPerCore}`,
  },
});
console.log(`A scoring function's zip, ${lambda.starts} cold starts:`);
showLambda(lambda);
console.log(`Retraining with defaults, each workload alone, target at most ${RETRAINING_TARGET} s:`);
console.table(retrainings.map(({ peakMiB, ...cost }) => ({ ...cost, ...peakMiB })));
console.log(
  `A file of raw records, ${CORES} worker threads, target at least ${BATCH_TARGET} records a second:`,
);
console.table(
  batches.map(({ peakMiBByQuarter, ...cost }) => ({ ...cost, "peak MiB": peakMiBByQuarter.join(" ") })),
);
console.log("Where the time of the loop goes, in seconds:");
console.table(Object.fromEntries(loop.summary.stages.map(({ stage, seconds }) => [stage, { seconds }])));
console.log("Peak memory of each process, MiB:");
console.table(Object.fromEntries(loop.processes.map(({ what, peakMiB }) => [what, { peakMiB }])));
console.log(JSON.stringify({ machine, program, scoring, lambda, loop, retrainings, batches }));
