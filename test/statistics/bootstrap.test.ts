import {
  aucInfluence,
  bootstrap,
  brierMetric,
  clusterStandardError,
  createRandom,
  groupRows,
  logLossMetric,
  averagePrecisionMetric,
  meanStatistic,
  pairedAucDifference,
  pairedBootstrap,
  percentileInterval,
  rocAuc,
  rocAucMetric,
  rocAucStatistic,
  simulateHoldout,
  ungrouped,
} from "@perennial/statistics";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { rowsWithBothClasses } from "./generated-rows.ts";
import { referenceGroups, referenceRows } from "./reference-rows.ts";

const hospitalLike = { rows: 3000, prevalence: 0.11, championAuc: 0.68, gain: 0.01, correlation: 0.95 };

it("finds no difference between identical scores, in any resample", () => {
  const statistic = rocAucStatistic(referenceRows, referenceGroups);
  const { difference, champion } = pairedBootstrap(
    { champion: statistic, challenger: rocAucStatistic({ ...referenceRows }, referenceGroups) },
    { groups: referenceGroups, seed: 1 },
  );
  expect(percentileInterval(difference, 0.95)).toEqual({ lower: 0, upper: 0, confidence: 0.95 });
  expect([difference.value, difference.standardError]).toEqual([0, 0]);
  expect(champion.standardError).toBeGreaterThan(0.04);
});

it("finds none for any metric, rows and groups", () => {
  const metrics = [rocAucMetric, averagePrecisionMetric, brierMetric, logLossMetric];
  fc.assert(
    fc.property(rowsWithBothClasses, fc.constantFrom(...metrics), (rows, metric) => {
      const groups = groupRows(rows.groups);
      const statistics = {
        champion: metric.statistic(rows, groups),
        challenger: metric.statistic(rows, groups),
      };
      const { difference } = pairedBootstrap(statistics, { groups, seed: 1, replicates: 50 });
      expect(difference.value).toBe(0);
      // All 0, but for resamples without one of the classes, which are NaN and counted.
      const undefinedOnes = difference.replicates.filter(Number.isNaN).length;
      expect(difference.undefinedReplicates).toBe(undefinedOnes);
      expect(difference.replicates.filter((each) => each === 0).length).toBe(50 - undefinedOnes);
    }),
    { numRuns: 50 },
  );
});

it("repeats itself bit by bit for one seed", () => {
  const statistic = rocAucStatistic(referenceRows, referenceGroups);
  const draw = (seed: number) => bootstrap(statistic, { groups: referenceGroups, seed }).replicates;
  expect(draw(4)).toEqual(draw(4));
  expect(draw(4)).not.toEqual(draw(5));
});

it("draws whole groups: rows that repeat within their group add no certainty", () => {
  const random = createRandom(2);
  const values = Float64Array.from({ length: 300 }, () => random.normal());
  const tripled = Float64Array.from({ length: 900 }, (_, row) => values[Math.floor(row / 3)]!);
  const groups = groupRows(Array.from(tripled, (_, row) => Math.floor(row / 3)));
  const once = bootstrap(meanStatistic(values, ungrouped(300)), { groups: ungrouped(300), seed: 9 });
  const grouped = bootstrap(meanStatistic(tripled, groups), { groups, seed: 9 });
  expect(grouped.standardError).toBeCloseTo(once.standardError, 12);
  const taken = bootstrap(meanStatistic(tripled, ungrouped(900)), { groups: ungrouped(900), seed: 9 });
  // Taken as independent, they would seem √3 times as certain.
  expect(once.standardError / taken.standardError).toBeCloseTo(Math.sqrt(3), 0);
});

it("has the standard error of a mean that the textbook has", () => {
  const random = createRandom(8);
  const values = Float64Array.from({ length: 500 }, () => random.normal());
  const mean = values.reduce((sum, value) => sum + value, 0) / 500;
  const groups = ungrouped(500);
  const textbook = clusterStandardError(
    values.map((value) => (value - mean) / 500),
    groups,
  );
  const { standardError } = bootstrap(meanStatistic(values, groups), { groups, seed: 1, replicates: 4000 });
  expect(Math.abs(standardError / textbook - 1)).toBeLessThan(0.05);
});

it("agrees with the clustered DeLong error of a paired AUC difference", { timeout: 30_000 }, () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const holdout = simulateHoldout(hospitalLike, createRandom(seed));
    const { groups } = holdout;
    const [champion, challenger] = [holdout.scoreChampion(), holdout.scoreChallenger()];
    const analytic = pairedAucDifference(
      { champion: aucInfluence(champion), challenger: aucInfluence(challenger) },
      groups,
    );
    const { difference } = pairedBootstrap(
      { champion: rocAucStatistic(champion, groups), challenger: rocAucStatistic(challenger, groups) },
      { groups, seed, replicates: 2000 },
    );
    expect(difference.value).toBeCloseTo(analytic.difference, 12);
    // 2,000 replicates know a standard error to 1.6 %; three times that, and 2 % for the finite holdout.
    expect(Math.abs(difference.standardError / analytic.standardError - 1)).toBeLessThan(0.07);
  }
});

