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
  const width = columns.length;
  const ofGroups = new Float64Array(groups.count * width);
  const sizes = new Int32Array(groups.count);
  for (let row = 0; row < groups.index.length; row++) sizes[groups.index[row]!]! += 1;
  for (const [place, column] of columns.entries()) {
    for (let row = 0; row < column.length; row++)
      ofGroups[groups.index[row]! * width + place]! += column[row]!;
  }
  const sums = new Float64Array(width);
  return (multiplicity) => {
    sums.fill(0);
    let rows = 0;
    for (let group = 0; group < sizes.length; group++) {
      const times = multiplicity[group]!;
      rows += times * sizes[group]!;
      for (let place = 0; place < width; place++) sums[place]! += times * ofGroups[group * width + place]!;
    }
    return combine(sums, rows);
  };
}

/** The mean of one number per row: Brier score, log loss, and any loss that is a mean over rows; see {@link sumsStatistic}. */
export function meanStatistic(rowValues: Float64Array, groups: Groups): Statistic {
  return sumsStatistic([rowValues], groups, ([sum], rows) => sum! / rows);
}
