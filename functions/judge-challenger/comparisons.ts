import type { Check, Scores } from "@perennial/contracts";
import {
  alphaForLook,
  brierMetric,
  type Comparison,
  compareMetric,
  compareSlices,
  type Groups,
  groupRows,
  rocAucMetric,
  type Slice,
  type SliceComparison,
} from "@perennial/statistics";
import type { Gate, Look } from "./absolute-rules.ts";
import { count, figure, metric, percent, plural, signed, toEstimate } from "./wording.ts";

/** Both models' probabilities for the same rows, as the statistics take them; NaN where a model gave none. */
export interface PairedRows {
  readonly labels: Uint8Array;
  readonly groups: Groups;
  readonly champion: Float64Array;
  readonly challenger: Float64Array;
  readonly slices: readonly Slice[];
}

export function pairRows(scores: Scores): PairedRows {
  const numbers = (column: readonly (number | null)[]) =>
    Float64Array.from(column, (value) => value ?? Number.NaN);
  return {
    labels: Uint8Array.from(scores.label),
    groups: groupRows(scores.group),
    champion: numbers(scores.champion),
    challenger: numbers(scores.challenger),
    slices: Object.entries(scores.slices).flatMap(([column, { levels, level }]) =>
      levels.map((name, place) => ({
        name: `${column} ${name}`,
        rows: Int32Array.from(level.flatMap((at, row) => (at === place ? [row] : []))),
      })),
    ),
  };
}

/** The primary comparison: the difference by the paired bootstrap, judged at this look's share of α. */
export function comparePrimary(
  rows: PairedRows,
  { alpha, looks, replicates }: Gate,
  { number }: Look,
  seed: number,
): Comparison {
  const level = alphaForLook({ alpha, looks, look: number });
  return compareMetric({ metric: rocAucMetric, ...models(rows), alpha: level, replicates, seed });
}

export function describePrimary(primary: Comparison): Check {
  const { outcome, champion, challenger, difference, lowerBound, upperBound, alpha } = primary;
  const shown = toEstimate(difference, primary.gainInterval.lower, primary.gainInterval.upper);
  const bounds =
    outcome === "undefined"
      ? "it can't be judged"
      : `at this look's level of ${percent(alpha)} it lies between ${signed(lowerBound)} and ${signed(upperBound)}`;
  return {
    name: "primary",
    outcome: outcome === "better" ? "passed" : "failed",
    finding:
      `AUC ${metric(challenger)} against the champion's ${metric(champion)}, a difference of ${signed(difference)} ` +
      `(95 % interval ${signed(shown.lower)} to ${signed(shown.upper)}); ${bounds}`,
    measured: shown,
    limit: `the lower bound at a one-sided level of ${percent(alpha)} above 0`,
  };
}

/** The Brier score's paired difference: a better order must not be bought with worse probabilities. */
export function checkBrier(rows: PairedRows, { alpha, replicates }: Gate, seed: number): Check {
  const brier = compareMetric({ metric: brierMetric, ...models(rows), alpha, replicates, seed });
  // Turned back: the gain is positive where the score falls.
  const shown = toEstimate(brier.difference, -brier.gainInterval.upper, -brier.gainInterval.lower);
  return {
    name: "brier",
    outcome: brier.outcome === "better" || brier.outcome === "tie" ? "passed" : "failed",
    finding:
      `Brier score ${metric(brier.challenger)} against the champion's ${metric(brier.champion)}, a difference of ` +
      `${signed(shown.value)} (95 % interval ${signed(shown.lower)} to ${signed(shown.upper)})`,
    measured: shown,
    limit: `not proved higher at a one-sided level of ${percent(alpha)}`,
  };
}

/** One check a slice; α is divided among those that count, by Holm's procedure. */
export function checkSlices(rows: PairedRows, { alpha, replicates, slices }: Gate, seed: number): Check[] {
  const compared = compareSlices({
    metric: rocAucMetric,
    labels: rows.labels,
    champion: rows.champion,
    challenger: rows.challenger,
    groups: rows.groups,
    slices: rows.slices,
    alpha,
    margin: slices.margin,
    minimumRowsPerClass: slices.minPerClass,
    replicates,
    seed,
  });
  return compared.map((slice) => describeSlice(slice, slices));
}

function describeSlice(slice: SliceComparison, { minPerClass, margin }: Gate["slices"]): Check {
  const sizes = `${plural(slice.rows, "row")}, ${count(slice.positives)} positive`;
  if (slice.status === "too few rows") {
    return {
      name: "slice",
      outcome: "too few",
      finding: `${slice.name}: too few to count (${sizes}); ${count(minPerClass)} of each class are needed`,
      measured: null,
      limit: null,
    };
  }
  const compared =
    `${slice.name}: AUC ${metric(slice.challenger)} against the champion's ${metric(slice.champion)}, ` +
    `a difference of ${signed(slice.gain)}`;
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

function models({ labels, groups, champion, challenger }: PairedRows) {
  return { groups, champion: { labels, scores: champion }, challenger: { labels, scores: challenger } };
}
