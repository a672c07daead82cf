import { z } from "zod";
import { Sha256, WorkloadName } from "./names.ts";

/**
 * What a training tells about itself, beside the artifact: written under `/opt/ml/output/data`, which SageMaker packs
 * into `<S3OutputPath>/<training job>/output/output.tar.gz`. `track-model` brings it to the tracking server, long after
 * the training ended. Unlike the artifact it may hold timings.
 *
 * ```text
 * run.json        RunSummary
 * metrics.jsonl   one RunMetric a line: histories of the model that was kept; absent where there are none
 * trials.jsonl    one RunTrial a line, in order of their numbers; absent where nothing was tried
 * plots/*.png     calibration, roc, precision-recall, residuals, importance, …: file names are lower case words and hyphens
 * ```
 */
export const RUN_RECORD = {
  summary: "run.json",
  metrics: "metrics.jsonl",
  trials: "trials.jsonl",
  plots: "plots/",
} as const;

/** Largest run record that is read, unpacked, in MiB. A bigger one is a mistake of whoever wrote it. */
export const RUN_RECORD_MAX_MIB = 64;

/**
 * Name of a parameter, metric or tag, in the letters that MLflow allows on every platform. A slash groups metrics in its
 * charts: `validation/rocAuc`.
 */
export const RunKey = z
  .string()
  .max(250)
  // Spelt out: \w means more letters in Python than in JavaScript.
  .regex(
    /^[A-Za-z0-9_][A-Za-z0-9_.\- ]*(\/[A-Za-z0-9_][A-Za-z0-9_.\- ]*)*$/,
    "expected letters, digits, _ - . and spaces, in parts joined by /",
  );

/** JSON has no NaN and no infinity: a metric that isn't defined is left out. */
const Measured = z.number();

/** MLflow keeps a parameter as text of at most 6,000 characters. */
const Parameter = z.union([z.string().max(6000), z.number(), z.boolean()]);
const Parameters = z.record(RunKey, Parameter);

/** `run.json`: the training as a whole, and the model that was kept. */
export const RunSummary = z.strictObject({
  format: z.literal(1),
  workload: WorkloadName,
  /** Kind of the algorithm that was kept. */
  algorithm: z.string().min(1),
  /** Everything that decided the model: hyperparameters of the algorithm that was kept, features, seeds, search settings. */
  params: Parameters,
  /** Final figures. None is of the holdout or of the audit part: those are sealed from training and come from the evaluation. */
  metrics: z.record(RunKey, Measured),
  /** Texts worth searching for: versions of libraries, engine, how the search ended. */
  tags: z.record(RunKey, z.string().max(5000)),
  hashes: z.strictObject({ data: Sha256, spec: Sha256, code: Sha256 }),
  /** What the trials were compared by, and which won; null where there was only one thing to fit. */
  search: z
    .strictObject({
      /** Name of the metric that every value of a trial is of. */
      objective: RunKey,
      direction: z.enum(["minimize", "maximize"]),
      /** Number of the trial that was kept. */
      best: z.int().min(0),
    })
    .nullable(),
});
export type RunSummary = z.output<typeof RunSummary>;

/** One line of `metrics.jsonl`: a metric after one round, epoch or step of the model that was kept. */
export const RunMetric = z.strictObject({ name: RunKey, step: z.int().min(0), value: Measured });
export type RunMetric = z.output<typeof RunMetric>;

/**
 * One line of `trials.jsonl`: one setting that was tried. With several algorithms and no search, each algorithm's fit is a
 * trial.
 */
export const RunTrial = z.strictObject({
  number: z.int().min(0),
  algorithm: z.string().min(1),
  params: Parameters,
  state: z.enum(["complete", "pruned", "failed"]),
  /** The objective as it went, in ascending steps; empty where the algorithm has no rounds. */
  values: z.array(z.strictObject({ step: z.int().min(0), value: Measured })),
  /** The objective at the end; null where the trial has none. */
  value: Measured.nullable(),
  /** Why it was pruned or failed, in one sentence; null for a complete one. */
  reason: z.string().max(1000).nullable(),
  /** Seconds that the trial took. */
  seconds: z.number().min(0),
});
export type RunTrial = z.output<typeof RunTrial>;
