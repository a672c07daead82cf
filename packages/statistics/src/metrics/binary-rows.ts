/** Predictions for a yes-or-no target beside what came true, row by row. */
export interface BinaryRows {
  /** 1 where the event happened, 0 where it didn't. */
  readonly labels: Uint8Array;
  /** A higher score says "more likely". Metrics that need probabilities say so. */
  readonly scores: Float64Array;
}

/** How often each class occurs. */
export interface ClassCounts {
  readonly positives: number;
  readonly negatives: number;
}

/**
 * Counts the classes of rows that fit together.
 *
 * @throws RangeError if lengths differ or a label is neither 0 nor 1.
 */
export function countClasses({ labels, scores }: BinaryRows): ClassCounts {
  if (labels.length !== scores.length) {
    throw new RangeError(
      `Binary rows: ${labels.length} labels and ${scores.length} scores, expected one of each per row.`,
    );
  }
  let positives = 0;
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    if (label > 1) throw new RangeError(`Binary rows: label ${label} in row ${row}, expected 0 or 1.`);
    positives += label;
  }
  return { positives, negatives: labels.length - positives };
}

/**
 * Checks that scores can be read as probabilities. NaN passes: it is a result ("undefined"), not a malformed argument.
 *
 * @throws RangeError naming the first score outside [0, 1].
 */
export function requireProbabilities(rows: BinaryRows): ClassCounts {
  const outside = rows.scores.findIndex((score) => score < 0 || score > 1);
  if (outside >= 0) {
    throw new RangeError(
      `Binary rows: score ${rows.scores[outside]} in row ${outside}, expected a probability from 0 to 1. ` +
        "Apply the model's calibration first, or use a ranking metric.",
    );
  }
  return countClasses(rows);
}
