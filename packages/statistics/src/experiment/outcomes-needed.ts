import type { ExperimentTerms } from "./experiment.ts";
import { ExpectedWidth } from "./mean-sequence.ts";

/** Most outcomes that an estimate looks ahead to. */
const MOST_OUTCOMES = 10_000_000;
/** How exactly the estimate is told, as a share of it. */
const STEP = 0.01;

/**
 * About how many outcomes an experiment needs until a gain of `worthwhileGain` shows: said before it begins, so that nobody
 * starts one which can't end. It follows the width of the confidence sequences for losses of one variance.
 *
 * @param lossVariance of one prediction's loss, in the unit of the loss squared.
 * @param share of the requests that the challenger answers, above 0 and below 1.
 * @returns outcomes of both arms together, or null where ten million wouldn't do.
 */
export function outcomesNeeded(
  { alpha, worstLoss, worthwhileGain }: ExperimentTerms,
  lossVariance: number,
  share: number,
): number | null {
  const variance = lossVariance / worstLoss ** 2;
  const gain = worthwhileGain / worstLoss;
  const arms = [share, 1 - share].map((part) => ({
    part,
    width: new ExpectedWidth(Math.max(variance, 1e-9), 1 - alpha / 2),
  }));
  for (let outcomes = 2; outcomes <= MOST_OUTCOMES; outcomes = Math.ceil(outcomes * (1 + STEP))) {
    const reach = arms.reduce((sum, { part, width }) => sum + width.halfAt(Math.floor(outcomes * part)), 0);
    if (reach <= gain) return outcomes;
  }
  return null;
}
