import type { BinaryMetrics, Estimate, Manifest } from "@perennial/contracts";
import {
  averagePrecisionMetric,
  type BinaryRows,
  bootstrap,
  brierMetric,
  brierSkillMetric,
  calibration,
  calibrationCurve,
  evaluateAtThreshold,
  expectedCalibrationError,
  type Groups,
  logLossMetric,
  type Metric,
  type Estimate as NormalEstimate,
  percentileInterval,
  rocAucMetric,
} from "@perennial/statistics";

/** Replicates behind each reported interval: they say how sure a figure is and decide nothing. */
const REPLICATES = 500;
const CONFIDENCE = 0.95;

/**
 * Every figure of one model on one part, with 95 % intervals by resampling whole groups.
 *
 * @param seed of the resampling: the same one gives the same intervals.
 */
export function binaryMetrics(
  rows: BinaryRows,
  groups: Groups,
  { prevalence, threshold }: Pick<Manifest, "prevalence" | "threshold">,
  seed: number,
): BinaryMetrics {
  const estimate = (metric: Metric<BinaryRows>): Estimate => {
    const drawn = bootstrap(metric.statistic(rows, groups), { groups, seed, replicates: REPLICATES });
    const { lower, upper } = percentileInterval(drawn, CONFIDENCE);
    return { value: defined(drawn.value), lower: defined(lower), upper: defined(upper) };
  };
  const { slope, intercept, meanPredicted, observedRate, meanDifference } = calibration(
    rows,
    groups,
    CONFIDENCE,
  );
  const curve = calibrationCurve(rows);
  const decision = evaluateAtThreshold(rows, threshold);
  return {
    rocAuc: estimate(rocAucMetric),
    averagePrecision: estimate(averagePrecisionMetric),
    brier: estimate(brierMetric),
    brierSkill: estimate(brierSkillMetric(prevalence)),
    logLoss: estimate(logLossMetric),
    calibration: {
      slope: normal(slope),
      intercept: normal(intercept),
      meanPredicted: defined(meanPredicted),
      observedRate,
      meanZ: defined(meanDifference.value / meanDifference.standardError),
      expectedError: defined(expectedCalibrationError(curve)),
      curve: curve.map((bin) => ({
        rows: bin.rows,
        predicted: bin.meanPredicted,
        observed: bin.observedRate,
      })),
    },
    decision: {
      threshold,
      prevalence: decision.prevalence,
      flaggedShare: defined(decision.predictedPositiveRate),
      precision: defined(decision.precision),
      recall: defined(decision.recall),
      f1: defined(decision.f1),
    },
  };
}

/** JSON has no NaN and no infinity: what isn't defined is null. */
export function defined(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function normal({ value, interval: { lower, upper } }: NormalEstimate): Estimate {
  return { value: defined(value), lower: defined(lower), upper: defined(upper) };
}
