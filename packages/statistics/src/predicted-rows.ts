import type { BinaryRows } from "./metrics/binary-rows.ts";
import type { ClassRows } from "./metrics/class-rows.ts";
import type { QuantityRows } from "./metrics/quantity-rows.ts";

/** Predictions of any task beside what came true, row by row, as models and stored scores hold them. */
export interface PredictedRows {
  /** 0 or 1, the class's place in its order, or the quantity. */
  readonly labels: Float64Array;
  /** Output columns of the model: the probability; one per class; or estimate, lower and upper end. */
  readonly columns: number;
  /** Row by row, `columns` for each; NaN where the model gave none. */
  readonly predictions: Float64Array;
}

/**
 * Some of the rows, by position.
 *
 * @param subject names the positions in the error.
 * @throws RangeError naming a position that there isn't.
 */
export function selectRows(rows: PredictedRows, positions: Int32Array, subject: string): PredictedRows {
  const { labels, columns, predictions } = rows;
  const outside = positions.find((row) => !(row >= 0 && row < labels.length));
  if (outside !== undefined) {
    throw new RangeError(
      `${subject} names row ${outside}, expected a position from 0 to ${labels.length - 1}.`,
    );
  }
  const selected = new Float64Array(positions.length * columns);
  for (const [place, row] of positions.entries()) {
    selected.set(predictions.subarray(row * columns, (row + 1) * columns), place * columns);
  }
  return { labels: Float64Array.from(positions, (row) => labels[row]!), columns, predictions: selected };
}

/** How many rows each of `classes` has, in order; nothing for a quantity, which has none. */
export function countRowsByClass(labels: Float64Array, classes: number): number[] {
  const counts = Array.from({ length: classes }, () => 0);
  if (classes > 0) for (const label of labels) counts[label]! += 1;
  return counts;
}

/** @throws RangeError unless there is one column. */
export function asBinaryRows({ labels, columns, predictions }: PredictedRows): BinaryRows {
  requireColumns(columns, 1, "a yes-or-no target");
  return { labels: Uint8Array.from(labels), scores: predictions };
}

/** @throws RangeError unless there are at least two columns, one for each class. */
export function asClassRows({ labels, columns, predictions }: PredictedRows): ClassRows {
  return { labels: Int32Array.from(labels), classes: columns, probabilities: predictions };
}

/** @throws RangeError unless there are three columns. */
export function asQuantityRows({ labels, columns, predictions }: PredictedRows): QuantityRows {
  requireColumns(columns, 3, "a quantity");
  const column = (place: number) => labels.map((_, row) => predictions[row * 3 + place]!);
  return { outcomes: labels, estimates: column(0), lower: column(1), upper: column(2) };
}

function requireColumns(given: number, expected: number, what: string): void {
  if (given !== expected) {
    throw new RangeError(`Predicted rows: ${given} columns, expected ${expected} for ${what}.`);
  }
}
