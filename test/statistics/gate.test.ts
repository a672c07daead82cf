import {
  type BinaryRows,
  averagePrecisionMetric,
  brierMetric,
  compareMetric,
  compareSlices,
  createRandom,
  groupRows,
  GUARD,
  judgeGain,
  logLossMetric,
  type PredictedRows,
  PRIMARY,
  rocAucMetric,
  simulateHoldout,
  ungrouped,
} from "@perennial/statistics";
import { describe, expect, it } from "vitest";

const world = { rows: 4000, prevalence: 0.2, championAuc: 0.7, gain: 0.03, correlation: 0.95 };

/** Squeezes scores into probabilities without changing their order. */
const asProbabilities = ({ labels, scores }: BinaryRows): BinaryRows => ({
  labels,
  scores: scores.map((score) => 1 / (1 + Math.exp(1.5 - score))),
});

function drawModels(seed: number) {
  const holdout = simulateHoldout(world, createRandom(seed));
  const champion = asProbabilities(holdout.scoreChampion());
  return { champion, challenger: asProbabilities(holdout.scoreChallenger()), groups: holdout.groups };
}

describe("judging a gain", () => {
  const level = { standardError: 0.01, alpha: 0.025 };

  it.each([
    ["better", { gain: 0.02, ...level }],
    ["tie", { gain: 0.019, ...level }],
    ["tie", { gain: -0.019, ...level }],
    ["worse", { gain: -0.02, ...level }],
    ["tie", { gain: 0.02, minimumGain: 0.001, ...level }],
    ["tie", { gain: -0.02, margin: 0.001, ...level }],
    ["worse", { gain: -0.03, margin: 0.01, ...level }],
    ["tie", { gain: 0.02, standardError: 0.01, alpha: 0.05 / 52 }],
    ["better", { gain: 0.0311, standardError: 0.01, alpha: 0.05 / 52 }],
    ["tie", { gain: 0, standardError: 0, alpha: 0.05 }],
    ["better", { gain: 1e-9, standardError: 0, alpha: 0.05 }],
    ["undefined", { gain: Number.NaN, ...level }],
    ["undefined", { gain: 0.5, standardError: Number.NaN, alpha: 0.05 }],
  ] as const)("says %s of %o", (outcome, gain) => {
    expect(judgeGain(gain).outcome).toBe(outcome);
  });

  it("gives bounds and p-values that tell one story", () => {
    const { lowerBound, upperBound, pBetter, pWorse } = judgeGain({ gain: 0.02, margin: 0.01, ...level });
    expect(lowerBound).toBeCloseTo(0.02 - 0.01959963984540054, 12);
    expect(upperBound).toBeCloseTo(0.02 + 0.01959963984540054, 12);
    // 1 − Φ(2) and 1 − Φ(−3), from SciPy.
    expect(pBetter).toBeCloseTo(0.022750131948179195, 12);
    expect(pWorse).toBeCloseTo(0.9986501019683699, 12);
    expect(judgeGain({ gain: 0, standardError: 0, alpha: 0.05 })).toMatchObject({ pBetter: 1, pWorse: 1 });
  });

  it("names all faults of its arguments at once", () => {
    expect(() =>
      judgeGain({ gain: 0, standardError: 1, alpha: 0.6, minimumGain: -1, margin: Number.NaN }),
    ).toThrow(
      new RangeError(
        "judgeGain: alpha is 0.6, expected above 0 and at most 0.5; minimumGain is -1, expected a number from 0; " +
          "margin is NaN, expected a number from 0 (the loss that is tolerated).",
      ),
    );
  });
});