it("has the AUC and DeLong variance that counting pairs gives", () => {
  fc.assert(
    fc.property(rowsWithBothClasses, (rows) => {
      const { auc, influence } = aucInfluence(rows);
      expect(auc).toBeCloseTo(rocAuc(rows), 12);
      expect(influence.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 12);
      const concordance = (a: number, b: number) => {
        if (rows.scores[a] === rows.scores[b]) return 0.5;
        return rows.scores[a]! > rows.scores[b]! ? 1 : 0;
      };
      const positions = (label: number) =>
        Array.from(rows.labels.keys()).filter((row) => rows.labels[row] === label);
      const [negatives, positives] = [positions(0), positions(1)];
      const average = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
      const spread = (values: number[]) => average(values.map((value) => (value - auc) ** 2)) / values.length;
      const variance =
        spread(positives.map((a) => average(negatives.map((b) => concordance(a, b))))) +
        spread(negatives.map((b) => average(positives.map((a) => concordance(a, b)))));
      const count = rows.labels.length;
      expect(clusterStandardError(influence, ungrouped(count))).toBeCloseTo(
        Math.sqrt((variance * count) / (count - 1)),
        10,
      );
    }),
  );
});

it("covers the true difference in about 95 of 100 holdouts", { timeout: 30_000 }, () => {
  const random = createRandom(77);
  let covered = 0;
  for (let holdouts = 0; holdouts < 200; holdouts++) {
    const holdout = simulateHoldout({ ...hospitalLike, rows: 600, prevalence: 0.3 }, random);
    const { groups } = holdout;
    const statistics = {
      champion: rocAucStatistic(holdout.scoreChampion(), groups),
      challenger: rocAucStatistic(holdout.scoreChallenger(), groups),
    };
    const { difference } = pairedBootstrap(statistics, { groups, seed: holdouts, replicates: 400 });
    const { lower, upper } = percentileInterval(difference, 0.95);
    if (lower <= 0.01 && upper >= 0.01) covered++;
  }
  // 190 are expected; four binomial standard deviations are 12.
  expect(Math.abs(covered - 190)).toBeLessThanOrEqual(12);
});

it("counts resamples without one of the classes, and has no interval then", () => {
  const rows = { labels: Uint8Array.of(1, 0, 0, 0), scores: Float64Array.of(0.9, 0.1, 0.2, 0.3) };
  const groups = ungrouped(4);
  const distribution = bootstrap(rocAucStatistic(rows, groups), { groups, seed: 1 });
  // No draw of the only positive row: (3/4)⁴ of the resamples; only such: (1/4)⁴.
  expect(distribution.undefinedReplicates / 1000).toBeCloseTo(0.75 ** 4 + 0.25 ** 4, 1);
  expect([distribution.value, distribution.standardError]).toEqual([1, Number.NaN]);
  expect(percentileInterval(distribution, 0.95)).toEqual({
    lower: Number.NaN,
    upper: Number.NaN,
    confidence: 0.95,
  });
});

it("knows nothing about the spread of a single group", () => {
  const groups = groupRows(new Int32Array(40));
  expect(bootstrap(rocAucStatistic(referenceRows, groups), { groups, seed: 1 }).standardError).toBeNaN();
});

it("takes the interval's ends from the order statistics", () => {
  const replicates = Float64Array.from({ length: 39 }, (_, index) => index + 1);
  const distribution = { value: 20, standardError: 1, replicates, undefinedReplicates: 0 };
  // (39 + 1) · 0.025 is the first, (39 + 1) · 0.975 the last.
  const at95 = percentileInterval(distribution, 0.95);
  expect(at95.lower).toBeCloseTo(1, 12);
  expect(at95.upper).toBeCloseTo(39, 12);
  // (39 + 1) · 0.0625 lies half-way between the second and the third.
  const at875 = percentileInterval(distribution, 0.875);
  expect([at875.lower, at875.upper]).toEqual([2.5, 37.5]);
});

it("refuses an interval that its replicates cannot show", () => {
  const statistic = rocAucStatistic(referenceRows, referenceGroups);
  const distribution = bootstrap(statistic, { groups: referenceGroups, seed: 1, replicates: 100 });
  expect(() => percentileInterval(distribution, 0.999)).toThrow(
    new RangeError(
      "percentileInterval: 100 replicates cannot show a 0.999 interval, expected at least 1999. " +
        "Draw more, or use the normal bounds of judgeGain.",
    ),
  );
  expect(() => bootstrap(statistic, { groups: referenceGroups, seed: 1, replicates: 1 })).toThrow(
    new RangeError("bootstrap: replicates is 1, expected a whole number from 2, such as 1000."),
  );
});
