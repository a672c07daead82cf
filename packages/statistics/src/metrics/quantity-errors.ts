import { type Groups, ungrouped } from "../groups.ts";
import { meanStatistic, type Statistic, sumsStatistic, valueOf } from "../statistic.ts";
import { mean } from "./mean.ts";
import type { Metric } from "./metric.ts";
import { type QuantityRows, requireQuantityRows } from "./quantity-rows.ts";

/** Estimate minus outcome of each row: above 0 it was estimated too high. */
export function errorPerRow(rows: QuantityRows): Float64Array {
  requireQuantityRows(rows);
  return rows.estimates.map((estimate, row) => estimate - rows.outcomes[row]!);
}

const squares = (rows: QuantityRows): Float64Array => errorPerRow(rows).map((error) => error * error);
const distances = (rows: QuantityRows): Float64Array => errorPerRow(rows).map(Math.abs);

/**
 * Squared error beside what the outcomes' own variance is made of. Outcomes are moved by their mean first, so that squares
 * of large values don't swallow their differences.
 */
function againstVariance(
  rows: QuantityRows,
  groups: Groups,
  combine: (meanSquare: number, variance: number) => number,
): Statistic {
  const errors = squares(rows);
  const centre = mean(rows.outcomes);
  const moved = rows.outcomes.map((outcome) => outcome - centre);
  const columns = [errors, moved, moved.map((value) => value * value)];
  return sumsStatistic(columns, groups, ([error, first, second], count) => {
    const variance = second! / count - (first! / count) ** 2;
    // A sample of equal outcomes has none, but for rounding.
    return variance > 1e-12 * (second! / count) ? combine(error! / count, variance) : Number.NaN;
  });
}

/** Root of the mean squared error. */
export const rmseMetric: Metric<QuantityRows> = {
  name: "rmse",
  isHigherBetter: false,
  statistic: (rows, groups) =>
    sumsStatistic([squares(rows)], groups, ([sum], count) => Math.sqrt(sum! / count)),
};

/** Mean absolute error. */
export const maeMetric: Metric<QuantityRows> = {
  name: "mae",
  isHigherBetter: false,
  statistic: (rows, groups) => meanStatistic(distances(rows), groups),
};

/** Share of the outcomes' variance in these very rows that the estimates explain; below 0 their mean would do better. */
export const r2Metric: Metric<QuantityRows> = {
  name: "r2",
  isHigherBetter: true,
  statistic: (rows, groups) =>
    againstVariance(rows, groups, (meanSquare, variance) => 1 - meanSquare / variance),
};

/** RMSE in (population) standard deviations of the outcomes in these very rows: √(1 − R²). */
export const relativeRmseMetric: Metric<QuantityRows> = {
  name: "relativeRmse",
  isHigherBetter: false,
  statistic: (rows, groups) =>
    againstVariance(rows, groups, (meanSquare, variance) => Math.sqrt(meanSquare / variance)),
};

/** Mean of estimate minus outcome. Neither high nor low is better: it is shown and not compared. */
export function meanErrorStatistic(rows: QuantityRows, groups: Groups): Statistic {
  return meanStatistic(errorPerRow(rows), groups);
}

/** {@link rmseMetric} of the rows as they are; likewise the others. NaN when an estimate is or there are no rows. */
export const rmse = (rows: QuantityRows): number => asTheyAre(rmseMetric, rows);
export const mae = (rows: QuantityRows): number => asTheyAre(maeMetric, rows);
export const r2 = (rows: QuantityRows): number => asTheyAre(r2Metric, rows);

function asTheyAre(metric: Metric<QuantityRows>, rows: QuantityRows): number {
  const groups = ungrouped(rows.outcomes.length);
  return valueOf(metric.statistic(rows, groups), groups);
}
