import type { Groups } from "../groups.ts";
import { type Statistic, sumsStatistic } from "../statistic.ts";
import { type BinaryRows, countClasses } from "./binary-rows.ts";
import type { Metric } from "./metric.ts";

/** What acting on scores at or above a threshold means. A ratio whose denominator is 0 is NaN. */
export interface ThresholdReport {
  readonly threshold: number;
  readonly rows: number;
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
  /** Share of rows where the event happened. */
  readonly prevalence: number;
  /** Share of rows that the threshold singles out. */
  readonly predictedPositiveRate: number;
  readonly precision: number;
  readonly recall: number;
  readonly specificity: number;
  readonly f1: number;
  /** F1 of calling every row positive: an F1 says little without it. */
  readonly f1OfAllPositive: number;
}

/**
 * Counts and ratios when a row is called positive if its score is at least `threshold`. If a score is NaN, so is everything
 * that depends on scores.
 */
export function evaluateAtThreshold(rows: BinaryRows, threshold: number): ThresholdReport {
  const { positives, negatives } = countClasses(rows);
  let truePositives = 0;
  let falsePositives = 0;
  let isDefined = !Number.isNaN(threshold);
  for (let row = 0; row < rows.labels.length; row++) {
    const score = rows.scores[row]!;
    isDefined &&= !Number.isNaN(score);
    if (score >= threshold) {
      if (rows.labels[row] === 1) truePositives++;
      else falsePositives++;
    }
  }
  if (!isDefined) truePositives = falsePositives = Number.NaN;
  const count = positives + negatives;
  return {
    threshold,
    rows: count,
    truePositives,
    falsePositives,
    falseNegatives: positives - truePositives,
    trueNegatives: negatives - falsePositives,
    prevalence: positives / count,
    predictedPositiveRate: (truePositives + falsePositives) / count,
    precision: truePositives / (truePositives + falsePositives),
    recall: truePositives / positives,
    specificity: (negatives - falsePositives) / negatives,
    f1: (2 * truePositives) / (truePositives + falsePositives + positives),
    f1OfAllPositive: (2 * positives) / (count + positives),
  };
}

/** F1 of resampled rows when those at or above `threshold` are called positive. NaN where a score is. */
export function f1Metric(threshold: number): Metric<BinaryRows> {
  return {
    name: "f1",
    isHigherBetter: true,
    statistic: (rows, groups) => decisionStatistic(rows, groups, threshold, ({ f1 }) => f1),
  };
}

/** By how much that F1 is above the F1 of calling every row positive, on the same resampled rows. */
export function f1GainMetric(threshold: number): Metric<BinaryRows> {
  return {
    name: "f1Gain",
    isHigherBetter: true,
    statistic: (rows, groups) =>
      decisionStatistic(rows, groups, threshold, ({ f1, f1OfAllPositive }) => f1 - f1OfAllPositive),
  };
}

function decisionStatistic(
  rows: BinaryRows,
  groups: Groups,
  threshold: number,
  figure: (scores: Pick<ThresholdReport, "f1" | "f1OfAllPositive">) => number,
): Statistic {
  countClasses(rows);
  const flagged = rows.scores.map((score) => (Number.isNaN(score) ? Number.NaN : Number(score >= threshold)));
  const hits = flagged.map((flag, row) => flag * rows.labels[row]!);
  const positives = Float64Array.from(rows.labels);
  return sumsStatistic([hits, flagged, positives], groups, ([hit, flag, positive], count) =>
    figure({ f1: (2 * hit!) / (flag! + positive!), f1OfAllPositive: (2 * positive!) / (count + positive!) }),
  );
}
