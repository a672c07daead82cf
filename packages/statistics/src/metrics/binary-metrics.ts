import type { BinaryRows } from "./binary-rows.ts";
import type { Metric } from "./metric.ts";
import { brierSkillStatistic, brierStatistic, logLossStatistic } from "./probability-losses.ts";
import { averagePrecisionStatistic, rocAucStatistic } from "./ranking.ts";

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
