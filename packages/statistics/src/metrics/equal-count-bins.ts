/**
 * Positions of values in bins of about equal counts, from low to high. Equal values share a bin, so that bins don't depend
 * on the order of rows; a constant gives one bin. None if a value is NaN.
 *
 * @throws RangeError if `bins` is not a whole number from 1.
 */
export function equalCountBins(values: Float64Array, bins: number): Uint32Array[] {
  if (!Number.isInteger(bins) || bins < 1) {
    throw new RangeError(`equalCountBins: bins is ${bins}, expected a whole number from 1.`);
  }
  if (values.some(Number.isNaN)) return [];
  const order = Uint32Array.from(values, (_, row) => row).toSorted((a, b) => values[a]! - values[b]!);
  const filled: Uint32Array[] = [];
  let start = 0;
  for (let bin = 1; bin <= bins && start < order.length; bin++) {
    let end = Math.round((order.length * bin) / bins);
    while (end > start && end < order.length && values[order[end]!] === values[order[end - 1]!]) end++;
    if (end > start) filled.push(order.subarray(start, end));
    start = Math.max(start, end);
  }
  return filled;
}
