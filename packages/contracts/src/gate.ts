import { z } from "zod";
import { Share } from "./names.ts";
import type { TaskKind } from "./task.ts";

/** The metrics that a gate can decide by, with the task they belong to and whether more is better. */
export const PRIMARY_METRICS = {
  rocAuc: { task: "binary", isHigherBetter: true },
  /** Ranked probability score over ordered classes (Epstein 1969), divided by their number less one. */
  rps: { task: "multiclass", isHigherBetter: false },
  rmse: { task: "regression", isHigherBetter: false },
} as const satisfies Record<string, { task: TaskKind; isHigherBetter: boolean }>;
export type PrimaryMetric = keyof typeof PRIMARY_METRICS;

const metrics = Object.keys(PRIMARY_METRICS) as [PrimaryMetric, ...PrimaryMetric[]];

/** What is held against absolute limits, whatever the champion does. */
const Calibration = z.union([
  /** Of probabilities; with several classes each of them is held to it. */
  z.strictObject({
    /** Least and largest slope of the logistic recalibration that is accepted; 1 is perfect. */
    slope: z.tuple([z.number(), z.number()]),
    /** Width, in standard errors, of the interval around the mean prediction that must hold the observed rate. */
    meanZ: z.number().gt(0),
  }),
  /** Of prediction intervals: least and largest share of outcomes that they hold. */
  z.strictObject({ coverage: z.tuple([Share, Share]) }),
]);

/** The rules by which a challenger becomes champion. */
export const Gate = z.strictObject({
  primary: z.enum(metrics),
  /** Probability of promoting an equal challenger over the whole life of a holdout, spent over `looks` looks. */
  alpha: z.number().gt(0).max(0.2),
  looks: z.int().min(1).max(520),
  /** Bootstrap replicates behind each paired interval. */
  replicates: z.int().min(200).max(20_000),
  minRows: z.int().positive(),
  slices: z.strictObject({
    columns: z.array(z.string()),
    /** Fewest rows for a slice to count: of each class, or in all for a quantity. */
    minPerClass: z.int().positive(),
    /** Loss of the primary metric in a slice that rejects a challenger, once the interval lies wholly beyond it. */
    margin: z.number().min(0),
  }),
  calibration: Calibration,
  budgets: z.strictObject({
    /** Median time to score one raw record in process, in microseconds. */
    scoreMicros: z.number().positive(),
    artifactMiB: z.number().positive(),
  }),
});
export type Gate = z.output<typeof Gate>;

/**
 * The data gate: what is asked of the data before anything is trained. Columns, types, ranges, unique keys, groups that
 * straddle parts, and the number of rows are always checked.
 */
export const DataChecks = z.strictObject({
  /** Largest share of rows in which a column may be missing; a column that isn't listed may always be. */
  missing: z.record(z.string(), Share).default({}),
  /** Largest share of a category's rows that hold a level which isn't listed. */
  unseenShare: Share.default(0.05),
  /** Largest share of rows that repeat another one in everything but the key. */
  duplicateShare: Share.default(0.01),
  /** Least share of rows of each class; for a quantity, of rows that aren't its most frequent value. */
  minClassShare: Share.default(0.01),
  /**
   * Leakage: largest strength that a single column may predict the target with, 0 none, 1 perfect. Of classes the Gini
   * coefficient |2 · AUC − 1|, of a quantity Spearman's |ρ|.
   */
  singleColumnStrength: Share.default(0.95),
  /** Oldest that the newest row may be, in days, where `source.time` holds days; null: any age. */
  freshnessDays: z.number().positive().nullable().default(null),
  /** Against the last accepted snapshot: share of columns whose population stability index may exceed `psi`. */
  drift: z.strictObject({ psi: z.number().positive(), share: Share }).default({ psi: 0.25, share: 0.5 }),
});
export type DataChecks = z.output<typeof DataChecks>;
