import type { Evaluation, Scores, WorkloadSpec } from "@perennial/contracts";
import { type BinaryRows, brier, rocAuc } from "@perennial/statistics";
import { defined } from "./binary-metrics.ts";

/** The spec's part that slicing needs. */
export type SlicingSpec = Pick<WorkloadSpec, "source" | "gate">;

/** Both models' probabilities for the same rows, NaN where there is none. */
export interface PairedRows {
  readonly labels: Uint8Array;
  readonly champion: Float64Array;
  readonly challenger: Float64Array;
}

/** Per slicing column: the levels that occur, in the spec's order and then by name, and each row's place among them. */
export function sliceLevels(
  records: readonly Readonly<Record<string, unknown>>[],
  { source, gate }: SlicingSpec,
): Scores["slices"] {
  const missing = new Set(["", ...source.missingMarkers.map((marker) => marker.trim())]);
  const slices: Scores["slices"] = {};
  for (const name of gate.slices.columns) {
    const values = records.map((record) => textOf(record[name]));
    const found = new Set(values.filter((value) => !missing.has(value)));
    const column = source.columns[name];
    const listed = column?.type === "category" ? column.levels.filter((level) => found.has(level)) : [];
    const others = [...found].filter((level) => !listed.includes(level)).toSorted();
    const levels = [...listed, ...others];
    const places = new Map(levels.map((level, place) => [level, place]));
    slices[name] = { levels, level: values.map((value) => places.get(value) ?? -1) };
  }
  return slices;
}

/** Figures of both models, level by level. How small a slice may be to count is the gate's question. */
export function describeSlices(slices: Scores["slices"], rows: PairedRows): Evaluation["slices"] {
  return Object.entries(slices).flatMap(([column, { levels, level }]) =>
    levels.map((name, place) => {
      const members = level.flatMap((at, row) => (at === place ? [row] : []));
      const labels = Uint8Array.from(members, (row) => rows.labels[row] ?? 0);
      const of = (scores: Float64Array) =>
        figures({ labels, scores: Float64Array.from(members, (row) => scores[row] ?? Number.NaN) });
      return {
        column,
        level: name,
        rows: members.length,
        positives: labels.reduce((sum, label) => sum + label, 0),
        champion: of(rows.champion),
        challenger: of(rows.challenger),
      };
    }),
  );
}

function figures(rows: BinaryRows): { rocAuc: number | null; brier: number | null } {
  return { rocAuc: defined(rocAuc(rows)), brier: defined(brier(rows)) };
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value).trim()
    : "";
}
