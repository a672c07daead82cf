import { pairedBootstrap, percentileInterval } from "../bootstrap.ts";
import type { Groups } from "../groups.ts";
import type { Interval } from "../interval.ts";
import type { Metric } from "../metrics/metric.ts";
import { type GainToJudge, type JudgedGain, judgeGain } from "./judge-gain.ts";

/** Champion and challenger on the same rows, in the same order. */
export interface ComparisonArgs<Rows> extends Pick<GainToJudge, "alpha" | "minimumGain" | "margin"> {
  readonly metric: Metric<Rows>;
  readonly champion: Rows;
  readonly challenger: Rows;
  readonly groups: Groups;
  readonly seed: number;
  /** @default 1000 */
  readonly replicates?: number;
}

/** A metric of both models, their paired difference, and what it proves. Plain data: it can be written to a verdict as it is. */
export interface Comparison extends JudgedGain {
  readonly metric: string;
  readonly isHigherBetter: boolean;
  readonly champion: number;
  readonly championInterval: Interval;
  readonly challenger: number;
  readonly challengerInterval: Interval;
  /** Challenger minus champion, in the metric's own units. */
  readonly difference: number;
  /** The difference turned so that positive means better; the bounds of the verdict are bounds of this. */
  readonly gain: number;
  readonly standardError: number;
  /** Percentile interval of the gain at 95 %, for people: the verdict is by `lowerBound` and `upperBound`. */
  readonly gainInterval: Interval;
  readonly alpha: number;
  readonly replicates: number;
  readonly undefinedReplicates: number;
}

const SHOWN_CONFIDENCE = 0.95;

/**
 * Compares both models on one metric by the paired bootstrap over groups. The primary metric is given `alphaForLook`; Brier a
 * level of its own, where `outcome` "worse" rejects.
 */
export function compareMetric<Rows>(args: ComparisonArgs<Rows>): Comparison {
  const { metric, groups, seed, alpha, minimumGain = 0, margin = 0, replicates = 1000 } = args;
  const statistics = {
    champion: metric.statistic(args.champion, groups),
    challenger: metric.statistic(args.challenger, groups),
  };
  const { champion, challenger, difference } = pairedBootstrap(statistics, { groups, seed, replicates });
  const sign = metric.isHigherBetter ? 1 : -1;
  const { standardError, undefinedReplicates } = difference;
  // Adding 0 turns −0 into 0, which reads better in a verdict and is equal in a test.
  const gain = sign * difference.value + 0;
  const { lower, upper, confidence } = percentileInterval(difference, SHOWN_CONFIDENCE);
  const ends = metric.isHigherBetter ? { lower, upper } : { lower: -upper + 0, upper: -lower + 0 };
  return {
    metric: metric.name,
    isHigherBetter: metric.isHigherBetter,
    champion: champion.value,
    championInterval: percentileInterval(champion, SHOWN_CONFIDENCE),
    challenger: challenger.value,
    challengerInterval: percentileInterval(challenger, SHOWN_CONFIDENCE),
    difference: difference.value,
    gain,
    standardError,
    gainInterval: { ...ends, confidence },
    alpha,
    replicates,
    undefinedReplicates,
    ...judgeGain({ gain, standardError, alpha, minimumGain, margin }),
  };
}
