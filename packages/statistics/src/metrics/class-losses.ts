import type { Groups } from "../groups.ts";
import { meanStatistic, type Statistic, sumsStatistic } from "../statistic.ts";
import { answeredWith, type ClassRows, requireClassRows } from "./class-rows.ts";
import { mean } from "./mean.ts";
import type { Metric } from "./metric.ts";

/**
 * The ranked probability score of each row (Epstein 1969, "A scoring system for probability forecasts of ranked
 * categories"), divided by the number of classes less one as in Constantinou and Fenton (2012, "Solving the problem of
 * inadequate scoring rules for assessing probabilistic football forecast models"): the mean square by which the cumulative
 * probabilities miss the cumulative outcome. 0 is perfect, 1 the worst; of two classes it is the Brier score.
 */
export function rpsPerRow(rows: ClassRows): Float64Array {
  requireClassRows(rows);
  const { labels, classes, probabilities } = rows;
  return Float64Array.from(labels, (label, row) => {
    let cumulative = 0;
    let squares = 0;
    // The last cumulative probability is 1, whatever is predicted.
    for (let place = 0; place < classes - 1; place++) {
      cumulative += probabilities[row * classes + place]!;
      squares += (cumulative - (label <= place ? 1 : 0)) ** 2;
    }
    // The sum above doesn't ask the last class.
    const last = probabilities[row * classes + classes - 1]!;
    return Number.isNaN(last) ? last : squares / (classes - 1);
  });
}

/** −ln of the probability given to the class that came true, clipped from below as scikit-learn does for float64. */
export function classLogLossPerRow(rows: ClassRows): Float64Array {
  requireClassRows(rows);
  const { labels, classes, probabilities } = rows;
  return Float64Array.from(labels, (label, row) => {
    const probability = probabilities[row * classes + label]!;
    return -Math.log(Math.max(probability, Number.EPSILON));
  });
}

/** 1 where the most probable class came true (of equal ones the first in order), else 0; NaN where a probability is. */
export function hitsPerRow(rows: ClassRows): Float64Array {
  requireClassRows(rows);
  const { labels, classes, probabilities } = rows;
  return Float64Array.from(labels, (label, row) => {
    const own = probabilities.subarray(row * classes, (row + 1) * classes);
    if (own.some(Number.isNaN)) return Number.NaN;
    return own.indexOf(Math.max(...own)) === label ? 1 : 0;
  });
}

/** Mean of {@link rpsPerRow}: lower is better. NaN when a probability is or there are no rows. */
export const rps = (rows: ClassRows): number => mean(rpsPerRow(rows));
/** Mean of {@link classLogLossPerRow}: lower is better. */
export const classLogLoss = (rows: ClassRows): number => mean(classLogLossPerRow(rows));
/** Mean of {@link hitsPerRow}: higher is better. */
export const accuracy = (rows: ClassRows): number => mean(hitsPerRow(rows));

export const rpsMetric: Metric<ClassRows> = {
  name: "rps",
  isHigherBetter: false,
  statistic: (rows, groups) => meanStatistic(rpsPerRow(rows), groups),
};

export const classLogLossMetric: Metric<ClassRows> = {
  name: "logLoss",
  isHigherBetter: false,
  statistic: (rows, groups) => meanStatistic(classLogLossPerRow(rows), groups),
};

export const accuracyMetric: Metric<ClassRows> = {
  name: "accuracy",
  isHigherBetter: true,
  statistic: (rows, groups) => meanStatistic(hitsPerRow(rows), groups),
};

/**
 * Skill of resampled rows: 1 − loss / loss of always answering with `shares`. Give those of the *training* part; model and
 * shares are resampled together, the shares themselves stay.
 */
export function rpsSkillMetric(shares: readonly number[]): Metric<ClassRows> {
  return {
    name: "rpsSkill",
    isHigherBetter: true,
    statistic: (rows, groups) =>
      sumsStatistic([rpsPerRow(rows), rpsPerRow(answeredWith(rows, shares))], groups, ([own, constant]) =>
        constant! > 0 ? 1 - own! / constant! : Number.NaN,
      ),
  };
}

/** How much lower the RPS is than that of always answering with `shares`, on the same resampled rows. */
export function rpsGainMetric(shares: readonly number[]): Metric<ClassRows> {
  return gainOver("rpsGain", rpsPerRow, shares);
}

/** How much lower the log loss is than that of always answering with `shares`, on the same resampled rows. */
export function classLogLossGainMetric(shares: readonly number[]): Metric<ClassRows> {
  return gainOver("logLossGain", classLogLossPerRow, shares);
}

function gainOver(
  name: string,
  lossPerRow: (rows: ClassRows) => Float64Array,
  shares: readonly number[],
): Metric<ClassRows> {
  return {
    name,
    isHigherBetter: true,
    statistic: (rows: ClassRows, groups: Groups): Statistic => {
      const constant = lossPerRow(answeredWith(rows, shares));
      return meanStatistic(
        lossPerRow(rows).map((own, row) => constant[row]! - own),
        groups,
      );
    },
  };
}
