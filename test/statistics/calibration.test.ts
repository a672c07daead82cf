import {
  calibration,
  calibrationCurve,
  createRandom,
  expectedCalibrationError,
  ungrouped,
} from "@perennial/statistics";
import { describe, expect, it } from "vitest";
import { referenceGroups, referenceRows } from "./reference-rows.ts";

/** Rows whose labels follow `truth(probability)`, in the given number. */
function drawRows(count: number, seed: number, truth: (probability: number) => number) {
  const random = createRandom(seed);
  const scores = Float64Array.from({ length: count }, () => 0.02 + 0.5 * random.uniform());
  return { scores, labels: Uint8Array.from(scores, (score) => (random.uniform() < truth(score) ? 1 : 0)) };
}

describe("logistic recalibration", () => {
  it("agrees with statsmodels' Logit and its errors clustered by group", () => {
    // Logit(labels, add_constant(logit(scores))).fit(cov_type="cluster", groups=row // 3, use_correction=False),
    // errors times √(14/13): the small-sample factor for 14 groups.
    const { intercept, slope } = calibration(referenceRows, referenceGroups);
    expect(intercept.value).toBeCloseTo(0.0033273378008243934, 10);
    expect(slope.value).toBeCloseTo(0.8600964486292921, 10);
    expect(intercept.standardError).toBeCloseTo(0.254375272557495, 9);
    expect(slope.standardError).toBeCloseTo(0.298110471659208, 9);
    expect(slope.interval.lower).toBeCloseTo(0.8600964486292921 - 1.959963984540054 * 0.298110471659208, 9);
    expect(slope.interval.upper).toBeCloseTo(0.8600964486292921 + 1.959963984540054 * 0.298110471659208, 9);
  });

  it("finds the slope and intercept that made the labels", () => {
    const rows = drawRows(40_000, 5, (p) => 1 / (1 + Math.exp(-(0.3 + 0.7 * Math.log(p / (1 - p))))));
    const { intercept, slope } = calibration(rows, ungrouped(40_000), 0.999);
    expect(slope.interval.lower).toBeLessThan(0.7);
    expect(slope.interval.upper).toBeGreaterThan(0.7);
    expect(intercept.interval.lower).toBeLessThan(0.3);
    expect(intercept.interval.upper).toBeGreaterThan(0.3);
    expect(slope.standardError).toBeLessThan(0.02);
  });

  it("covers the truth in about 95 of 100 calibrated holdouts", () => {
    const holdouts = Array.from({ length: 400 }, (_, seed) => {
      const { slope, meanDifference } = calibration(
        drawRows(500, seed, (p) => p),
        ungrouped(500),
      );
      return {
        slope: slope.interval.lower <= 1 && slope.interval.upper >= 1,
        mean: meanDifference.interval.lower <= 0 && meanDifference.interval.upper >= 0,
      };
    });
    // 380 are expected; four binomial standard deviations are 17.
    for (const part of ["slope", "mean"] as const) {
      const covered = holdouts.filter((holdout) => holdout[part]).length;
      expect(Math.abs(covered - 380)).toBeLessThanOrEqual(17);
    }
  });

  it("measures the mean's difference with the spread between groups", () => {
    // Two groups of two rows, deviations 0.5, 0.5 | −0.5, 0.1: mean 0.15; influence sums 0.175 and −0.175.
    const rows = { labels: Uint8Array.of(0, 0, 1, 0), scores: Float64Array.of(0.5, 0.5, 0.5, 0.1) };
    const groups = { index: Int32Array.of(0, 0, 1, 1), count: 2 };
    const { meanPredicted, observedRate, meanDifference } = calibration(rows, groups);
    expect(meanPredicted).toBeCloseTo(0.4, 15);
    expect(observedRate).toBe(0.25);
    expect(meanDifference.value).toBeCloseTo(0.15, 15);
    expect(meanDifference.standardError).toBeCloseTo(Math.sqrt(2 * (0.175 ** 2 + 0.175 ** 2)), 15);
  });

  it.each([
    ["constant predictions", [0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5], true],
    ["separated classes", [0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], true],
    ["one class", [0, 0, 0, 0], [0.1, 0.2, 0.3, 0.4], true],
    ["a NaN score", [0, 1, 0, 1], [0.1, Number.NaN, 0.3, 0.4], false],
    ["no row", [], [], false],
  ])("has no slope or intercept with %s", (_, labels, scores, hasMean) => {
    const rows = { labels: Uint8Array.from(labels), scores: Float64Array.from(scores) };
    const { slope, intercept, meanDifference } = calibration(rows, ungrouped(labels.length));
    expect([slope.value, slope.standardError, slope.interval.lower]).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
    expect([intercept.value, intercept.standardError]).toEqual([Number.NaN, Number.NaN]);
    expect(Number.isNaN(meanDifference.value)).toBe(!hasMean);
  });

  it("survives probabilities of exactly 0 and 1", () => {
    const rows = { labels: Uint8Array.of(0, 1, 0, 1, 1, 0), scores: Float64Array.of(0, 1, 1, 0, 0.9, 0.2) };
    expect(calibration(rows, ungrouped(6)).slope.value).toBeCloseTo(0.0135, 1);
  });
});