describe("comparing a metric", () => {
  it.each([rocAucMetric, averagePrecisionMetric, logLossMetric])(
    "turns $name so that a gain is positive",
    (metric) => {
      const { champion, challenger, groups } = drawModels(1);
      const forth = compareMetric({ metric, champion, challenger, groups, alpha: 0.05, seed: 1 });
      const back = compareMetric({
        metric,
        champion: challenger,
        challenger: champion,
        groups,
        alpha: 0.05,
        seed: 1,
      });
      expect([forth.outcome, back.outcome]).toEqual(["better", "worse"]);
      expect(forth.difference).toBe(forth.challenger - forth.champion);
      expect(forth.gain).toBe(metric.isHigherBetter ? forth.difference : -forth.difference);
      expect(back.gain).toBe(-forth.gain);
      expect(back.standardError).toBeCloseTo(forth.standardError, 12);
      expect(forth.gainInterval.lower).toBeLessThan(forth.gain);
      expect(forth.gainInterval.upper).toBeGreaterThan(forth.gain);
      expect(back.gainInterval.lower).toBeCloseTo(-forth.gainInterval.upper, 12);
    },
  );

  it("has normal bounds close to its percentile interval", { timeout: 30_000 }, () => {
    for (const seed of [1, 2]) {
      const { champion, challenger, groups } = drawModels(seed);
      for (const metric of [rocAucMetric, averagePrecisionMetric, brierMetric]) {
        const args = { metric, champion, challenger, groups, alpha: 0.025, seed, replicates: 4000 };
        const { lowerBound, upperBound, gainInterval, standardError } = compareMetric(args);
        // Within a sixth of a standard error, where the bounds lie two from the gain.
        expect(Math.abs(lowerBound - gainInterval.lower)).toBeLessThan(standardError / 6);
        expect(Math.abs(upperBound - gainInterval.upper)).toBeLessThan(standardError / 6);
      }
    }
  });

  it("keeps the champion when the challenger is the same model", () => {
    const { champion, groups } = drawModels(2);
    expect(
      compareMetric({ metric: brierMetric, champion, challenger: champion, groups, alpha: 0.05, seed: 1 }),
    ).toMatchObject({
      outcome: "tie",
      difference: 0,
      gain: 0,
      standardError: 0,
      gainInterval: { lower: 0, upper: 0, confidence: 0.95 },
      lowerBound: 0,
      upperBound: 0,
      pBetter: 1,
      undefinedReplicates: 0,
    });
  });

  it("is undefined, and no tie, when the challenger's score of one row is NaN", () => {
    const { champion, challenger, groups } = drawModels(2);
    const scores = challenger.scores.with(17, Number.NaN);
    for (const metric of [rocAucMetric, averagePrecisionMetric, brierMetric, logLossMetric]) {
      const comparison = compareMetric({
        metric,
        champion,
        challenger: { labels: challenger.labels, scores },
        groups,
        alpha: 0.05,
        seed: 1,
      });
      expect([comparison.outcome, comparison.gain, comparison.lowerBound]).toEqual([
        "undefined",
        Number.NaN,
        Number.NaN,
      ]);
      expect(comparison.champion).toBeGreaterThan(0);
    }
  });
});

