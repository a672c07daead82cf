import type { Groups } from "./groups.ts";

/**
 * A number computed from rows whose groups count several times: `multiplicity[group]` is how often the group is in the
 * sample. Everything that does not depend on the multiplicities is done when the statistic is made, so that a call is one
 * pass. NaN says that the sample does not define it (one class only, say).
 */
export type Statistic = (multiplicity: Int32Array) => number;

/** The statistic of the rows as they are: every group once. */
export function valueOf(statistic: Statistic, groups: Groups): number {
  return statistic(new Int32Array(groups.count).fill(1));
}

/**
 * What follows from sums over rows: a mean, a ratio of means, a root of one. Because sums are kept per group, a call costs
 * one step per group and column, however many rows there are. NaN in any row makes the sum of its column NaN, also in a
 * resample that leaves the row out: 0 · NaN is NaN.
 *
 * @param columns one number per row each.
 * @param combine is given the columns' sums, in the same array each time, and the number of rows.
 */
export function sumsStatistic(
  columns: readonly Float64Array[],
  groups: Groups,
  combine: (sums: Float64Array, rows: number) => number,
): Statistic {
  const sizes = new Float64Array(groups.count);
  for (const group of groups.index) sizes[group]! += 1;
  const ofGroups = columns.map((column) => {
    const sumsByGroup = new Float64Array(groups.count);
    for (let row = 0; row < column.length; row++) sumsByGroup[groups.index[row]!]! += column[row]!;
    return sumsByGroup;
  });
  const sums = new Float64Array(columns.length);
  return (multiplicity) => {
    for (let place = 0; place < ofGroups.length; place++)
      sums[place] = weightedSum(ofGroups[place]!, multiplicity);
    return combine(sums, weightedSum(sizes, multiplicity));
  };
}

/** A function of its own, so that the engine compiles the one loop that everything waits for as tightly as it can. */
function weightedSum(values: Float64Array, multiplicity: Int32Array): number {
  let sum = 0;
  for (let group = 0; group < values.length; group++) sum += multiplicity[group]! * values[group]!;
  return sum;
}

/** The mean of one number per row: Brier score, log loss, and any loss that is a mean over rows; see {@link sumsStatistic}. */
export function meanStatistic(rowValues: Float64Array, groups: Groups): Statistic {
  return sumsStatistic([rowValues], groups, ([sum], rows) => sum! / rows);
}
