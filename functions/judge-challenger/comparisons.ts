import type { Check, Scores, Task, WorkloadSpec } from "@perennial/contracts";
import {
  alphaForLook,
  type Comparison,
  compareMetric,
  compareSlices,
  GUARD,
  type Groups,
  groupRows,
  PRIMARY,
  type PredictedRows,
  type Slice,
  type SliceComparison,
} from "@perennial/statistics";
import type { Gate, Look } from "./absolute-rules.ts";
import { classNames, count, figure, metric, percent, plural, signed, toEstimate, unitOf } from "./wording.ts";

/** Both models' predictions for the same rows, as the statistics take them; NaN where a model gave none. */
export interface PairedRows {
  readonly groups: Groups;
  readonly champion: PredictedRows;
  readonly challenger: PredictedRows;
  readonly slices: readonly Slice[];
}

/** What is compared: the rows, by which rules, of which task. */
export interface Contest {
  readonly rows: PairedRows;
  readonly gate: Gate;
  readonly task: Task;
  readonly seed: number;
}

export function pairRows(scores: Scores): PairedRows {
  const labels = Float64Array.from(scores.label);
  const predicted = (predictions: readonly (number | null)[]): PredictedRows => ({
    labels,
    columns: scores.columns,
    predictions: Float64Array.from(predictions, (value) => value ?? Number.NaN),
  });
  return {
    groups: groupRows(scores.group),
    champion: predicted(scores.champion),
    challenger: predicted(scores.challenger),
    slices: Object.entries(scores.slices).flatMap(([column, { levels, level }]) =>
      levels.map((name, place) => ({
        name: `${column} ${name}`,
        rows: Int32Array.from(level.flatMap((at, row) => (at === place ? [row] : []))),
      })),
    ),
  };
}

const SHOWN: Readonly<Record<WorkloadSpec["gate"]["primary"] | "brier" | "log-loss" | "mae", string>> = {
  rocAuc: "AUC",
  rps: "RPS",
  rmse: "RMSE",
  brier: "Brier score",
  "log-loss": "log loss",
  mae: "MAE",
};

/** The primary comparison: the gain by the paired bootstrap, judged at this look's share of α. */
export function comparePrimary({ rows, gate, seed }: Contest, { number }: Look): Comparison {
  const { alpha, looks, replicates, primary } = gate;
  const level = alphaForLook({ alpha, looks, look: number });
  return compareMetric({ metric: PRIMARY[primary], ...rows, alpha: level, replicates, seed });
}

export function describePrimary(primary: Comparison, { gate, task }: Contest): Check {
  const { outcome, champion, challenger, gain, lowerBound, upperBound, alpha } = primary;
  const shown = toEstimate(gain, primary.gainInterval.lower, primary.gainInterval.upper);
  const unit = unitOf(task);
  const bounds =
    outcome === "undefined"
      ? "it can't be judged"
      : `at this look's level of ${percent(alpha)} it lies between ${signed(lowerBound)} and ${signed(upperBound)}`;
  return {
    name: "primary",
    outcome: outcome === "better" ? "passed" : "failed",
    finding:
      `${SHOWN[gate.primary]} ${metric(challenger)}${unit} against the champion's ${metric(champion)}${unit}, ` +
      `a gain of ${signed(gain)}${unit} (95 % interval ${signed(shown.lower)} to ${signed(shown.upper)}); ${bounds}`,
    measured: shown,
    limit: `the lower bound at a one-sided level of ${percent(alpha)} above 0`,
  };
}

/** A second metric's paired difference: a better order must not be bought with worse probabilities, and so on. */
export function checkGuard({ rows, gate: { alpha, replicates }, task, seed }: Contest): Check {
  const { check, metric: guard } = GUARD[task.kind];
  const compared = compareMetric({ metric: guard, ...rows, alpha, replicates, seed });
  // Turned back: the gain is positive where the metric falls.
  const shown = toEstimate(compared.difference, -compared.gainInterval.upper, -compared.gainInterval.lower);
  const unit = unitOf(task);
  return {
    name: check,
    outcome: compared.outcome === "better" || compared.outcome === "tie" ? "passed" : "failed",
    finding:
      `${SHOWN[check]} ${metric(compared.challenger)}${unit} against the champion's ${metric(compared.champion)}${unit}, ` +
      `a difference of ${signed(shown.value)}${unit} (95 % interval ${signed(shown.lower)} to ${signed(shown.upper)})`,
    measured: shown,
    limit: `not proved higher at a one-sided level of ${percent(alpha)}`,
  };
}

/** One check a slice; α is divided among those that count, by Holm's procedure. */
export function checkSlices({ rows, gate, task, seed }: Contest): Check[] {
  const { alpha, replicates, slices, primary } = gate;
  const compared = compareSlices({
    metric: PRIMARY[primary],
    ...rows,
    classes: classNames(task).length,
    alpha,
    margin: slices.margin,
    minimumRows: slices.minPerClass,
    replicates,
    seed,
  });
  return compared.map((slice) => describeSlice(slice, gate, task));
}

function describeSlice(slice: SliceComparison, { slices, primary }: Gate, task: Task): Check {
  const { minPerClass, margin } = slices;
  const sizes = sizeOf(slice, task);
  if (slice.status === "too few rows") {
    const needed = `${count(minPerClass)}${task.kind === "regression" ? "" : " of each class"} are needed`;
    return {
      name: "slice",
      outcome: "too few",
      finding: `${slice.name}: too few to count (${sizes}); ${needed}`,
      measured: null,
      limit: null,
    };
  }
  const unit = unitOf(task);
  const compared =
    `${slice.name}: ${SHOWN[primary]} ${metric(slice.challenger)}${unit} against the champion's ` +
    `${metric(slice.champion)}${unit}, a gain of ${signed(slice.gain)}${unit}`;
  const limit = `the upper bound, Holm-corrected, not below ${metric(-margin)}`;
  if (slice.status === "undefined") {
    return { name: "slice", outcome: "failed", finding: `${compared} (${sizes})`, measured: null, limit };
  }
  return {
    name: "slice",
    outcome: slice.status === "worse" ? "failed" : "passed",
    finding: `${compared}, at most ${signed(slice.upperBound)} at a level of ${percent(slice.level)} (${sizes})`,
    measured: figure(slice.gain),
    limit,
  };
}

function sizeOf({ rows, classRows }: SliceComparison, task: Task): string {
  const counts = classNames(task).map((name, place) => `${count(classRows[place] ?? 0)} ${name}`);
  // Of two classes, one count says both.
  const shown = task.kind === "binary" ? counts.slice(1) : counts;
  return [plural(rows, "row"), ...shown].join(", ");
}
