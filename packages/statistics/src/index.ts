/**
 * Statistics that decide: metrics, resampling by group, and the parts of the gate. Pure functions of their arguments: no
 * clock, no files, no AWS, randomness only from a seed.
 *
 * - metrics: rocAuc, averagePrecision, brier, brierSkill, logLoss, evaluateAtThreshold, calibration, calibrationCurve
 * - resampling: groupRows, bootstrap, pairedBootstrap, percentileInterval
 * - several tests, several looks: holm, benjaminiHochberg, alphaForLook, isHoldoutRetired
 * - the gate's parts: compareMetric, compareSlices, checkCalibration, judgeGain
 * - proof that the gate keeps its promise: simulateYears
 *
 * NaN in a score makes every metric of it NaN, and NaN never passes a check.
 */
export * from "./alpha-spending.ts";
export * from "./auc-influence.ts";
export * from "./bootstrap.ts";
export * from "./cluster-standard-error.ts";
export * from "./gate/check-calibration.ts";
export * from "./gate/compare-metric.ts";
export * from "./gate/compare-slices.ts";
export * from "./gate/judge-gain.ts";
export * from "./groups.ts";
export * from "./interval.ts";
export * from "./metrics/binary-metrics.ts";
export * from "./metrics/binary-rows.ts";
export * from "./metrics/calibration-curve.ts";
export * from "./metrics/metric.ts";
export * from "./metrics/probability-losses.ts";
export * from "./metrics/ranking.ts";
export * from "./metrics/recalibration.ts";
export * from "./metrics/threshold.ts";
export * from "./multiple-testing.ts";
export * from "./normal-distribution.ts";
export * from "./random.ts";
export * from "./simulation.ts";
export * from "./statistic.ts";
