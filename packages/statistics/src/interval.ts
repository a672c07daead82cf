import { normalQuantile } from "./normal-distribution.ts";

/** A two-sided confidence interval; both ends are NaN where it is undefined. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
  /** 0.95 for a 95 % interval. */
  readonly confidence: number;
}

/** A value with its standard error and interval. */
export interface Estimate {
  readonly value: number;
  readonly standardError: number;
  readonly interval: Interval;
}

/** The interval of an estimate that is normal around the truth: value ± z · standard error. */
export function normalEstimate(value: number, standardError: number, confidence: number): Estimate {
  requireConfidence(confidence);
  const reach = normalQuantile((1 + confidence) / 2) * standardError;
  return { value, standardError, interval: { lower: value - reach, upper: value + reach, confidence } };
}

/**
 * Wilson's score interval (1927) for a share of `trials` independent rows: it stays within [0, 1] and keeps its level when
 * the share is near 0, where ± z · standard error fails. NaN without trials.
 */
export function wilsonInterval(successes: number, trials: number, confidence: number): Interval {
  requireConfidence(confidence);
  const z = normalQuantile((1 + confidence) / 2);
  const share = successes / trials;
  const denominator = 1 + (z * z) / trials;
  const centre = (share + (z * z) / (2 * trials)) / denominator;
  const reach =
    (z / denominator) * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials));
  // Rounding must not push an exact 0 or 1 past itself.
  return { lower: Math.max(0, centre - reach), upper: Math.min(1, centre + reach), confidence };
}

/** @throws RangeError unless `confidence` lies between 0 and 1. */
export function requireConfidence(confidence: number): void {
  if (!(confidence > 0 && confidence < 1)) {
    throw new RangeError(`confidence is ${confidence}, expected a number between 0 and 1, such as 0.95.`);
  }
}
