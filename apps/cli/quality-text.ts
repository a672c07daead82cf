import type { Calibration, Metrics } from "@perennial/contracts";
import { table } from "./output/layout.ts";
import { estimate, share } from "./output/phrases.ts";
import type { Paint } from "./output/terminal.ts";

/** A model's figures on one part of the data. */
export interface PartQuality {
  rows: number;
  groups: number;
  metrics: Metrics;
}

/** A model's figures on the parts of the data that no training saw. */
export interface Quality {
  holdout: PartQuality;
  /** No gate reads this part: its figures carry no luck of having been chosen by them. */
  audit: PartQuality;
}

/** The figures of one version side by side, with 95 % intervals by group. */
export function qualityLines({ holdout, audit }: Quality, width: number, paint: Paint): string[] {
  const parts = [
    { title: "holdout (the gate's)", ...holdout },
    { title: "audit (no gate's)", ...audit },
  ];
  return comparisonLines(parts, width, paint);
}

/** Figures of several models or parts side by side. A figure that one of them doesn't have stays empty there. */
export function comparisonLines(
  columns: readonly (PartQuality & { title: string })[],
  width: number,
  paint: Paint,
): string[] {
  const figures = columns.map(({ metrics }) => new Map(figuresOf(metrics)));
  const names = [...new Set(figures.flatMap((column) => [...column.keys()]))];
  const head = ["figures, 95 % intervals", ...columns.map(({ title }) => title)];
  return table(
    [
      head.map((title) => paint("dim", title)),
      [
        "size",
        ...columns.map(
          ({ rows, groups }) => `${rows.toLocaleString("en")} rows, ${groups.toLocaleString("en")} groups`,
        ),
      ],
      ...names.map((name) => [name, ...figures.map((column) => column.get(name) ?? "")]),
    ],
    width,
  );
}

/** What a model's quality is called first, by its task: the metric that the gate decides by. */
export function headlineOf(metrics: Metrics): string {
  switch (metrics.kind) {
    case "binary":
      return `AUC ${estimate(metrics.rocAuc)}`;
    case "multiclass":
      return `RPS ${estimate(metrics.rps)}`;
    case "regression":
      return `RMSE ${estimate(metrics.rmse)}`;
  }
}

function figuresOf(metrics: Metrics): [string, string][] {
  switch (metrics.kind) {
    case "binary":
      return binaryFigures(metrics);
    case "multiclass":
      return multiclassFigures(metrics);
    case "regression":
      return regressionFigures(metrics);
  }
}

function binaryFigures(metrics: Extract<Metrics, { kind: "binary" }>): [string, string][] {
  const { decision, calibration } = metrics;
  return [
    ["AUC", estimate(metrics.rocAuc)],
    ["average precision", estimate(metrics.averagePrecision)],
    ["Brier score", estimate(metrics.brier)],
    ["Brier skill", estimate(metrics.brierSkill)],
    ["log loss", estimate(metrics.logLoss)],
    ["calibration slope", estimate(calibration.slope)],
    ["mean predicted, observed", predictedAndObserved(calibration)],
    ["precision, recall", `${figure(decision.precision)}, ${figure(decision.recall)}`],
    ["F1", estimate(decision.f1)],
    ["F1 of calling all positive", figure(decision.f1OfAllPositive)],
    ["F1 gained over that", estimate(decision.f1Gain)],
    ["at the threshold", `${figure(decision.threshold)}, which flags ${share(decision.flaggedShare)}`],
  ];
}

function multiclassFigures(metrics: Extract<Metrics, { kind: "multiclass" }>): [string, string][] {
  return [
    ["RPS", estimate(metrics.rps)],
    ["log loss", estimate(metrics.logLoss)],
    ["accuracy", estimate(metrics.accuracy)],
    ["RPS skill", estimate(metrics.rpsSkill)],
    ["RPS gained over class shares", estimate(metrics.rpsGain)],
    ["log loss gained over them", estimate(metrics.logLossGain)],
    ...metrics.classes.flatMap(({ name, rows, rocAuc, calibration }): [string, string][] => [
      [`${name}: rows, AUC`, `${rows.toLocaleString("en")}, ${figure(rocAuc)}`],
      [`${name}: calibration slope`, estimate(calibration.slope)],
      [`${name}: mean predicted, observed`, predictedAndObserved(calibration)],
    ]),
  ];
}

function regressionFigures(metrics: Extract<Metrics, { kind: "regression" }>): [string, string][] {
  const { interval } = metrics;
  return [
    ["RMSE", estimate(metrics.rmse)],
    ["MAE", estimate(metrics.mae)],
    ["R²", estimate(metrics.r2)],
    ["RMSE in standard deviations", estimate(metrics.relativeRmse)],
    ["mean error", estimate(metrics.meanError)],
    [`coverage of the ${share(interval.wanted)} interval`, estimate(interval.coverage)],
    ["mean width of the interval", figure(interval.meanWidth)],
  ];
}

const figure = (value: number | null): string => (value === null ? "undefined" : value.toFixed(4));

const predictedAndObserved = ({ meanPredicted, observedRate }: Calibration): string =>
  `${figure(meanPredicted)}, ${figure(observedRate)}`;
