import type { Calibration, Estimate } from "@perennial/contracts";
import { type BootstrapDistribution, bootstrapAll, percentileInterval } from "../bootstrap.ts";
import type { Groups } from "../groups.ts";
import type { Estimate as NormalEstimate } from "../interval.ts";
import type { BinaryRows } from "../metrics/binary-rows.ts";
import { calibrationCurve, expectedCalibrationError } from "../metrics/calibration-curve.ts";
import { calibration } from "../metrics/recalibration.ts";
import type { Statistic } from "../statistic.ts";

/** Of every interval that is reported. */
export const REPORTED_CONFIDENCE = 0.95;

/** How the intervals of a report are drawn. */
export interface Reporting {
  readonly groups: Groups;
  /** The same seed gives the same intervals. */
  readonly seed: number;
  /** @default 1000 */
  readonly replicates?: number;
}

/** JSON has no NaN and no infinity: what isn't defined is null. */
export function defined(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** A value that has no interval of its own. */
export const pointEstimate = (value: number): Estimate => ({
  value: defined(value),
  lower: null,
  upper: null,
});

/** Statistics with their 95 % intervals by the bootstrap over groups, all from the same resamples. */
export function estimateAll<Name extends string>(
  statistics: Readonly<Record<Name, Statistic>>,
  { groups, seed, replicates = 1000 }: Reporting,
): Record<Name, Estimate> {
  const drawn = Object.entries<BootstrapDistribution>(
    bootstrapAll(statistics, { groups, seed, replicates }),
  ).map(([name, distribution]) => {
    const { lower, upper } = percentileInterval(distribution, REPORTED_CONFIDENCE);
    return [name, { value: defined(distribution.value), lower: defined(lower), upper: defined(upper) }];
  });
  return Object.fromEntries(drawn) as Record<Name, Estimate>;
}

/** How well the probabilities of one outcome are calibrated, as contracts state it. */
export function describeCalibration(rows: BinaryRows, groups: Groups): Calibration {
  const found = calibration(rows, groups, REPORTED_CONFIDENCE);
  const curve = calibrationCurve(rows);
  return {
    slope: fromNormal(found.slope),
    intercept: fromNormal(found.intercept),
    meanPredicted: defined(found.meanPredicted),
    observedRate: found.observedRate,
    meanZ: defined(found.meanDifference.value / found.meanDifference.standardError),
    expectedError: defined(expectedCalibrationError(curve)),
    curve: curve.map((bin) => ({
      rows: bin.rows,
      predicted: bin.meanPredicted,
      observed: bin.observedRate,
    })),
  };
}

function fromNormal({ value, interval: { lower, upper } }: NormalEstimate): Estimate {
  return { value: defined(value), lower: defined(lower), upper: defined(upper) };
}
