import type { Calibration, Metrics } from "@perennial/contracts";
import { estimate, figure, share } from "./wording.ts";

/** A figure by its name, as a person reads it, and as a number where it is one. */
export interface Figure {
  readonly name: string;
  readonly shown: string;
  readonly value: number | null;
  /** What it means, for who doesn't know the name. */
  readonly meaning: string;
}

/** Every figure of a model on some rows, the one that the gate decides by first. */
export function figuresOf(metrics: Metrics, unit: string): Figure[] {
  switch (metrics.kind) {
    case "binary":
      return binaryFigures(metrics);
    case "multiclass":
      return multiclassFigures(metrics);
    case "regression":
      return regressionFigures(metrics, unit);
  }
}

type Of<Kind extends Metrics["kind"]> = Extract<Metrics, { kind: Kind }>;
type Interval = Of<"binary">["rocAuc"];

const of = (
  name: string,
  found: Interval,
  meaning: string,
  show: (value: number | null) => string = figure,
  showEnd = show,
): Figure => ({ name, shown: estimate(found, show, showEnd), value: found.value, meaning });

const plain = (
  name: string,
  value: number | null,
  meaning: string,
  show: (value: number | null) => string = figure,
): Figure => ({ name, shown: show(value), value, meaning });

function binaryFigures({ decision, calibration, ...metrics }: Of<"binary">): Figure[] {
  return [
    of("AUC", metrics.rocAuc, "chance that a row in which it happened ranks above one in which it didn't"),
    of("Average precision", metrics.averagePrecision, "precision over all thresholds"),
    of("Brier score", metrics.brier, "mean squared error of the probability; lower is better"),
    of(
      "Brier skill",
      metrics.brierSkill,
      "share of the error removed that always answering with the training rate makes",
      share,
    ),
    of("Log loss", metrics.logLoss, "nats; lower is better"),
    ...calibrationFigures("", calibration),
    plain("Threshold", decision.threshold, "a probability at or above it is flagged"),
    plain("Flagged", decision.flaggedShare, "share of rows at or above the threshold", share),
    plain("Precision", decision.precision, "of the flagged, share in which it happened", share),
    plain("Recall", decision.recall, "of those in which it happened, share flagged", share),
    of("F1", decision.f1, "harmonic mean of precision and recall"),
    plain("F1 of flagging every row", decision.f1OfAllPositive, "what the F1 is worth something above"),
    of("F1 gain over it", decision.f1Gain, "paired, on the same resamples"),
  ];
}

function multiclassFigures({ classes, ...metrics }: Of<"multiclass">): Figure[] {
  return [
    of("RPS", metrics.rps, "ranked probability score over the ordered classes; lower is better"),
    of("RPS gain", metrics.rpsGain, "below the RPS of always answering with the training shares, paired"),
    of("RPS skill", metrics.rpsSkill, "share of that RPS removed", share),
    of("Log loss", metrics.logLoss, "nats; lower is better"),
    of(
      "Log loss gain",
      metrics.logLossGain,
      "below that of always answering with the training shares, paired",
    ),
    of("Accuracy", metrics.accuracy, "share of rows whose most probable class came true", share),
    ...classes.flatMap(({ name, rocAuc, calibration }) => [
      plain(`AUC of ${name}`, rocAuc, "against the other classes"),
      ...calibrationFigures(` of ${name}`, calibration),
    ]),
  ];
}

function calibrationFigures(suffix: string, { slope, meanPredicted, observedRate }: Calibration): Figure[] {
  return [
    of(`Calibration slope${suffix}`, slope, "1 is perfect; below it predictions are too extreme"),
    plain(`Mean prediction${suffix}`, meanPredicted, "to be held against the observed rate", share),
    plain(`Observed rate${suffix}`, observedRate, "share of rows in which it happened", share),
  ];
}

function regressionFigures({ interval, ...metrics }: Of<"regression">, unit: string): Figure[] {
  const inUnit = (value: number | null) => (value === null ? figure(value) : `${end(value)} ${unit}`);
  const end = (value: number | null) => (value === null ? figure(value) : value.toFixed(3));
  return [
    of("RMSE", metrics.rmse, "root of the mean squared error; lower is better", inUnit, end),
    of("MAE", metrics.mae, "mean absolute error; lower is better", inUnit, end),
    of("R²", metrics.r2, "share of the outcomes' variance explained"),
    of("Relative RMSE", metrics.relativeRmse, "in standard deviations of the outcome"),
    of("Mean error", metrics.meanError, "above 0 it is estimated too high", inUnit, end),
    of(
      "Coverage",
      interval.coverage,
      `share of outcomes within their intervals, ${share(interval.wanted)} wanted`,
      share,
    ),
    plain("Mean width", interval.meanWidth, "of the prediction intervals", inUnit),
  ];
}
