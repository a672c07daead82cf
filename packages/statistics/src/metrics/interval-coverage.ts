import type { Groups } from "../groups.ts";
import { meanStatistic, type Statistic } from "../statistic.ts";
import { mean } from "./mean.ts";
import { type QuantityRows, requireQuantityRows } from "./quantity-rows.ts";

/** 1 where the outcome lies within its prediction interval, ends included, else 0; NaN where an end is. */
export function coveredPerRow(rows: QuantityRows): Float64Array {
  requireQuantityRows(rows);
  const { outcomes, lower, upper } = rows;
  return outcomes.map((outcome, row) => {
    const [low, high] = [lower[row]!, upper[row]!];
    if (Number.isNaN(low) || Number.isNaN(high)) return Number.NaN;
    return low <= outcome && outcome <= high ? 1 : 0;
  });
}

/** Share of resampled outcomes that their intervals hold. */
export function coverageStatistic(rows: QuantityRows, groups: Groups): Statistic {
  return meanStatistic(coveredPerRow(rows), groups);
}

/** Mean width of the intervals: of two that cover alike, the narrower ones say more. */
export function meanWidth(rows: QuantityRows): number {
  requireQuantityRows(rows);
  return mean(rows.upper.map((high, row) => high - rows.lower[row]!));
}
