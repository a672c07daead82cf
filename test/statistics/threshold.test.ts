import { evaluateAtThreshold } from "@perennial/statistics";
import { expect, it } from "vitest";
import { referenceRows } from "./reference-rows.ts";

it("counts a score at the threshold as positive and agrees with scikit-learn's confusion_matrix", () => {
  expect(evaluateAtThreshold(referenceRows, 0.5)).toEqual({
    threshold: 0.5,
    rows: 40,
    truePositives: 15,
    falsePositives: 5,
    falseNegatives: 4,
    trueNegatives: 16,
    prevalence: 19 / 40,
    predictedPositiveRate: 20 / 40,
    precision: 0.75,
    recall: 15 / 19,
    specificity: 16 / 21,
    f1: 30 / 39,
    f1OfAllPositive: 38 / 59,
  });
});

it("has no precision where nothing is singled out, and an F1 of 0", () => {
  const { precision, recall, f1 } = evaluateAtThreshold(referenceRows, 2);
  expect({ precision, recall, f1 }).toEqual({ precision: Number.NaN, recall: 0, f1: 0 });
});

it("is NaN wherever a NaN score could have mattered", () => {
  const labels = Uint8Array.of(1, 0, 1);
  expect(evaluateAtThreshold({ labels, scores: Float64Array.of(0.9, 0.1, Number.NaN) }, 0.5)).toEqual({
    threshold: 0.5,
    rows: 3,
    truePositives: Number.NaN,
    falsePositives: Number.NaN,
    falseNegatives: Number.NaN,
    trueNegatives: Number.NaN,
    prevalence: 2 / 3,
    predictedPositiveRate: Number.NaN,
    precision: Number.NaN,
    recall: Number.NaN,
    specificity: Number.NaN,
    f1: Number.NaN,
    f1OfAllPositive: 0.8,
  });
});
