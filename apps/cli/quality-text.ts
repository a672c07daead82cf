import type { BinaryMetrics } from "@perennial/contracts";
import { table } from "./output/layout.ts";
import { estimate } from "./output/phrases.ts";
import type { Paint } from "./output/terminal.ts";

/** A model's figures on the parts of the data that no training saw. */
export interface Quality {
  holdout: { rows: number; groups: number; metrics: BinaryMetrics };
  /** No gate reads this part: its figures carry no luck of having been chosen by them. */
  audit: { rows: number; groups: number; metrics: BinaryMetrics };
}

const ESTIMATES = [
  ["AUC", "rocAuc"],
  ["average precision", "averagePrecision"],
  ["Brier score", "brier"],
  ["Brier skill", "brierSkill"],
  ["log loss", "logLoss"],
] as const;

/** The figures side by side, with 95 % intervals by group. */
export function qualityLines({ holdout, audit }: Quality, width: number, paint: Paint): string[] {
  const parts = [holdout.metrics, audit.metrics];
  const figure = (value: number | null): string => (value === null ? "undefined" : value.toFixed(4));
  const row = (name: string, show: (metrics: BinaryMetrics) => string): string[] => [
    name,
    ...parts.map(show),
  ];
  const size = ({ rows, groups }: { rows: number; groups: number }): string =>
    `${rows.toLocaleString("en")} rows, ${groups.toLocaleString("en")} groups`;
  return table(
    [
      ["figures, 95 % intervals", "holdout (the gate's)", "audit (no gate's)"].map((title) =>
        paint("dim", title),
      ),
      ["size", size(holdout), size(audit)],
      ...ESTIMATES.map(([name, metric]) => row(name, (metrics) => estimate(metrics[metric]))),
      row("calibration slope", ({ calibration }) => estimate(calibration.slope)),
      row(
        "mean predicted, observed",
        ({ calibration }) => `${figure(calibration.meanPredicted)}, ${figure(calibration.observedRate)}`,
      ),
      row(
        "precision, recall, F1",
        ({ decision: { precision, recall, f1 } }) => `${figure(precision)}, ${figure(recall)}, ${figure(f1)}`,
      ),
      row("at the threshold", ({ decision: { threshold, flaggedShare } }) => {
        const flagged = flaggedShare === null ? "undefined" : `${(flaggedShare * 100).toFixed(1)} %`;
        return `${figure(threshold)}, which flags ${flagged}`;
      }),
    ],
    width,
  );
}
