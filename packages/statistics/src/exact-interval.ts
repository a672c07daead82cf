import { type Interval, requireConfidence } from "./interval.ts";

/** Halvings of [0, 1]: enough for the last bit of a number near 1. */
const HALVINGS = 60;

/**
 * The exact interval of Clopper and Pearson (1934, "The use of confidence or fiducial limits illustrated in the case of the
 * binomial") for a share of `trials` independent rows: it holds the true share at least as often as it says, however few
 * rows there are. For the few of a small test set; it needs time in proportion to `trials`.
 *
 * @throws RangeError unless both are whole numbers and 0 ≤ successes ≤ trials, trials above 0.
 */
export function exactInterval(successes: number, trials: number, confidence: number): Interval {
  requireConfidence(confidence);
  if (
    !Number.isInteger(successes) ||
    !Number.isInteger(trials) ||
    successes < 0 ||
    successes > trials ||
    trials < 1
  ) {
    throw new RangeError(
      `exactInterval: ${successes} successes of ${trials} trials, expected whole numbers with 0 ≤ successes ≤ trials, trials from 1.`,
    );
  }
  const tail = (1 - confidence) / 2;
  // P(X ≤ successes) falls as the share grows, P(X ≥ successes) rises.
  const upper = successes === trials ? 1 : bisect((share) => atMost(successes, trials, share) > tail);
  const lower = successes === 0 ? 0 : bisect((share) => atMost(successes - 1, trials, share) > 1 - tail);
  return { lower, upper, confidence };
}

/** Where `isBelow` turns from true to false on [0, 1]. */
function bisect(isBelow: (share: number) => boolean): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < HALVINGS; step++) {
    const middle = (low + high) / 2;
    if (isBelow(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The binomial distribution function, summed from its logarithms so that no term overflows. */
function atMost(most: number, trials: number, share: number): number {
  const [yes, no] = [Math.log(share), Math.log1p(-share)];
  let logChoose = 0;
  let sum = 0;
  for (let count = 0; count <= most; count++) {
    sum += Math.exp(logChoose + count * yes + (trials - count) * no);
    logChoose += Math.log(trials - count) - Math.log(count + 1);
  }
  return sum;
}
