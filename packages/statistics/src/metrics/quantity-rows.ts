/** Estimates of a quantity with their prediction intervals, beside what came true, row by row. All in one unit. */
export interface QuantityRows {
  readonly outcomes: Float64Array;
  readonly estimates: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/**
 * Checks that rows fit together. NaN passes in predictions: it is a result ("undefined"), not a malformed argument.
 *
 * @throws RangeError if lengths differ or an outcome is no finite number.
 */
export function requireQuantityRows({ outcomes, estimates, lower, upper }: QuantityRows): void {
  const lengths = [estimates, lower, upper].map(({ length }) => length);
  if (lengths.some((length) => length !== outcomes.length)) {
    throw new RangeError(
      `Quantity rows: ${outcomes.length} outcomes, ${lengths[0]} estimates, ${lengths[1]} lower and ${lengths[2]} upper ends, ` +
        "expected one of each per row.",
    );
  }
  const wrong = outcomes.findIndex((outcome) => !Number.isFinite(outcome));
  if (wrong >= 0) {
    throw new RangeError(
      `Quantity rows: outcome ${outcomes[wrong]} in row ${wrong}, expected a finite number.`,
    );
  }
}
