import {
  averagePrecision,
  averagePrecisionStatistic,
  groupRows,
  rocAuc,
  rocAucStatistic,
  ungrouped,
} from "@perennial/statistics";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { anyRows, expand, isCloseTo, multiplicitiesFor, rowsWithBothClasses } from "./generated-rows.ts";
import { referenceRows } from "./reference-rows.ts";

it.each([
  ["a perfect order", [0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], 1],
  ["the reverse order", [1, 1, 0, 0], [0.1, 0.2, 0.3, 0.4], 0],
  ["one score for all", [0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5], 0.5],
  ["three of four pairs", [0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], 0.75],
  ["a tie across classes counting half", [0, 0, 1], [0.1, 0.5, 0.5], 0.75],
  ["infinite scores", [0, 0, 1, 1], [-Infinity, Infinity, Infinity, Infinity], 0.75],
])("gives the AUC of %s", (_, labels, scores, expected) => {
  expect(rocAuc({ labels: Uint8Array.from(labels), scores: Float64Array.from(scores) })).toBe(expected);
});

it("agrees with scikit-learn's roc_auc_score and average_precision_score where scores are tied", () => {
  expect(rocAuc(referenceRows)).toBeCloseTo(0.7994987468671679, 14);
  expect(averagePrecision(referenceRows)).toBeCloseTo(0.7447508897458188, 14);
});

it("agrees with scikit-learn's sample_weight where rows count 1, 2, 3, 1, 2, 3 … times", () => {
  const weights = Int32Array.from({ length: 40 }, (_, row) => 1 + (row % 3));
  expect(rocAucStatistic(referenceRows, ungrouped(40))(weights)).toBeCloseTo(0.7970588235294117, 14);
  expect(averagePrecisionStatistic(referenceRows, ungrouped(40))(weights)).toBeCloseTo(
    0.7464695011984492,
    14,
  );
});

it("gives the average precision of a table computed by hand", () => {
  // From the top: positive (1/1), negative, positive (2/3): (1 + 2/3) / 2.
  expect(averagePrecision({ labels: Uint8Array.of(1, 0, 1), scores: Float64Array.of(0.9, 0.8, 0.7) })).toBe(
    (1 + 2 / 3) / 2,
  );
  // One score for all: one threshold, whose precision is the prevalence.
  expect(averagePrecision({ labels: Uint8Array.of(1, 0, 0, 0), scores: new Float64Array(4) })).toBe(0.25);
});

it.each([
  ["a NaN score", [0, 1, 1], [0.1, Number.NaN, 0.3]],
  ["no positive row", [0, 0], [0.1, 0.2]],
  ["no row", [], []],
])("is NaN with %s", (_, labels, scores) => {
  const rows = { labels: Uint8Array.from(labels), scores: Float64Array.from(scores) };
  expect([rocAuc(rows), averagePrecision(rows)]).toEqual([Number.NaN, Number.NaN]);
});

it("has no AUC without a negative row, while average precision is 1", () => {
  const rows = { labels: Uint8Array.of(1, 1), scores: Float64Array.of(0.1, 0.2) };
  expect([rocAuc(rows), averagePrecision(rows)]).toEqual([Number.NaN, 1]);
});

it("refuses rows that do not fit together", () => {
  const scores = new Float64Array(2);
  expect(() => rocAuc({ labels: new Uint8Array(3), scores })).toThrow(
    new RangeError("Binary rows: 3 labels and 2 scores, expected one of each per row."),
  );
  expect(() => rocAuc({ labels: Uint8Array.of(0, 2), scores })).toThrow(
    new RangeError("Binary rows: label 2 in row 1, expected 0 or 1."),
  );
  expect(() => rocAucStatistic({ labels: new Uint8Array(2), scores }, ungrouped(3))).toThrow(
    new RangeError("Groups: 3 group numbers for 2 rows, expected one per row."),
  );
});

it("equals the share of concordant pairs, counted one by one", () => {
  fc.assert(
    fc.property(rowsWithBothClasses, ({ labels, scores }) => {
      let concordant = 0;
      let pairs = 0;
      for (let a = 0; a < labels.length; a++) {
        for (let b = 0; b < labels.length; b++) {
          if (labels[a] !== 1 || labels[b] !== 0) continue;
          pairs++;
          if (scores[a]! > scores[b]!) concordant += 1;
          else if (scores[a] === scores[b]) concordant += 0.5;
        }
      }
      expect(rocAuc({ labels, scores })).toBeCloseTo(concordant / pairs, 12);
    }),
  );
});

it("does not change when scores go through an increasing function", () => {
  fc.assert(
    fc.property(rowsWithBothClasses, ({ labels, scores }) => {
      // Scores are multiples of 1/20: cubes of such numbers stay apart in floating point.
      const cubed = scores.map((score) => score ** 3 * 1000 - 7);
      expect(rocAuc({ labels, scores: cubed })).toBe(rocAuc({ labels, scores }));
      expect(averagePrecision({ labels, scores: cubed })).toBe(averagePrecision({ labels, scores }));
    }),
  );
});

it("turns an AUC into 1 − AUC when scores are turned around", () => {
  fc.assert(
    fc.property(rowsWithBothClasses, ({ labels, scores }) => {
      expect(rocAuc({ labels, scores: scores.map((score) => 1 - score) })).toBeCloseTo(
        1 - rocAuc({ labels, scores }),
        12,
      );
    }),
  );
});

it("gives a resample what the same rows, written out as often as they count, would give", () => {
  fc.assert(
    fc.property(
      anyRows.chain((rows) => fc.record({ rows: fc.constant(rows), multiplicity: multiplicitiesFor(rows) })),
      (drawn) => {
        const { rows, multiplicity } = drawn;
        const groups = groupRows(rows.groups);
        const written = expand(rows, groups, multiplicity);
        for (const [resampled, plain] of [
          [rocAucStatistic(rows, groups)(multiplicity), rocAuc(written)],
          [averagePrecisionStatistic(rows, groups)(multiplicity), averagePrecision(written)],
        ] as const) {
          expect(resampled).toSatisfy(isCloseTo(plain));
        }
      },
    ),
  );
});
