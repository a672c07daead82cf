import type { Groups } from "../groups.ts";
import type { Statistic } from "../statistic.ts";
import type { BinaryRows } from "./binary-rows.ts";
import { brierSkillStatistic, brierStatistic, logLossStatistic } from "./probability-losses.ts";
import { averagePrecisionStatistic, rocAucStatistic } from "./ranking.ts";

/** A measure that can be compared and resampled. `Rows` is what the task predicts: {@link BinaryRows} here. */
export interface Metric<Rows> {
  readonly name: string;
  readonly isHigherBetter: boolean;
  /** Prepares the measure for resampling by group. */
  readonly statistic: (rows: Rows, groups: Groups) => Statistic;
}

export const rocAucMetric: Metric<BinaryRows> = {
  name: "rocAuc",
  isHigherBetter: true,
  statistic: rocAucStatistic,
};

export const averagePrecisionMetric: Metric<BinaryRows> = {
  name: "averagePrecision",
  isHigherBetter: true,
  statistic: averagePrecisionStatistic,
};

export const brierMetric: Metric<BinaryRows> = {
  name: "brier",
  isHigherBetter: false,
  statistic: brierStatistic,
};

export const logLossMetric: Metric<BinaryRows> = {
  name: "logLoss",
  isHigherBetter: false,
  statistic: logLossStatistic,
};

/** Brier skill against a prior that is fixed, usually the training prevalence. */
export function brierSkillMetric(prior: number): Metric<BinaryRows> {
  return { name: "brierSkill", isHigherBetter: true, statistic: brierSkillStatistic(prior) };
}
