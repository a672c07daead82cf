import type { Groups } from "./groups.ts";

/**
 * Standard error of an estimate from the influence of each row on it, when rows of one group depend on each other and groups
 * don't: √(G/(G−1) · Σ over groups of (sum of their rows' influence)²). For means this is the usual cluster-robust error; for
 * the AUC it is DeLong's (1988), clustered as by Obuchowski (1997). NaN with fewer than two groups.
 *
 * @param influence one number per row, summing to 0: how far the row moved the estimate from its expected value.
 */
export function clusterStandardError(influence: Float64Array, groups: Groups): number {
  if (groups.count < 2) return Number.NaN;
  const sums = new Float64Array(groups.count);
  for (let row = 0; row < influence.length; row++) sums[groups.index[row]!]! += influence[row]!;
  let squares = 0;
  for (const sum of sums) squares += sum * sum;
  return Math.sqrt((squares * groups.count) / (groups.count - 1));
}
