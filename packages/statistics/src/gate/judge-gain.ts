import { normalCdf, normalQuantile } from "../normal-distribution.ts";

/** A measured gain and what it is held against. */
export interface GainToJudge {
  /** Challenger minus champion, turned so that positive means better. */
  readonly gain: number;
  readonly standardError: number;
  /** One-sided level of either bound; for the primary metric, that of {@link alphaForLook}. */
  readonly alpha: number;
  /**
   * The gain that "better" must prove to exceed.
   *
   * @default 0
   */
  readonly minimumGain?: number;
  /**
   * The loss that "worse" must prove to exceed.
   *
   * @default 0
   */
  readonly margin?: number;
}

/**
 * - `better`: the lower bound lies above `minimumGain`.
 * - `worse`: the upper bound lies below −`margin`.
 * - `tie`: neither is proved; the champion stays.
 * - `undefined`: the gain or its standard error is NaN. Treat it as a failure, never as a tie.
 */
export type GainOutcome = "better" | "tie" | "worse" | "undefined";

/** The verdict on a gain, with the numbers that led to it. */
export interface JudgedGain {
  readonly outcome: GainOutcome;
  /** The true gain lies above this, but for a chance of `alpha`. */
  readonly lowerBound: number;
  /** The true gain lies below this, but for a chance of `alpha`. */
  readonly upperBound: number;
  /** One-sided p-value against "the gain is at most `minimumGain`". */
  readonly pBetter: number;
  /** One-sided p-value against "the loss is at most `margin`". */
  readonly pWorse: number;
}

/**
 * Judges a gain by normal bounds: gain ± z · standard error, the standard error coming from the bootstrap.
 *
 * Why not the bootstrap's own percentiles: with α spent over 52 looks the bound lies at the 0.1 % quantile, where 1,000
 * replicates have one value; the standard error needs no tail and is known to about 2 % (1/√(2B)) from the same replicates.
 * A test holds its bounds against percentiles where both exist.
 *
 * A standard error of exactly 0 comes from predictions that are the same: the bounds then equal the gain, and a gain of 0 is a tie.
 */
export function judgeGain({
  gain,
  standardError,
  alpha,
  minimumGain = 0,
  margin = 0,
}: GainToJudge): JudgedGain {
  const faults: string[] = [];
  if (!(alpha > 0 && alpha <= 0.5)) faults.push(`alpha is ${alpha}, expected above 0 and at most 0.5`);
  if (!(minimumGain >= 0)) faults.push(`minimumGain is ${minimumGain}, expected a number from 0`);
  if (!(margin >= 0))
    faults.push(`margin is ${margin}, expected a number from 0 (the loss that is tolerated)`);
  if (faults.length > 0) throw new RangeError(`judgeGain: ${faults.join("; ")}.`);

  const reach = -normalQuantile(alpha) * standardError;
  const lowerBound = gain - reach;
  const upperBound = gain + reach;
  const pBetter = chanceOfMore(gain - minimumGain, standardError);
  const pWorse = chanceOfMore(-margin - gain, standardError);
  return {
    outcome: outcomeOf(lowerBound, upperBound, minimumGain, margin),
    lowerBound,
    upperBound,
    pBetter,
    pWorse,
  };
}

function outcomeOf(lowerBound: number, upperBound: number, minimumGain: number, margin: number): GainOutcome {
  if (Number.isNaN(lowerBound) || Number.isNaN(upperBound)) return "undefined";
  if (lowerBound > minimumGain) return "better";
  return upperBound < -margin ? "worse" : "tie";
}

/** The chance of an excess of at least this much when the true excess is 0. */
function chanceOfMore(excess: number, standardError: number): number {
  if (standardError === 0) return excess > 0 ? 0 : 1;
  return normalCdf(-excess / standardError);
}
