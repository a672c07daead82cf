import { z } from "zod";
import { Estimate } from "./evaluation.ts";
import { ExecutionName, S3Uri, Sha256, WorkloadName } from "./names.ts";

/** One rule of the gate, with everything needed to understand how it went. */
export const Check = z.strictObject({
  name: z.enum([
    "primary",
    "slice",
    // Paired, beside the primary one: Brier, log loss or MAE mustn't get worse.
    "brier",
    "log-loss",
    "mae",
    "calibration-slope",
    "calibration-mean",
    "coverage",
    "latency",
    "size",
    "rows",
    "predictions",
    "looks",
  ]),
  /** `too few`: the rule couldn't be asked and therefore neither passed nor rejected. */
  outcome: z.enum(["passed", "failed", "too few"]),
  /** The finding in words and numbers, for a person. */
  finding: z.string(),
  /** What was measured, where it is one figure, and the limit it was held against. */
  measured: Estimate.nullable(),
  limit: z.string().nullable(),
});
export type Check = z.output<typeof Check>;

export const VerdictStatus = z.enum(["better", "tie", "worse", "refused", "unchanged"]);
export type VerdictStatus = z.output<typeof VerdictStatus>;

/**
 * The gate's decision about a challenger.
 * - `better`: the paired interval lies above zero and every absolute rule holds. Only this one can be approved.
 * - `tie`: the interval holds zero; the champion stays. `worse`: it lies below zero.
 * - `refused`: an absolute rule, a slice, or an undefined metric rejects it.
 * - `unchanged`: the same model as the champion; not a look at the holdout, nothing is registered.
 */
export const Verdict = z.strictObject({
  workload: WorkloadName,
  execution: ExecutionName,
  status: VerdictStatus,
  /** One sentence, at most 1,024 characters: it becomes the model package's approval description. */
  reason: z.string().max(1024),
  checks: z.array(Check),
  /** Which look at this holdout it was, of how many, and the α spent on it. Null where none was taken. */
  look: z
    .strictObject({
      holdoutSha256: Sha256,
      number: z.int().positive(),
      of: z.int().positive(),
      alpha: z.number(),
    })
    .nullable(),
  /** Of the primary metric, so that above zero the challenger is better. */
  difference: Estimate,
  evaluationUri: S3Uri,
});
export type Verdict = z.output<typeof Verdict>;

/** What `judge-challenger` answers to the workflow. */
export const VerdictReference = z.strictObject({
  status: VerdictStatus,
  reason: z.string(),
  verdictUri: S3Uri,
});
export type VerdictReference = z.output<typeof VerdictReference>;