describe("comparing slices", () => {
  const rowsWhere = (count: number, keep: (row: number) => boolean) =>
    Int32Array.from(Array.from({ length: count }, (_, row) => row).filter(keep));
  const settings = {
    metric: PRIMARY.rocAuc,
    classes: 2,
    alpha: 0.05,
    margin: 0.01,
    minimumRows: 50,
    seed: 3,
  };
  const predicted = (labels: Uint8Array, predictions: Float64Array): PredictedRows => ({
    labels: Float64Array.from(labels),
    columns: 1,
    predictions,
  });

  /** Two equal models, but for one half of the rows, in which the challenger's scores are noise. */
  function drawBrokenHalf(broken: (row: number) => boolean) {
    const holdout = simulateHoldout({ ...world, gain: 0 }, createRandom(5));
    const { labels, scores: champion } = holdout.scoreChampion();
    const random = createRandom(6);
    const challenger = holdout
      .scoreChallenger()
      .scores.map((score, row) => (broken(row) ? random.normal() : score));
    return {
      champion: predicted(labels, champion),
      challenger: predicted(labels, challenger),
      groups: holdout.groups,
    };
  }

  it("finds the slice that got worse, and only that one", () => {
    const models = drawBrokenHalf((row) => row < 1000);
    const slices = [
      { name: "rest", rows: rowsWhere(4000, (row) => row >= 1000) },
      { name: "broken", rows: rowsWhere(4000, (row) => row < 1000) },
      { name: "small", rows: rowsWhere(4000, (row) => row < 30) },
    ];
    const [rest, broken, small] = compareSlices({ ...models, ...settings, slices });
    expect([rest?.status, broken?.status, small?.status]).toEqual(["not worse", "worse", "too few rows"]);
    expect(small).toEqual({
      name: "small",
      rows: 30,
      classRows: [27, 3],
      groups: 25,
      status: "too few rows",
    });
    // Holm over the two slices that count: the smaller p-value at half of alpha, then the other at all of it.
    expect(broken).toMatchObject({ name: "broken", rows: 1000, level: 0.025 });
    expect(rest).toMatchObject({ name: "rest", rows: 3000, level: 0.05 });
    if (broken?.status !== "worse" || rest?.status !== "not worse")
      throw new Error("The statuses were asserted above.");
    expect(broken.upperBound).toBeLessThan(-0.01);
    expect(broken.upperBound).toBeCloseTo(broken.gain + 1.959963984540054 * broken.standardError, 12);
    expect(rest.upperBound).toBeGreaterThan(-0.01);
    expect(broken.gain).toBeCloseTo(broken.challenger - broken.champion, 15);
  });

  it("knows that a lower Brier score is better", () => {
    const { champion, challenger, groups } = drawModels(1);
    const slices = [{ name: "all", rows: rowsWhere(4000, () => true) }];
    const models = { groups, ...settings, metric: GUARD.binary.metric, margin: 0, slices };
    const scores = {
      better: predicted(champion.labels, challenger.scores),
      worse: predicted(champion.labels, champion.scores),
    };
    const [forth] = compareSlices({ ...models, champion: scores.worse, challenger: scores.better });
    const [back] = compareSlices({ ...models, champion: scores.better, challenger: scores.worse });
    expect([forth?.status, back?.status]).toEqual(["not worse", "worse"]);
  });

  it("tolerates a loss up to the margin", () => {
    const models = drawBrokenHalf((row) => row < 1000);
    const slices = [{ name: "broken", rows: rowsWhere(4000, (row) => row < 1000) }];
    expect(compareSlices({ ...models, ...settings, margin: 0.5, slices })[0]?.status).toBe("not worse");
  });

  it("needs rows of both classes, and from groups enough that every resample has both", () => {
    const labels = Uint8Array.from({ length: 400 }, (_, row) => (row < 100 ? 1 : 0));
    const random = createRandom(4);
    const scores = () => Float64Array.from({ length: 400 }, () => random.uniform());
    const models = { champion: predicted(labels, scores()), challenger: predicted(labels, scores()) };
    const all = { name: "all", rows: rowsWhere(400, () => true) };
    const onePatientHasAllPositives = groupRows(Array.from({ length: 400 }, (_, row) => Math.max(row, 99)));
    const statuses = (groups = ungrouped(400), slices = [all]) =>
      compareSlices({ ...models, ...settings, groups, slices }).map(({ status }) => status);
    expect(statuses()).toEqual(["not worse"]);
    expect(statuses(onePatientHasAllPositives)).toEqual(["too few rows"]);
    expect(
      statuses(ungrouped(400), [{ name: "positives", rows: rowsWhere(400, (row) => row < 100) }]),
    ).toEqual(["too few rows"]);
    expect(statuses(ungrouped(400), [{ name: "none", rows: new Int32Array() }])).toEqual(["too few rows"]);
  });

  it("is undefined where a score is NaN", () => {
    const models = drawBrokenHalf(() => false);
    const predictions = models.challenger.predictions.with(3, Number.NaN);
    const challenger = { ...models.challenger, predictions };
    const slices = [
      { name: "first", rows: rowsWhere(4000, (row) => row < 2000) },
      { name: "second", rows: rowsWhere(4000, (row) => row >= 2000) },
    ];
    const statuses = compareSlices({ ...models, challenger, ...settings, slices }).map(
      ({ status }) => status,
    );
    expect(statuses).toEqual(["undefined", "not worse"]);
  });

  it("calls an equal model's slices worse in at most alpha of the holdouts", { timeout: 30_000 }, () => {
    let falseAlarms = 0;
    for (let holdouts = 0; holdouts < 100; holdouts++) {
      const holdout = simulateHoldout({ ...world, rows: 1200, gain: 0 }, createRandom(holdouts));
      const { labels, scores: champion } = holdout.scoreChampion();
      const { scores: challenger } = holdout.scoreChallenger();
      const slices = [0, 1, 2, 3].map((part) => ({
        name: `${part}`,
        rows: rowsWhere(1200, (row) => row % 4 === part),
      }));
      const models = {
        champion: predicted(labels, champion),
        challenger: predicted(labels, challenger),
        groups: holdout.groups,
      };
      const compared = compareSlices({
        ...models,
        ...settings,
        margin: 0,
        minimumRows: 20,
        slices,
        replicates: 200,
      });
      if (compared.some(({ status }) => status === "worse")) falseAlarms++;
    }
    // 5 are expected at most; four binomial standard deviations are 9.
    expect(falseAlarms).toBeLessThanOrEqual(14);
  });

  it("refuses a slice that names a row which does not exist", () => {
    const models = drawBrokenHalf(() => false);
    const slices = [{ name: "age [70-80)", rows: Int32Array.of(4000) }];
    expect(() => compareSlices({ ...models, ...settings, slices })).toThrow(
      new RangeError('Slice "age [70-80)" names row 4000, expected a position from 0 to 3999.'),
    );
  });
});
