import type { Groups } from "../groups.ts";
import type { BinaryRows } from "../metrics/binary-rows.ts";
import { type CalibrationReport, calibration } from "../metrics/recalibration.ts";

/** What calibration has to be, whatever the champion's is. */
export interface CalibrationBar {
  /** The lowest and highest slope accepted, such as 0.8 and 1.25. */
  readonly slopeRange: readonly [lowest: number, highest: number];
  /** Confidence of the interval that the mean has to fit, such as 0.99. */
  readonly confidence: number;
  /**
   * A difference of mean predicted and observed rate that passes even when a large holdout proves it, in probability.
   *
   * @default 0
   */
  readonly meanTolerance?: number;
}

export interface CalibrationCheck {
  readonly report: CalibrationReport;
  readonly isSlopeAccepted: boolean;
  readonly isMeanAccepted: boolean;
  /** Both of them. */
  readonly isAccepted: boolean;
}

/**
 * Accepts a model whose calibration slope lies in the range and whose mean prediction agrees with the observed rate within
 * its interval. NaN is never accepted, so a constant prediction, which has no slope, isn't.
 */
export function checkCalibration(rows: BinaryRows, groups: Groups, bar: CalibrationBar): CalibrationCheck {
  const { confidence, meanTolerance = 0, slopeRange } = bar;
  const [lowest, highest] = slopeRange;
  if (!(lowest <= highest) || !(meanTolerance >= 0)) {
    throw new RangeError(
      `checkCalibration: slopeRange is [${lowest}, ${highest}] and meanTolerance ${meanTolerance}, ` +
        "expected the lower slope first and a tolerance from 0.",
    );
  }
  const report = calibration(rows, groups, confidence);
  const { slope, meanDifference } = report;
  const isSlopeAccepted = slope.value >= lowest && slope.value <= highest;
  const { lower, upper } = meanDifference.interval;
  const isMeanAccepted = (lower <= 0 && upper >= 0) || Math.abs(meanDifference.value) <= meanTolerance;
  return { report, isSlopeAccepted, isMeanAccepted, isAccepted: isSlopeAccepted && isMeanAccepted };
}
