/**
 * Statistics that decide: metrics, resampling by group, and the parts of the gate. Pure functions of their arguments: no
 * clock, no files, no AWS, randomness only from a seed.
 *
 * - metrics of a yes-or-no target: rocAuc, averagePrecision, brier, brierSkill, logLoss, evaluateAtThreshold, calibration
 * - of ordered classes: rps, classLogLoss, accuracy; of a quantity: rmse, mae, r2, coverage of its intervals
 * - resampling: groupRows, bootstrap, pairedBootstrap, percentileInterval; without it: exactInterval
 * - several tests, several looks: holm, benjaminiHochberg, alphaForLook, isHoldoutRetired
 * - the gate's parts: PRIMARY, GUARD, compareMetric, compareSlices, judgeGain
 * - what is reported of a model, for any task: measureTask
 * - two models that share the traffic, judged as outcomes arrive: Experiment, outcomesNeeded, armOf
 * - proof that the gate keeps its promise: simulateYears
 *
 * NaN in a prediction makes every metric of it NaN, and NaN never passes a check.
 */
export * from "./alpha-spending.ts";
export * from "./auc-influence.ts";
export * from "./bootstrap.ts";
export * from "./cluster-standard-error.ts";
export * from "./exact-interval.ts";
export { armOf } from "./experiment/arm.ts";
export * from "./experiment/experiment.ts";
export * from "./experiment/loss.ts";
export { MeanSequence, type MeanSequenceState } from "./experiment/mean-sequence.ts";
export * from "./experiment/outcomes-needed.ts";
export * from "./gate/compare-metric.ts";
export * from "./gate/compare-slices.ts";
export * from "./gate/judge-gain.ts";
export * from "./gate/task-metrics.ts";
export * from "./groups.ts";
export * from "./interval.ts";
export * from "./metrics/binary-metrics.ts";
export * from "./metrics/binary-rows.ts";
export * from "./metrics/calibration-curve.ts";
export * from "./metrics/class-losses.ts";
export * from "./metrics/class-rows.ts";
export * from "./metrics/equal-count-bins.ts";
export * from "./metrics/interval-coverage.ts";
export * from "./metrics/metric.ts";
export * from "./metrics/predicted-curve.ts";
export * from "./metrics/probability-losses.ts";
export * from "./metrics/quantity-errors.ts";
export * from "./metrics/quantity-rows.ts";
export * from "./metrics/ranking.ts";
export * from "./metrics/recalibration.ts";
export * from "./metrics/threshold.ts";
export * from "./multiple-testing.ts";
export * from "./normal-distribution.ts";
export * from "./predicted-rows.ts";
export * from "./random.ts";
export * from "./report/estimates.ts";
export * from "./report/task-metrics.ts";
export * from "./simulation.ts";
export * from "./statistic.ts";
