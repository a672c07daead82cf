import { pairedBootstrap } from "../bootstrap.ts";
import { type Groups, groupsOfRows } from "../groups.ts";
import type { Metric } from "../metrics/metric.ts";
import { holm } from "../multiple-testing.ts";
import { countRowsByClass, type PredictedRows, selectRows } from "../predicted-rows.ts";
import { judgeGain } from "./judge-gain.ts";

/** Some of the holdout's rows, by position. */
export interface Slice {
  /** Such as "age [70-80)". */
  readonly name: string;
  readonly rows: Int32Array;
}

export interface SliceComparisonArgs {
  readonly metric: Metric<PredictedRows>;
  /** Both models on the same rows, in the same order. */
  readonly champion: PredictedRows;
  readonly challenger: PredictedRows;
  readonly groups: Groups;
  readonly slices: readonly Slice[];
  /** Classes that labels count, 0 for a quantity. */
  readonly classes: number;
  /** The chance, over all slices together, that one is called worse though none has lost more than `margin`. */
  readonly alpha: number;
  /** The loss in any one slice that is tolerated, in the metric's units, from 0. */
  readonly margin: number;
  /** Rows of *each* class that a slice needs to count; of a quantity, rows in all. */
  readonly minimumRows: number;
  readonly seed: number;
  /** @default 1000 */
  readonly replicates?: number;
}

/** What every slice says about itself. */
interface SliceSize {
  readonly name: string;
  readonly rows: number;
  /** Rows of each class in order; none for a quantity. */
  readonly classRows: readonly number[];
  readonly groups: number;
}

interface SliceFigures {
  readonly champion: number;
  readonly challenger: number;
  /** Challenger against champion, turned so that positive means better. */
  readonly gain: number;
  readonly standardError: number;
}

/**
 * - `too few rows`: it cannot be judged, and does not count among the tests. Also when some resample leaves it without one of
 *   the classes: its rows then come from too few groups.
 * - `worse`: the interval lies wholly below −margin, after Holm's correction.
 * - `not worse`: it doesn't.
 * - `undefined`: a score is NaN. Treat it as a failure.
 */
export type SliceComparison =
  | (SliceSize & { readonly status: "too few rows" })
  | (SliceSize & SliceFigures & { readonly status: "undefined" })
  | (SliceSize &
      SliceFigures & {
        readonly status: "worse" | "not worse";
        /** Upper bound of the gain at `level`: below −margin exactly when the slice is worse. */
        readonly upperBound: number;
        /** The share of `alpha` that Holm's procedure held this slice against. */
        readonly level: number;
        readonly adjustedP: number;
      });

type Measured =
  | { readonly size: SliceSize; readonly status: "too few rows" }
  | { readonly size: SliceSize; readonly status: "undefined" | "counted"; readonly figures: SliceFigures };

/** Compares both models slice by slice; answers in the order of `slices`. */
export function compareSlices(args: SliceComparisonArgs): SliceComparison[] {
  const { alpha, margin } = args;
  const measured = args.slices.map((slice) => measure(slice, args));
  const pWorse = measured.flatMap((slice) =>
    slice.status === "counted" ? [judgeGain({ ...slice.figures, alpha, margin }).pWorse] : [],
  );
  const tests = holm(pWorse, alpha).values();
  return measured.map((slice) => {
    if (slice.status === "too few rows") return { ...slice.size, status: slice.status };
    if (slice.status === "undefined") return { ...slice.size, ...slice.figures, status: slice.status };
    const { isRejected, level, adjustedP } = tests.next().value!;
    const { upperBound } = judgeGain({ ...slice.figures, alpha: level, margin });
    const status = isRejected ? "worse" : "not worse";
    return { ...slice.size, ...slice.figures, status, upperBound, level, adjustedP };
  });
}

function measure({ name, rows }: Slice, args: SliceComparisonArgs): Measured {
  const { metric, classes, minimumRows, seed, replicates = 1000 } = args;
  const champion = selectRows(args.champion, rows, `Slice "${name}"`);
  const challenger = selectRows(args.challenger, rows, `Slice "${name}"`);
  const groups = groupsOfRows(args.groups, rows);
  const classRows = countRowsByClass(champion.labels, classes);
  const size: SliceSize = { name, rows: rows.length, classRows, groups: groups.count };
  if (!isLargeEnough(size, minimumRows)) return { size, status: "too few rows" };
  const statistics = {
    champion: metric.statistic(champion, groups),
    challenger: metric.statistic(challenger, groups),
  };
  const paired = pairedBootstrap(statistics, { groups, seed, replicates });
  const gain = (metric.isHigherBetter ? 1 : -1) * paired.difference.value + 0;
  const { standardError } = paired.difference;
  const figures = {
    champion: paired.champion.value,
    challenger: paired.challenger.value,
    gain,
    standardError,
  };
  if (Number.isNaN(gain)) return { size, status: "undefined", figures };
  return Number.isNaN(standardError)
    ? { size, status: "too few rows" }
    : { size, status: "counted", figures };
}

/** Whether a slice has rows enough to say something: of each class, or in all where there are no classes. */
export function isLargeEnough(
  { rows, classRows, groups }: Pick<SliceSize, "rows" | "classRows" | "groups">,
  minimumRows: number,
): boolean {
  // Asked as "enough" so that a bar of NaN leaves no slice counted.
  const counts = classRows.length === 0 ? [rows] : classRows;
  return groups >= 2 && counts.every((count) => count >= minimumRows);
}
