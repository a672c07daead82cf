import { createRandom, rocAuc, simulateHoldout, simulateYears } from "@perennial/statistics";
import { expect, it } from "vitest";

/** A shared machine may be slow; alone, the longest test takes 7 s. */
const TIMEOUT_MS = 60_000;

const weekly = {
  rows: 1500,
  prevalence: 0.11,
  championAuc: 0.68,
  correlation: 0.95,
  looks: 52,
  alpha: 0.05,
  seed: 20_260_101,
};

it(
  "promotes an equal challenger in at most alpha of the years, over all 52 looks of a year",
  { timeout: TIMEOUT_MS },
  () => {
    const { years, yearsWithPromotion } = simulateYears({ ...weekly, gain: 0, years: 200 });
    expect(years).toBe(200);
    // At a rate of exactly 0.05, 200 years have more than 18 false promotions in 0.6 % of simulations (binomial). The seed is fixed.
    expect(yearsWithPromotion).toBeLessThanOrEqual(18);
  },
);

it(
  "would promote an equal challenger in a third of the years and more, if every look had the whole of alpha",
  { timeout: TIMEOUT_MS },
  () => {
    const { shareOfYears } = simulateYears({ ...weekly, gain: 0, years: 60, isAlphaSpent: false });
    expect(shareOfYears).toBeGreaterThan(1 / 3);
  },
);

it(
  "promotes a better challenger the sooner, the better it is, on a holdout of 14,000 rows",
  { timeout: TIMEOUT_MS },
  () => {
    const hospital = { ...weekly, rows: 14_000, years: 60, looks: 52 };
    const firstLooks = [0.005, 0.01, 0.02].map((gain) => {
      const { firstLookPromotions, meanStandardError } = simulateYears({
        ...hospital,
        looks: 1,
        alpha: 0.05 / 52,
        gain,
      });
      expect(meanStandardError).toBeGreaterThan(0.002);
      expect(meanStandardError).toBeLessThan(0.003);
      return firstLookPromotions / hospital.years;
    });
    // Normal power at a standard error of 0.0024: 0.16, 0.86 and 1.00; three binomial standard deviations of 60 years around them.
    expect(firstLooks[0]).toBeGreaterThan(0.01);
    expect(firstLooks[0]).toBeLessThan(0.35);
    expect(firstLooks[1]).toBeGreaterThan(0.7);
    expect(firstLooks[2]).toBe(1);
  },
);

it("draws models that have the skill it says they have", () => {
  const holdout = simulateHoldout({ ...weekly, rows: 60_000, prevalence: 0.3, gain: 0.05 }, createRandom(1));
  // The standard error of either AUC is 0.0024 with clustering.
  expect(Math.abs(rocAuc(holdout.scoreChampion()) - 0.68)).toBeLessThan(0.008);
  expect(Math.abs(rocAuc(holdout.scoreChallenger()) - 0.73)).toBeLessThan(0.008);
});

it("repeats itself for one seed", () => {
  const settings = { ...weekly, rows: 300, gain: 0.02, years: 5 };
  expect(simulateYears(settings)).toEqual(simulateYears(settings));
});
