import type { Groups } from "../groups.ts";
import { type Statistic, meanStatistic, sumsStatistic } from "../statistic.ts";
import { type BinaryRows, requireProbabilities } from "./binary-rows.ts";
import { mean } from "./mean.ts";

/** How far probabilities are kept from 0 and 1 in the log loss; see {@link logLossPerRow}. */
export interface LogLossOptions {
  /**
   * Probabilities are moved into [clip, 1 − clip]. With 0, a single confident mistake makes the log loss infinite.
   *
   * @default 2.220446049250313e-16 (2⁻⁵², the clip of scikit-learn for float64)
   */
  readonly clip?: number;
}

/** (probability − label)² of each row (Brier 1950). */
export function brierPerRow(rows: BinaryRows): Float64Array {
  requireProbabilities(rows);
  return rows.scores.map((score, row) => (score - rows.labels[row]!) ** 2);
}

/** −ln of the probability given to what came true, clipped so that no single row is infinite. */
export function logLossPerRow(
  rows: BinaryRows,
  { clip = Number.EPSILON }: LogLossOptions = {},
): Float64Array {
  if (!(clip >= 0 && clip < 0.5))
    throw new RangeError(`logLoss: clip is ${clip}, expected a number from 0 to below 0.5.`);
  requireProbabilities(rows);
  return rows.scores.map((score, row) => {
    const clipped = Math.min(Math.max(score, clip), 1 - clip);
    // log1p and not log(1 − p): below 1e-16 the subtraction would say that p is 0.
    return rows.labels[row] === 1 ? -Math.log(clipped) : -Math.log1p(-clipped);
  });
}

/** Mean squared error of the probabilities: lower is better. NaN when a score is NaN or there are no rows. */
export function brier(rows: BinaryRows): number {
  return mean(brierPerRow(rows));
}

/** Mean negative log likelihood in nats, clipped by default: lower is better. NaN when a score is NaN or there are no rows. */
export function logLoss(rows: BinaryRows, options: LogLossOptions = {}): number {
  return mean(logLossPerRow(rows, options));
}

/**
 * The share of the constant prediction's Brier score that the model removes: 1 is perfect, 0 is no better than always saying
 * `prior`. Give the *training* prior: the holdout's own rate is not known when one predicts. NaN when either score is, or when
 * the prior is already perfect.
 */
export function brierSkill(rows: BinaryRows, prior: number): number {
  const constant = { labels: rows.labels, scores: new Float64Array(rows.labels.length).fill(prior) };
  const reference = brier(constant);
  return reference > 0 ? 1 - brier(rows) / reference : Number.NaN;
}

/** {@link brier} of resampled rows. */
export function brierStatistic(rows: BinaryRows, groups: Groups): Statistic {
  return meanStatistic(brierPerRow(rows), groups);
}

/** {@link logLoss} of resampled rows, with its default clip. */
export function logLossStatistic(rows: BinaryRows, groups: Groups): Statistic {
  return meanStatistic(logLossPerRow(rows), groups);
}

/** {@link brierSkill} of resampled rows: model and prior are resampled together, the prior itself stays. */
export function brierSkillStatistic(prior: number): (rows: BinaryRows, groups: Groups) => Statistic {
  return (rows, groups) => {
    const constant = { labels: rows.labels, scores: new Float64Array(rows.labels.length).fill(prior) };
    return sumsStatistic([brierPerRow(rows), brierPerRow(constant)], groups, ([own, expected]) =>
      expected! > 0 ? 1 - own! / expected! : Number.NaN,
    );
  };
}
