import type { ManifestTask, Metrics } from "@perennial/contracts";
import {
  asQuantityRows,
  bootstrapAll,
  bootstrap,
  brierMetric,
  countRowsByClass,
  createRandom,
  groupRows,
  measureTask,
  type PredictedRows,
  PRIMARY,
  primaryOf,
  rocAucMetric,
  selectRows,
} from "@perennial/statistics";
import { describe, expect, it } from "vitest";
import { referenceGroups, referenceRows } from "./reference-rows.ts";

const random = createRandom(11);
const ROWS = 300;
const groups = groupRows(Array.from({ length: ROWS }, (_, row) => Math.floor(row / 2)));

const MATCH: ManifestTask = {
  kind: "multiclass",
  classes: [
    { name: "loss", share: 0.4 },
    { name: "draw", share: 0.2 },
    { name: "win", share: 0.4 },
  ],
};
/** Matches whose probabilities are what they are drawn by. */
const matches = ((): PredictedRows => {
  const labels = new Float64Array(ROWS);
  const predictions = new Float64Array(ROWS * 3);
  for (let row = 0; row < ROWS; row++) {
    const win = 0.1 + 0.6 * random.uniform();
    const draw = 0.2;
    predictions.set([1 - win - draw, draw, win], row * 3);
    const drawn = random.uniform();
    labels[row] = drawn < win ? 2 : drawn < win + draw ? 1 : 0;
  }
  return { labels, columns: 3, predictions };
})();

const STAY: ManifestTask = { kind: "regression", unit: "days", min: 0, max: 60, coverage: 0.9, median: 12 };
/** Estimates with normal errors of two days and intervals of ± 1.645 deviations. */
const stays = ((): PredictedRows => {
  const labels = new Float64Array(ROWS);
  const predictions = new Float64Array(ROWS * 3);
  for (let row = 0; row < ROWS; row++) {
    const estimate = 10 + 20 * random.uniform();
    labels[row] = estimate + 2 * random.normal();
    predictions.set([estimate, estimate - 3.29, estimate + 3.29], row * 3);
  }
  return { labels, columns: 3, predictions };
})();

function measured<Kind extends Metrics["kind"]>(kind: Kind, task: ManifestTask, rows: PredictedRows) {
  const metrics = measureTask(task, rows, { groups, seed: 5 });
  if (metrics.kind !== kind) throw new Error(`expected metrics of kind ${kind}`);
  return metrics as Extract<Metrics, { kind: Kind }>;
}

describe("the figures of probabilities of several classes", () => {
  const metrics = measured("multiclass", MATCH, matches);

  it("have intervals around what they are", () => {
    const { rps, logLoss, accuracy, rpsSkill, rpsGain, logLossGain } = metrics;
    for (const { value, lower, upper } of [rps, logLoss, accuracy, rpsSkill, rpsGain, logLossGain]) {
      expect(lower).toBeLessThan(value!);
      expect(upper).toBeGreaterThan(value!);
    }
    expect(rpsGain.lower).toBeGreaterThan(0);
    expect(rpsSkill.value).toBeCloseTo(rpsGain.value! / (rpsGain.value! + rps.value!), 12);
  });

  it("are told class by class, in order, one against the rest", () => {
    expect(metrics.classes.map(({ name, rows }) => [name, rows])).toEqual(
      [0, 1, 2].map((place) => [MATCH.classes[place]!.name, countRowsByClass(matches.labels, 3)[place]]),
    );
    const [loss, draw, win] = metrics.classes;
    expect(win!.rocAuc).toBeGreaterThan(0.6);
    expect(win!.calibration.slope.value).toBeGreaterThan(0.5);
    expect(Math.abs(loss!.calibration.meanZ!)).toBeLessThan(3);
    // A draw is always as probable: nothing to order, and no slope.
    expect([draw!.rocAuc, draw!.calibration.slope.value]).toEqual([0.5, null]);
    expect(draw!.calibration.curve).toEqual([
      { rows: ROWS, predicted: expect.closeTo(0.2, 12) as number, observed: draw!.rows / ROWS },
    ]);
  });
});

