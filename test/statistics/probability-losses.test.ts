import {
  brier,
  brierPerRow,
  brierSkill,
  brierSkillStatistic,
  brierStatistic,
  groupRows,
  logLoss,
  logLossStatistic,
  ungrouped,
  valueOf,
} from "@perennial/statistics";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { anyRows, expand, isCloseTo, multiplicitiesFor } from "./generated-rows.ts";
import { referenceRows } from "./reference-rows.ts";

it("agrees with scikit-learn's brier_score_loss and log_loss", () => {
  expect(brier(referenceRows)).toBeCloseTo(0.18220187499999999, 15);
  expect(logLoss(referenceRows)).toBeCloseTo(0.5552182725781675, 14);
});

it("agrees with scikit-learn's sample_weight where rows count 1, 2, 3, 1, 2, 3 … times", () => {
  const weights = Int32Array.from({ length: 40 }, (_, row) => 1 + (row % 3));
  expect(brierStatistic(referenceRows, ungrouped(40))(weights)).toBeCloseTo(0.18032120253164555, 14);
  expect(logLossStatistic(referenceRows, ungrouped(40))(weights)).toBeCloseTo(0.5450847127269425, 14);
});

it.each([
  ["a missed event", Uint8Array.of(1, 0), Float64Array.of(0, 0)],
  ["a false alarm", Uint8Array.of(0, 1), Float64Array.of(1, 1)],
])(
  "clips the log loss of %s as scikit-learn does, and is infinite only when told not to",
  (_, labels, scores) => {
    expect(logLoss({ labels, scores })).toBeCloseTo(18.021826694558577, 12);
    expect(logLoss({ labels, scores }, { clip: 0.1 })).toBeCloseTo((-Math.log(0.1) - Math.log(0.9)) / 2, 15);
    expect(logLoss({ labels, scores }, { clip: 0 })).toBe(Infinity);
  },
);

it("keeps the digits of a probability too small to subtract from 1", () => {
  expect(logLoss({ labels: Uint8Array.of(0), scores: Float64Array.of(1e-20) }, { clip: 0 })).toBe(1e-20);
});

it("has a skill of 1 for the truth, 0 for the prior, and less for worse", () => {
  const labels = Uint8Array.of(1, 0, 0, 0);
  expect(brierSkill({ labels, scores: Float64Array.of(1, 0, 0, 0) }, 0.25)).toBe(1);
  expect(brierSkill({ labels, scores: new Float64Array(4).fill(0.25) }, 0.25)).toBe(0);
  // Brier 0.25 against 0.1875 of the prior.
  expect(brierSkill({ labels, scores: new Float64Array(4).fill(0.5) }, 0.25)).toBeCloseTo(-1 / 3, 15);
});

it("has no skill against a prior that is never wrong", () => {
  expect(brierSkill({ labels: new Uint8Array(3), scores: new Float64Array(3) }, 0)).toBeNaN();
});

it.each([
  ["a NaN score", Uint8Array.of(0, 1), Float64Array.of(Number.NaN, 0.5)],
  ["no row", new Uint8Array(), new Float64Array()],
])("is NaN with %s", (_, labels, scores) => {
  const rows = { labels, scores };
  expect([brier(rows), logLoss(rows), brierSkill(rows, 0.5)]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
});

it("stays NaN in a resample that leaves the NaN out", () => {
  const rows = { labels: Uint8Array.of(0, 1), scores: Float64Array.of(Number.NaN, 0.5) };
  expect(brierStatistic(rows, ungrouped(2))(Int32Array.of(0, 2))).toBeNaN();
});

it("refuses what is no probability, and a clip that leaves nothing", () => {
  const rows = { labels: Uint8Array.of(0, 1), scores: Float64Array.of(0.5, 1.5) };
  expect(() => brierPerRow(rows)).toThrow(
    new RangeError(
      "Binary rows: score 1.5 in row 1, expected a probability from 0 to 1. " +
        "Apply the model's calibration first, or use a ranking metric.",
    ),
  );
  expect(() => logLoss(referenceRows, { clip: 0.5 })).toThrow(
    new RangeError("logLoss: clip is 0.5, expected a number from 0 to below 0.5."),
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
          [brierStatistic(rows, groups)(multiplicity), brier(written)],
          [logLossStatistic(rows, groups)(multiplicity), logLoss(written)],
          [brierSkillStatistic(0.3)(rows, groups)(multiplicity), brierSkill(written, 0.3)],
        ] as const) {
          expect(resampled).toSatisfy(isCloseTo(plain));
        }
        expect(valueOf(brierStatistic(rows, groups), groups)).toBeCloseTo(brier(rows), 12);
      },
    ),
  );
});
