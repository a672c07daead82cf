import { type BinaryRows, type Groups, groupRows } from "@perennial/statistics";
import * as fc from "fast-check";

export interface GeneratedRows extends BinaryRows {
  /** A group's key for each row. */
  readonly groups: Int32Array;
}

const row = fc.record({
  label: fc.integer({ min: 0, max: 1 }),
  // A coarse grid, so that ties are common.
  score: fc.integer({ min: 0, max: 20 }).map((step) => step / 20),
  group: fc.integer({ min: 0, max: 8 }),
});

/** Up to 40 rows of any classes, ties and groups. */
export const anyRows: fc.Arbitrary<GeneratedRows> = fc
  .array(row, { minLength: 1, maxLength: 40 })
  .map((rows) => ({
    labels: Uint8Array.from(rows, ({ label }) => label),
    scores: Float64Array.from(rows, ({ score }) => score),
    groups: Int32Array.from(rows, ({ group }) => group),
  }));

export const rowsWithBothClasses: fc.Arbitrary<GeneratedRows> = anyRows.filter(
  ({ labels }) => labels.includes(0) && labels.includes(1),
);

/** How often each group of `rows` counts, 0 included. */
export function multiplicitiesFor(rows: GeneratedRows): fc.Arbitrary<Int32Array> {
  const { count } = groupRows(rows.groups);
  return fc
    .array(fc.integer({ min: 0, max: 3 }), { minLength: count, maxLength: count })
    .map((counts) => Int32Array.from(counts));
}

/** Writes each row out as often as its group counts. */
export function expand(rows: BinaryRows, groups: Groups, multiplicity: Int32Array): BinaryRows {
  const copies = Array.from(rows.labels, (_, index) => index).flatMap((index) =>
    Array.from({ length: multiplicity[groups.index[index]!]! }, () => index),
  );
  return {
    labels: Uint8Array.from(copies, (index) => rows.labels[index]!),
    scores: Float64Array.from(copies, (index) => rows.scores[index]!),
  };
}

/** Equal to ten digits after the point; what is undefined in one way of computing has to be undefined in the other. */
export const isCloseTo =
  (expected: number) =>
  (value: number): boolean =>
    Number.isNaN(expected) ? Number.isNaN(value) : Math.abs(value - expected) < 1e-10;
