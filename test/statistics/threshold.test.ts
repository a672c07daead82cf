import {
  type BinaryRows,
  evaluateAtThreshold,
  f1GainMetric,
  f1Metric,
  type Metric,
  ungrouped,
} from "@perennial/statistics";
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

it("resamples F1 and its gain over calling every row positive", () => {
  const each = ungrouped(40);
  const resampled = (metric: Metric<BinaryRows>, multiplicity: Int32Array) =>
    metric.statistic(referenceRows, each)(multiplicity);
  const once = new Int32Array(40).fill(1);
  expect(resampled(f1Metric(0.5), once)).toBe(30 / 39);
  expect(resampled(f1GainMetric(0.5), once)).toBeCloseTo(30 / 39 - 38 / 59, 14);
  // Calling every row positive gains nothing over calling every row positive.
  expect(resampled(f1GainMetric(0), once)).toBe(0);
  // The first row twice and the third once: one is positive and flagged, twice; the other neither flagged nor negative.
  const few = new Int32Array(40).with(0, 2).with(2, 1);
  expect(resampled(f1Metric(0.5), few)).toBe(1);
  expect(resampled(f1GainMetric(0.5), few)).toBeCloseTo(1 - 4 / 5, 14);
});

it("resamples to NaN wherever a score is NaN, and where nothing is positive or flagged", () => {
  const labels = Uint8Array.of(1, 0);
  const broken = { labels, scores: Float64Array.of(0.9, Number.NaN) };
  expect(f1Metric(0.5).statistic(broken, ungrouped(2))(Int32Array.of(1, 0))).toBeNaN();
  const whole = { labels, scores: Float64Array.of(0.9, 0.1) };
  expect(f1Metric(0.5).statistic(whole, ungrouped(2))(Int32Array.of(0, 2))).toBeNaN();
});
