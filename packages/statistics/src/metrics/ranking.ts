import { type Groups, ungrouped } from "../groups.ts";
import { type Statistic, valueOf } from "../statistic.ts";
import { type BinaryRows, countClasses } from "./binary-rows.ts";

/** Rows in ascending order of score, with what one pass over them needs laid side by side. */
interface RankedRows {
  readonly labels: Uint8Array;
  readonly groups: Int32Array;
  /** 1 on the last row of each run of equal scores. */
  readonly isRunEnd: Uint8Array;
}

/** Sorts once, so that each resample is a single pass; undefined when a score is NaN and no order exists. */
function rankRows(rows: BinaryRows, groups: Groups): RankedRows | undefined {
  countClasses(rows);
  const { labels, scores } = rows;
  if (groups.index.length !== labels.length) {
    throw new RangeError(
      `Groups: ${groups.index.length} group numbers for ${labels.length} rows, expected one per row.`,
    );
  }
  if (scores.some(Number.isNaN)) return undefined;
  // Compared, not subtracted: ∞ − ∞ is NaN and would leave the order to chance.
  const order = Uint32Array.from(scores, (_, row) => row).toSorted((a, b) => {
    const [first, second] = [scores[a]!, scores[b]!];
    if (first < second) return -1;
    return first > second ? 1 : 0;
  });
  const isRunEnd = new Uint8Array(order.length);
  for (let rank = 0; rank < order.length; rank++) {
    isRunEnd[rank] = scores[order[rank]!] === scores[order[rank + 1]!] ? 0 : 1;
  }
  const inOrder = { labels: new Uint8Array(order.length), groups: new Int32Array(order.length) };
  for (let rank = 0; rank < order.length; rank++) {
    inOrder.labels[rank] = labels[order[rank]!]!;
    inOrder.groups[rank] = groups.index[order[rank]!]!;
  }
  return { ...inOrder, isRunEnd };
}

/**
 * Area under the ROC curve of resampled rows: the chance that a positive row scores above a negative one, ties counting half
 * (Hanley and McNeil 1982). NaN when a score is NaN or a class is missing.
 */
export function rocAucStatistic(rows: BinaryRows, groups: Groups): Statistic {
  const ranked = rankRows(rows, groups);
  if (ranked === undefined) return () => Number.NaN;
  const { labels, groups: groupOf, isRunEnd } = ranked;
  return (multiplicity) => {
    let concordantPairs = 0;
    let positives = 0;
    let negatives = 0;
    let runPositives = 0;
    let runNegatives = 0;
    for (let rank = 0; rank < labels.length; rank++) {
      const weight = multiplicity[groupOf[rank]!]!;
      const positiveWeight = labels[rank]! * weight;
      runPositives += positiveWeight;
      runNegatives += weight - positiveWeight;
      if (isRunEnd[rank] === 1) {
        concordantPairs += runPositives * (negatives + runNegatives / 2);
        positives += runPositives;
        negatives += runNegatives;
        runPositives = 0;
        runNegatives = 0;
      }
    }
    return concordantPairs / (positives * negatives);
  };
}

/**
 * Average precision of resampled rows: Σ (Rₙ − Rₙ₋₁) Pₙ over the distinct scores from high to low, without interpolation, so
 * that equal scores enter together (scikit-learn's definition). NaN when a score is NaN or there is no positive row.
 */
export function averagePrecisionStatistic(rows: BinaryRows, groups: Groups): Statistic {
  const ranked = rankRows(rows, groups);
  if (ranked === undefined) return () => Number.NaN;
  const { labels, groups: groupOf, isRunEnd } = ranked;
  return (multiplicity) => {
    let sum = 0;
    let positives = 0;
    let predicted = 0;
    let runPositives = 0;
    for (let rank = labels.length - 1; rank >= 0; rank--) {
      const weight = multiplicity[groupOf[rank]!]!;
      predicted += weight;
      runPositives += labels[rank]! * weight;
      // From above, a run of equal scores ends where the next lower row ends a run of its own.
      if (rank === 0 || isRunEnd[rank - 1] === 1) {
        positives += runPositives;
        if (runPositives > 0) sum += runPositives * (positives / predicted);
        runPositives = 0;
      }
    }
    return sum / positives;
  };
}

/** {@link rocAucStatistic} of the rows as they are. */
export function rocAuc(rows: BinaryRows): number {
  const groups = ungrouped(rows.labels.length);
  return valueOf(rocAucStatistic(rows, groups), groups);
}

/** {@link averagePrecisionStatistic} of the rows as they are. */
export function averagePrecision(rows: BinaryRows): number {
  const groups = ungrouped(rows.labels.length);
  return valueOf(averagePrecisionStatistic(rows, groups), groups);
}
