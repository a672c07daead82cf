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
 * The mean of one number per row: Brier score and log loss here, and any loss that is a mean over rows. Because the mean
 * needs only sums per group, a call costs one step per group. NaN in any row makes every value NaN, also that of a resample
 * which leaves the row out: 0 · NaN is NaN.
 */
export function meanStatistic(rowValues: Float64Array, groups: Groups): Statistic {
  const sums = new Float64Array(groups.count);
  const sizes = new Int32Array(groups.count);
  for (let row = 0; row < rowValues.length; row++) {
    const group = groups.index[row]!;
    sums[group]! += rowValues[row]!;
    sizes[group]! += 1;
  }
  return (multiplicity) => {
    let sum = 0;
    let size = 0;
    for (let group = 0; group < sums.length; group++) {
      sum += multiplicity[group]! * sums[group]!;
      size += multiplicity[group]! * sizes[group]!;
    }
    return sum / size;
  };
}