describe("the calibration curve", () => {
  it("puts about the same number of rows in each bin, ties together, whatever their order", () => {
    const labels = Uint8Array.of(0, 1, 0, 1, 1, 1);
    const scores = Float64Array.of(0.1, 0.2, 0.2, 0.6, 0.8, 0.9);
    const curve = calibrationCurve({ labels, scores }, 3).map(({ rows, meanPredicted, observedRate }) => ({
      rows,
      meanPredicted: Number(meanPredicted.toFixed(12)),
      observedRate,
    }));
    expect(curve).toEqual([
      { rows: 3, meanPredicted: 0.166666666667, observedRate: 1 / 3 },
      { rows: 1, meanPredicted: 0.6, observedRate: 1 },
      { rows: 2, meanPredicted: 0.85, observedRate: 1 },
    ]);
    const reversed = { labels: labels.toReversed(), scores: scores.toReversed() };
    expect(calibrationCurve(reversed, 3).map(({ rows }) => rows)).toEqual([3, 1, 2]);
    // (3 · |1/6 − 1/3| + 1 · 0.4 + 2 · 0.15) / 6
    expect(expectedCalibrationError(calibrationCurve({ labels, scores }, 3))).toBeCloseTo(0.2, 15);
  });

  it("is one bin for a constant prediction, and empty for NaN or no rows", () => {
    const labels = Uint8Array.of(0, 1, 0, 1);
    const [bin, ...others] = calibrationCurve({ labels, scores: new Float64Array(4).fill(0.5) });
    expect([bin?.rows, bin?.observedRate, others]).toEqual([4, 0.5, []]);
    expect(calibrationCurve({ labels, scores: Float64Array.of(0.1, 0.2, 0.3, Number.NaN) })).toEqual([]);
    expect(expectedCalibrationError([])).toBeNaN();
  });

  it("averages an error of about 0.006 for a perfect model on 14,000 rows", () => {
    const errors = Array.from({ length: 20 }, (_, seed) =>
      expectedCalibrationError(calibrationCurve(drawRows(14_000, seed, (p) => p))),
    );
    const average = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    // These rows have a prevalence of 0.27, where the noise is 1.4 times that at 0.11.
    expect(average).toBeGreaterThan(0.006);
    expect(average).toBeLessThan(0.012);
  });

  it("refuses a number of bins that is none", () => {
    expect(() => calibrationCurve(referenceRows, 0)).toThrow(
      new RangeError("equalCountBins: bins is 0, expected a whole number from 1."),
    );
  });
});
