import { type Interval, wilsonInterval } from "../interval.ts";
import { type BinaryRows, requireProbabilities } from "./binary-rows.ts";
import { equalCountBins } from "./equal-count-bins.ts";

/** One bin of a calibration curve. */
export interface CalibrationBin {
  readonly rows: number;
  readonly meanPredicted: number;
  readonly observedRate: number;
  /** Wilson's interval of the observed rate, at 95 %; rows are taken as independent. */
  readonly observedInterval: Interval;
}

/**
 * The calibration curve over bins of about equal counts, from low to high probability; see {@link equalCountBins}.
 *
 * @throws RangeError if `bins` is not a whole number from 1, or a score is no probability.
 */
export function calibrationCurve(rows: BinaryRows, bins = 10): CalibrationBin[] {
  requireProbabilities(rows);
  const { labels, scores } = rows;
  return equalCountBins(scores, bins).map((members) => summarise(members, labels, scores));
}

/**
 * Expected calibration error over a curve of equal counts (Naeini, Cooper and Hauskrecht 2015): the mean distance of predicted
 * from observed, weighted by rows. Never 0 on finite data: a perfect model on 14,000 rows averages about 0.006. NaN for no bins.
 */
export function expectedCalibrationError(curve: readonly CalibrationBin[]): number {
  const rows = curve.reduce((sum, bin) => sum + bin.rows, 0);
  const distance = curve.reduce(
    (sum, bin) => sum + bin.rows * Math.abs(bin.meanPredicted - bin.observedRate),
    0,
  );
  return distance / rows;
}

function summarise(rows: Uint32Array, labels: Uint8Array, scores: Float64Array): CalibrationBin {
  let positives = 0;
  let predicted = 0;
  for (const row of rows) {
    positives += labels[row]!;
    predicted += scores[row]!;
  }
  return {
    rows: rows.length,
    meanPredicted: predicted / rows.length,
    observedRate: positives / rows.length,
    observedInterval: wilsonInterval(positives, rows.length, 0.95),
  };
}
