import { z } from "zod";
import { crossFaults } from "./cross-reference.ts";
import { Feature } from "./feature.ts";
import { parse } from "./faults.ts";
import { Share, WorkloadName } from "./names.ts";

const described = { description: z.string().min(1) };

const Category = z.strictObject({
  type: z.literal("category"),
  ...described,
  /** Known levels, as text. A number in a record is read as its text, so that codes may come as either. */
  levels: z.array(z.string().min(1)).min(1),
  /** Whether a level that isn't listed is refused (true) or reaches the model as "unseen" (false). */
  closed: z.boolean().default(false),
  required: z.boolean().default(false),
});

const Code = z.strictObject({
  type: z.literal("code"),
  ...described,
  /** Regular expression that the whole text must match, in the syntax that JavaScript and Python share. */
  pattern: z.string().min(1),
  required: z.boolean().default(false),
});

const Numeric = z.strictObject({
  type: z.enum(["integer", "number"]),
  ...described,
  /** Smallest and largest value accepted, inclusive, in `unit`. */
  min: z.number(),
  max: z.number(),
  unit: z.string().optional(),
  required: z.boolean().default(false),
});

/** What a column of a record may hold. */
export const Column = z.discriminatedUnion("type", [Category, Code, Numeric]);

/** A column that `features.sql` adds to a record, such as a count over the same patient's earlier encounters. */
export const DerivedColumn = z.strictObject({
  ...Numeric.omit({ required: true }).shape,
  /**
   * Share of the training rows in which the value is withheld (by a hash of the key), so that the model also learns to
   * answer callers who leave it out.
   */
  withheldShare: Share,
});

const Source = z.strictObject({
  /** The first data file, relative to the workload's folder. Later files arrive beside it in the data lake. */
  path: z.string().regex(/^data\/[\w.-]+\.csv(\.gz)?$/, "expected data/<file>.csv or data/<file>.csv.gz"),
  licence: z.string().min(1),
  citation: z.string().min(1),
  /** Texts that mean "missing" in this source. An empty field and null always do. */
  missingMarkers: z.array(z.string()),
  /** Fewest rows that a training may start from. */
  minRows: z.int().positive(),
  /** Column that identifies a row. */
  key: z.string(),
  /** Column that puts rows in order of time; it may be the key. */
  time: z.string(),
  /** Columns of the source that no model reads: identifiers, the target, what is known too late. */
  unused: z.record(z.string(), z.string().min(1)),
  /** Columns that the model may read. */
  columns: z.record(z.string(), Column),
  /** Rows outside the question that the model answers: not trained on, and refused at the endpoint with the reason. */
  excluded: z.array(
    z.strictObject({ column: z.string(), levels: z.array(z.string()).min(1), reason: z.string().min(1) }),
  ),
});

const BinaryTask = z.strictObject({
  kind: z.literal("binary"),
  /** Column of the source that holds the outcome, and its levels that count as positive and as negative. */
  target: z.string(),
  positive: z.array(z.string()).min(1),
  negative: z.array(z.string()).min(1),
  /** Name of the positive outcome, as answers and cards state it. */
  outcome: z.string().min(1),
  /** Probability that the baseline champion answers with before anything was trained. */
  prior: z.number().gt(0).lt(1),
  /** Share of the calibration rows that the decision threshold flags. */
  flaggedShare: z.number().gt(0).lt(1),
});

/** Parts of the data. The holdout is sealed from training; no gate reads the audit part. */
export const PARTS = ["train", "validation", "calibration", "holdout", "audit"] as const;
export type Part = (typeof PARTS)[number];

const Split = z
  .strictObject({
    /** Column whose rows stay together, such as the patient. */
    group: z.string(),
    /** Salt of the hash that deals groups to parts. Fixed before any model is seen, never changed for a better figure. */
    salt: z.string().min(8),
    shares: z.strictObject(
      Object.fromEntries(PARTS.map((part) => [part, z.number().gt(0).lt(1)])) as Record<Part, z.ZodNumber>,
    ),
  })
  .refine(({ shares }) => Math.abs(Object.values(shares).reduce((sum, share) => sum + share, 0) - 1) < 1e-9, {
    path: ["shares"],
    error: "the shares must add up to 1",
  });

