import type {
  BinaryMetrics,
  Estimate,
  ManifestTask,
  Metrics,
  MulticlassMetrics,
  PrimaryMetric,
  RegressionMetrics,
} from "@perennial/contracts";
import { asBinaryRows, asClassRows, asQuantityRows, type PredictedRows } from "../predicted-rows.ts";
import {
  averagePrecisionMetric,
  brierMetric,
  brierSkillMetric,
  logLossMetric,
  rocAucMetric,
} from "../metrics/binary-metrics.ts";
import type { BinaryRows } from "../metrics/binary-rows.ts";
import {
  accuracyMetric,
  classLogLossGainMetric,
  classLogLossMetric,
  rpsGainMetric,
  rpsMetric,
  rpsSkillMetric,
} from "../metrics/class-losses.ts";
import { type ClassRows, oneAgainstRest } from "../metrics/class-rows.ts";
import { coverageStatistic, meanWidth } from "../metrics/interval-coverage.ts";
import { predictedCurve } from "../metrics/predicted-curve.ts";
import {
  maeMetric,
  meanErrorStatistic,
  r2Metric,
  relativeRmseMetric,
  rmseMetric,
} from "../metrics/quantity-errors.ts";
import type { QuantityRows } from "../metrics/quantity-rows.ts";
import { rocAuc } from "../metrics/ranking.ts";
import { evaluateAtThreshold, f1GainMetric, f1Metric } from "../metrics/threshold.ts";
import { defined, describeCalibration, estimateAll, type Reporting } from "./estimates.ts";

type TaskOf<Kind extends ManifestTask["kind"]> = Extract<ManifestTask, { kind: Kind }>;

/**
 * Every figure of one model on some rows, with 95 % intervals by resampling whole groups: what evaluations, audits, cards
 * and the table of quality state.
 *
 * @param task of the model's manifest: its threshold, and its training part's shares, against which skill is measured.
 */
export function measureTask(task: ManifestTask, rows: PredictedRows, reporting: Reporting): Metrics {
  switch (task.kind) {
    case "binary":
      return measureBinary(task, asBinaryRows(rows), reporting);
    case "multiclass":
      return measureMulticlass(task, asClassRows(rows), reporting);
    case "regression":
      return measureRegression(task, asQuantityRows(rows), reporting);
  }
}

/** The figure that a gate decides by, of the metrics of its task. */
export function primaryOf(metrics: Metrics): { readonly name: PrimaryMetric; readonly estimate: Estimate } {
  switch (metrics.kind) {
    case "binary":
      return { name: "rocAuc", estimate: metrics.rocAuc };
    case "multiclass":
      return { name: "rps", estimate: metrics.rps };
    case "regression":
      return { name: "rmse", estimate: metrics.rmse };
  }
}

function measureBinary(
  { threshold, prevalence }: TaskOf<"binary">,
  rows: BinaryRows,
  reporting: Reporting,
): BinaryMetrics {
  const { groups } = reporting;
  const { f1, f1Gain, ...estimates } = estimateAll(
    {
      rocAuc: rocAucMetric.statistic(rows, groups),
      averagePrecision: averagePrecisionMetric.statistic(rows, groups),
      brier: brierMetric.statistic(rows, groups),
      brierSkill: brierSkillMetric(prevalence).statistic(rows, groups),
      logLoss: logLossMetric.statistic(rows, groups),
      f1: f1Metric(threshold).statistic(rows, groups),
      f1Gain: f1GainMetric(threshold).statistic(rows, groups),
    },
    reporting,
  );
  const decision = evaluateAtThreshold(rows, threshold);
  return {
    kind: "binary",
    ...estimates,
    calibration: describeCalibration(rows, groups),
    decision: {
      threshold,
      prevalence: decision.prevalence,
      flaggedShare: defined(decision.predictedPositiveRate),
      precision: defined(decision.precision),
      recall: defined(decision.recall),
      f1,
      f1OfAllPositive: decision.f1OfAllPositive,
      f1Gain,
    },
  };
}

function measureMulticlass(
  { classes }: TaskOf<"multiclass">,
  rows: ClassRows,
  reporting: Reporting,
): MulticlassMetrics {
  const { groups } = reporting;
  const shares = classes.map(({ share }) => share);
  return {
    kind: "multiclass",
    ...estimateAll(
      {
        rps: rpsMetric.statistic(rows, groups),
        logLoss: classLogLossMetric.statistic(rows, groups),
        accuracy: accuracyMetric.statistic(rows, groups),
        rpsSkill: rpsSkillMetric(shares).statistic(rows, groups),
        rpsGain: rpsGainMetric(shares).statistic(rows, groups),
        logLossGain: classLogLossGainMetric(shares).statistic(rows, groups),
      },
      reporting,
    ),
    classes: classes.map(({ name }, place) => {
      const against = oneAgainstRest(rows, place);
      return {
        name,
        rows: against.labels.reduce((sum, label) => sum + label, 0),
        rocAuc: defined(rocAuc(against)),
        calibration: describeCalibration(against, groups),
      };
    }),
  };
}

function measureRegression(
  { coverage: wanted }: TaskOf<"regression">,
  rows: QuantityRows,
  reporting: Reporting,
): RegressionMetrics {
  const { groups } = reporting;
  const { coverage, ...estimates } = estimateAll(
    {
      rmse: rmseMetric.statistic(rows, groups),
      mae: maeMetric.statistic(rows, groups),
      r2: r2Metric.statistic(rows, groups),
      relativeRmse: relativeRmseMetric.statistic(rows, groups),
      meanError: meanErrorStatistic(rows, groups),
      coverage: coverageStatistic(rows, groups),
    },
    reporting,
  );
  return {
    kind: "regression",
    ...estimates,
    interval: { wanted, coverage, meanWidth: defined(meanWidth(rows)) },
    curve: predictedCurve(rows).map(({ rows: count, meanEstimate, meanOutcome }) => ({
      rows: count,
      predicted: meanEstimate,
      observed: meanOutcome,
    })),
  };
}
