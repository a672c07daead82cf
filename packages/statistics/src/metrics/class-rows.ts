import type { BinaryRows } from "./binary-rows.ts";

/** Probabilities of several ordered classes beside the class that came true, row by row. */
export interface ClassRows {
  /** Place of the class that came true, from 0. */
  readonly labels: Int32Array;
  /** Number of classes, at least two. */
  readonly classes: number;
  /** Row by row, one for each class in its order. */
  readonly probabilities: Float64Array;
}

/** Probabilities of a row may miss 1 by this much in all: they were rounded to float32. */
const SUM_TOLERANCE = 1e-3;

/**
 * Checks that rows fit together and hold probabilities that add up to 1. NaN passes: it is a result ("undefined"), not a
 * malformed argument.
 *
 * @throws RangeError naming the first row that doesn't.
 */
export function requireClassRows({ labels, classes, probabilities }: ClassRows): void {
  if (!Number.isInteger(classes) || classes < 2) {
    throw new RangeError(`Class rows: ${classes} classes, expected a whole number from 2.`);
  }
  if (probabilities.length !== labels.length * classes) {
    throw new RangeError(
      `Class rows: ${probabilities.length} probabilities for ${labels.length} rows of ${classes} classes, ` +
        `expected ${labels.length * classes}.`,
    );
  }
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    if (!(label >= 0 && label < classes)) {
      throw new RangeError(`Class rows: label ${label} in row ${row}, expected 0 to ${classes - 1}.`);
    }
    let sum = 0;
    for (let place = 0; place < classes; place++) {
      const probability = probabilities[row * classes + place]!;
      if (probability < 0 || probability > 1) {
        throw new RangeError(
          `Class rows: probability ${probability} of class ${place} in row ${row}, expected 0 to 1.`,
        );
      }
      sum += probability;
    }
    if (Math.abs(sum - 1) > SUM_TOLERANCE) {
      throw new RangeError(`Class rows: the probabilities in row ${row} add up to ${sum}, expected 1.`);
    }
  }
}

/** One class against the rest: its probability as the score, 1 where it came true. */
export function oneAgainstRest({ labels, classes, probabilities }: ClassRows, place: number): BinaryRows {
  return {
    labels: Uint8Array.from(labels, (label) => (label === place ? 1 : 0)),
    scores: Float64Array.from(labels, (_, row) => probabilities[row * classes + place]!),
  };
}

/** The same rows, each answered with the same probabilities, such as the classes' shares. */
export function answeredWith(rows: ClassRows, shares: readonly number[]): ClassRows {
  const probabilities = new Float64Array(rows.probabilities.length);
  for (let at = 0; at < probabilities.length; at++) probabilities[at] = shares[at % rows.classes]!;
  return { ...rows, probabilities };
}