/** XGBoost's parameters, by their own names (https://xgboost.readthedocs.io/en/stable/parameter.html). */
export const Hyperparameters = z.strictObject({
  num_round: z.int().min(1).max(5000),
  early_stopping_rounds: z.int().min(1).max(500),
  max_depth: z.int().min(1).max(12),
  eta: z.number().gt(0).max(1),
  min_child_weight: z.number().min(0).max(1000),
  subsample: z.number().gt(0).max(1),
  colsample_bytree: z.number().gt(0).max(1),
  reg_lambda: z.number().min(0).max(1000),
  reg_alpha: z.number().min(0).max(1000),
  gamma: z.number().min(0).max(100),
  max_bin: z.int().min(16).max(1024),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1),
});

const Gate = z.strictObject({
  primary: z.literal("rocAuc"),
  /** Probability of promoting an equal challenger over the whole life of a holdout, spent over `looks` looks. */
  alpha: z.number().gt(0).max(0.2),
  looks: z.int().min(1).max(520),
  /** Bootstrap replicates behind each paired interval. */
  replicates: z.int().min(200).max(20_000),
  minRows: z.int().positive(),
  slices: z.strictObject({
    columns: z.array(z.string()),
    /** Fewest rows of each class for a slice to count. */
    minPerClass: z.int().positive(),
    /** Loss of the primary metric in a slice that rejects a challenger, once the interval lies wholly beyond it. */
    margin: z.number().min(0).max(0.5),
  }),
  calibration: z.strictObject({
    /** Least and largest slope of the logistic recalibration that is accepted; 1 is perfect. */
    slope: z.tuple([z.number(), z.number()]),
    /** Width, in standard errors, of the interval around the mean prediction that must hold the observed rate. */
    meanZ: z.number().gt(0),
  }),
  budgets: z.strictObject({
    /** Median time to score one raw record in process, in microseconds. */
    scoreMicros: z.number().positive(),
    artifactMiB: z.number().positive(),
  }),
});

const Retraining = z.strictObject({
  /** EventBridge schedule expression, UTC. */
  schedule: z
    .string()
    .regex(/^(cron|rate)\(.+\)$/, "expected cron(…) or rate(…)")
    .default("cron(0 2 ? * SUN *)"),
  /** Least time between the starts of two retrainings. */
  coolDownMinutes: z.int().min(0).max(40_320),
  /** Most retrainings started in one day, UTC. */
  dailyBudget: z.int().min(1).max(100),
  /** Longest that one execution may take; its lease expires a little later. */
  timeoutMinutes: z.int().min(5).max(1440),
});

const Serving = z.strictObject({
  mode: z.literal("realtime"),
  maxRecords: z.int().min(1).max(100_000),
  maxBodyKiB: z
    .int()
    .min(1)
    .max(25 * 1024),
});

const Monitoring = z.strictObject({
  capturePercent: z.int().min(0).max(100),
  /** Share of drifted features above which the drift alarm asks for a retraining. */
  driftedShare: Share,
});

const shape = z.strictObject({
  name: WorkloadName,
  title: z.string().min(1),
  description: z.string().min(1),
  source: Source,
  /** Columns that `features.sql` adds to those of the source. */
  derived: z.record(z.string(), DerivedColumn),
  task: z.discriminatedUnion("kind", [BinaryTask]),
  split: Split,
  features: z.array(Feature).min(1),
  algorithm: z.strictObject({ kind: z.literal("xgboost"), hyperparameters: Hyperparameters }),
  gate: Gate,
  retraining: Retraining,
  serving: Serving,
  monitoring: Monitoring,
});

/** The one source of truth about a workload: plain data, the same in TypeScript, in Python and in a bucket. */
export const WorkloadSpec = shape.superRefine(
  (spec, context) => {
    for (const { path, message } of crossFaults(spec)) {
      context.addIssue({ code: "custom", path, message, input: undefined });
    }
  },
  // Asked of a spec that is out of shape too, so that its author hears of everything at once.
  { when: () => true },
);

export type WorkloadSpec = z.output<typeof WorkloadSpec>;
export type WorkloadSpecInput = z.input<typeof WorkloadSpec>;
export type Column = z.output<typeof Column>;
export type DerivedColumn = z.output<typeof DerivedColumn>;
export type Hyperparameters = z.output<typeof Hyperparameters>;

/**
 * Checks a workload's spec and fills in its defaults.
 *
 * @throws {InvalidInput} with all faults: path, value given, values allowed.
 */
export function defineWorkload(spec: WorkloadSpecInput): WorkloadSpec {
  return parse(WorkloadSpec, spec, `workload spec ${JSON.stringify(spec?.name)}`);
}