describe("the figures of a quantity", () => {
  const metrics = measured("regression", STAY, stays);

  it("are those of the rows, with intervals", () => {
    expect(metrics.rmse.value).toBeGreaterThan(1.7);
    expect(metrics.rmse.value).toBeLessThan(2.3);
    expect(metrics.relativeRmse.value! ** 2).toBeCloseTo(1 - metrics.r2.value!, 12);
    const { rmse, mae, r2, relativeRmse, meanError, interval } = metrics;
    for (const { value, lower, upper } of [rmse, mae, r2, relativeRmse, meanError, interval.coverage]) {
      expect(lower).toBeLessThan(value!);
      expect(upper).toBeGreaterThan(value!);
    }
  });

  it("tell what the intervals hold beside what they are to hold, and how wide they are", () => {
    expect(metrics.interval.wanted).toBe(0.9);
    expect(metrics.interval.coverage.value).toBeGreaterThan(0.85);
    expect(metrics.interval.coverage.value).toBeLessThan(0.95);
    expect(metrics.interval.meanWidth).toBeCloseTo(6.58, 12);
  });

  it("have a curve of ten equal bins", () => {
    expect(metrics.curve.map(({ rows }) => rows)).toEqual(Array.from({ length: 10 }, () => 30));
    for (const { predicted, observed } of metrics.curve)
      expect(Math.abs(predicted - observed)).toBeLessThan(2);
  });
});

it("holds the F1 beside that of calling every row positive, with the paired gain", () => {
  const rows = {
    labels: Float64Array.from(referenceRows.labels),
    columns: 1,
    predictions: referenceRows.scores,
  };
  const task: ManifestTask = { kind: "binary", outcome: "yes", threshold: 0.5, prevalence: 0.4 };
  const metrics = measureTask(task, rows, { groups: referenceGroups, seed: 5 });
  if (metrics.kind !== "binary") throw new Error("expected metrics of a yes-or-no target");
  const { f1, f1OfAllPositive, f1Gain, precision } = metrics.decision;
  expect([f1.value, f1OfAllPositive, precision]).toEqual([30 / 39, 38 / 59, 0.75]);
  expect(f1Gain.value).toBeCloseTo(30 / 39 - 38 / 59, 14);
  expect(f1Gain.lower).toBeLessThan(f1Gain.value!);
  expect(f1Gain.upper).toBeGreaterThan(f1Gain.value!);
});

it.each([
  ["rps", MATCH, matches],
  ["rmse", STAY, stays],
] as const)("names %s as what the gate decides by, and measures it as the gate does", (name, task, rows) => {
  const primary = primaryOf(measureTask(task, rows, { groups, seed: 5, replicates: 50 }));
  expect(primary.name).toBe(name);
  const { value } = bootstrap(PRIMARY[name].statistic(rows, groups), { groups, seed: 5, replicates: 50 });
  expect(primary.estimate.value).toBe(value);
});

it("has null for every figure that a missing prediction makes undefined", () => {
  const broken = { ...stays, predictions: stays.predictions.with(4, Number.NaN) };
  const metrics = measured("regression", STAY, broken);
  // The lower end of the second row is missing, its estimate isn't.
  expect(metrics.rmse.value).not.toBeNull();
  expect(metrics.interval).toEqual({
    wanted: 0.9,
    coverage: { value: null, lower: null, upper: null },
    meanWidth: null,
  });
});

it("draws several statistics from the same resamples as each alone", () => {
  const resampling = { groups: referenceGroups, seed: 9, replicates: 60 };
  const statistics = {
    auc: rocAucMetric.statistic(referenceRows, referenceGroups),
    brier: brierMetric.statistic(referenceRows, referenceGroups),
  };
  expect(bootstrapAll(statistics, resampling)).toEqual({
    auc: bootstrap(statistics.auc, resampling),
    brier: bootstrap(statistics.brier, resampling),
  });
});

it("selects rows with all their columns, and refuses a row that there isn't", () => {
  expect(selectRows(matches, Int32Array.of(7, 2), "A slice")).toEqual({
    labels: Float64Array.of(matches.labels[7]!, matches.labels[2]!),
    columns: 3,
    predictions: Float64Array.of(
      ...matches.predictions.subarray(21, 24),
      ...matches.predictions.subarray(6, 9),
    ),
  });
  expect(() => selectRows(matches, Int32Array.of(ROWS), "A slice")).toThrow(
    new RangeError("A slice names row 300, expected a position from 0 to 299."),
  );
});

it("refuses to read rows as those of another task", () => {
  const single = { labels: Float64Array.of(1), columns: 1, predictions: Float64Array.of(0.5) };
  expect(() => asQuantityRows(single)).toThrow(
    new RangeError("Predicted rows: 1 columns, expected 3 for a quantity."),
  );
});
