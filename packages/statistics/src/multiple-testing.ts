/** One hypothesis's outcome among several tested together. */
export interface AdjustedTest {
  readonly isRejected: boolean;
  /** The smallest overall level at which this hypothesis would be rejected. */
  readonly adjustedP: number;
  /** The level its own p-value was held against; an interval at this level tells the same story as `isRejected`. */
  readonly level: number;
}

/**
 * Holm's step-down procedure (Holm 1979, "A simple sequentially rejective multiple test procedure"): the chance of even one
 * false rejection is at most `alpha`, however the tests depend on each other. Answers in the order of `pValues`.
 *
 * A NaN p-value rejects nothing and still counts as a test: a broken test must not make the others easier.
 *
 * @throws RangeError if a p-value is outside [0, 1] or `alpha` is not in (0, 1).
 */
export function holm(pValues: readonly number[], alpha: number): AdjustedTest[] {
  const order = ascendingOrder("holm", pValues, alpha);
  const results: AdjustedTest[] = [];
  let largest = 0;
  let isOpen = true;
  let level = alpha;
  for (const [rank, index] of order.entries()) {
    const p = pValues[index]!;
    // Once a test fails, the procedure stops: later tests keep the level at which it stopped.
    if (isOpen) level = alpha / (order.length - rank);
    isOpen &&= p <= level;
    largest = Math.max(largest, Math.min(1, p * (order.length - rank)));
    results[index] = { isRejected: isOpen, adjustedP: largest, level };
  }
  return results;
}

/**
 * The Benjamini–Hochberg step-up procedure (1995, "Controlling the False Discovery Rate"): of what is rejected, at most the
 * share `alpha` is false on average, for tests that are independent or positively dependent. Answers in the order of `pValues`.
 *
 * A NaN p-value rejects nothing and still counts as a test.
 *
 * @throws RangeError if a p-value is outside [0, 1] or `alpha` is not in (0, 1).
 */
export function benjaminiHochberg(pValues: readonly number[], alpha: number): AdjustedTest[] {
  const order = ascendingOrder("benjaminiHochberg", pValues, alpha);
  const count = order.length;
  let rejected = 0;
  for (const [rank, index] of order.entries()) {
    if (pValues[index]! <= (alpha * (rank + 1)) / count) rejected = rank + 1;
  }
  // The threshold the procedure ended at; with nothing rejected, the first one, which no p-value passed.
  const level = (alpha * Math.max(rejected, 1)) / count;
  const results: AdjustedTest[] = [];
  let smallest = 1;
  for (let rank = count - 1; rank >= 0; rank--) {
    const index = order[rank]!;
    const p = pValues[index]!;
    const scaled = (p * count) / (rank + 1);
    if (!Number.isNaN(scaled)) smallest = Math.min(smallest, scaled);
    const adjustedP = Number.isNaN(p) ? Number.NaN : smallest;
    results[index] = { isRejected: rank < rejected, adjustedP, level };
  }
  return results;
}

/** Positions of `pValues` from the smallest to the largest, NaN last; equal values keep their order. */
function ascendingOrder(caller: string, pValues: readonly number[], alpha: number): number[] {
  if (!(alpha > 0 && alpha < 1))
    throw new RangeError(`${caller}: alpha is ${alpha}, expected a number between 0 and 1.`);
  const outside = pValues.flatMap((p, index) => (p < 0 || p > 1 ? [`pValues[${index}] is ${p}`] : []));
  if (outside.length > 0)
    throw new RangeError(`${caller}: ${outside.join(", ")}; expected numbers from 0 to 1.`);
  const sortKey = (index: number): number => (Number.isNaN(pValues[index]) ? 2 : pValues[index]!);
  return pValues.map((_, index) => index).toSorted((a, b) => sortKey(a) - sortKey(b));
}
