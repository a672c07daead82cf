import { clusterStandardError } from "./cluster-standard-error.ts";
import type { Groups } from "./groups.ts";
import { type BinaryRows, countClasses } from "./metrics/binary-rows.ts";

/** An AUC and how much each row moved it. */
export interface AucInfluence {
  readonly auc: number;
  /** Sums to 0. Empty when the AUC is NaN. */
  readonly influence: Float64Array;
}

/**
 * The AUC with each row's influence from its placement value: the share of the other class that it is on the right side of,
 * ties counting half (DeLong, DeLong and Clarke-Pearson 1988).
 */
export function aucInfluence(rows: BinaryRows): AucInfluence {
  const { positives, negatives } = countClasses(rows);
  const { labels, scores } = rows;
  if (positives === 0 || negatives === 0 || scores.some(Number.isNaN)) {
    return { auc: Number.NaN, influence: new Float64Array() };
  }
  const ofPositives = scores.filter((_, row) => labels[row] === 1).toSorted();
  const ofNegatives = scores.filter((_, row) => labels[row] === 0).toSorted();
  const influence = new Float64Array(labels.length);
  let auc = 0;
  for (let row = 0; row < labels.length; row++) {
    if (labels[row] === 1) {
      influence[row] = countBelow(ofNegatives, scores[row]!) / negatives;
      auc += influence[row]! / positives;
    } else {
      influence[row] = 1 - countBelow(ofPositives, scores[row]!) / positives;
    }
  }
  for (let row = 0; row < labels.length; row++) {
    influence[row] = (influence[row]! - auc) / (labels[row] === 1 ? positives : negatives);
  }
  return { auc, influence };
}

/** The AUC's difference and its standard error, without resampling: what the bootstrap by group estimates, in one sort. */
export function pairedAucDifference(
  { champion, challenger }: { readonly champion: AucInfluence; readonly challenger: AucInfluence },
  groups: Groups,
): { readonly difference: number; readonly standardError: number } {
  const difference = challenger.auc - champion.auc;
  if (Number.isNaN(difference)) return { difference, standardError: Number.NaN };
  const influence = challenger.influence.map((value, row) => value - champion.influence[row]!);
  return { difference, standardError: clusterStandardError(influence, groups) };
}

/** How many of `sorted` lie below `value`, those equal to it counting half. */
function countBelow(sorted: Float64Array, value: number): number {
  const first = firstAtLeast(sorted, value);
  if (sorted[first] !== value) return first;
  let end = first + 1;
  while (sorted[end] === value) end++;
  return (first + end) / 2;
}

function firstAtLeast(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
