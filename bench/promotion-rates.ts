/**
 * How often the gate promotes, over simulated years of weekly looks at one holdout of the hospital's size, and what one
 * comparison costs. Run with `node bench/promotion-rates.ts`; about two minutes. Same seed, same rates.
 */
import {
  compareMetric,
  createRandom,
  groupRows,
  rocAucMetric,
  simulateHoldout,
  simulateYears,
} from "@perennial/statistics";

/** The sealed hospital holdout: rows, prevalence, and retrainings whose paired difference has an error of 0.0024. */
const hospital = { rows: 14_000, prevalence: 0.11, championAuc: 0.68, correlation: 0.95 };
const year = { looks: 52, alpha: 0.05, seed: 42 };

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

const rates = [0, 0.005, 0.01, 0.02].map((gain) => {
  const years = gain === 0 ? 200 : 100;
  const spent = simulateYears({ ...hospital, ...year, gain, years });
  return {
    "true AUC gain": gain,
    years,
    "promoted at one look": percent(spent.firstLookPromotions / years),
    "promoted within the year": percent(spent.shareOfYears),
    "mean look of promotion": spent.meanPromotingLook.toFixed(1),
  };
});
console.log(`α ${year.alpha} spent over ${year.looks} looks, ${hospital.rows} rows:`);
console.table(rates);
const unspent = simulateYears({ ...hospital, ...year, rows: 2000, gain: 0, years: 200, isAlphaSpent: false });
console.log(
  `Equal challengers, the whole of α at every look: ${percent(unspent.shareOfYears)} of years promote one.`,
);

const holdout = simulateHoldout({ ...hospital, gain: 0.005 }, createRandom(1));
const models = { champion: holdout.scoreChampion(), challenger: holdout.scoreChallenger() };
const groups = groupRows(holdout.groups.index);
const times = Array.from({ length: 7 }, () => {
  const started = performance.now();
  compareMetric({ ...models, metric: rocAucMetric, groups, alpha: 0.001, seed: 1 });
  return performance.now() - started;
}).toSorted((a, b) => a - b);
console.log(
  `1,000 paired AUC replicates on ${hospital.rows} rows: ${times[3]?.toFixed(0)} ms (median of 7).`,
);
