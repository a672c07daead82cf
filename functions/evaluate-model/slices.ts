import type { AuditReport, Evaluation, Scores, WorkloadSpec } from "@perennial/contracts";
import {
  countRowsByClass,
  defined,
  type Groups,
  groupsOfRows,
  isLargeEnough,
  PRIMARY,
  type PredictedRows,
  selectRows,
  ungrouped,
  valueOf,
} from "@perennial/statistics";

/** The spec's part that slicing needs. */
export type SlicingSpec = Pick<WorkloadSpec, "source" | "gate">;

type Records = readonly Readonly<Record<string, unknown>>[];

/** Per slicing column: the levels that occur, in the spec's order and then by name, and each row's place among them. */
export function sliceLevels(records: Records, { source, gate }: SlicingSpec): Scores["slices"] {
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

/** A level and the positions of its rows. */
interface Level {
  readonly column: string;
  readonly level: string;
  readonly positions: Int32Array;
}

function levelsOf(slices: Scores["slices"]): Level[] {
  return Object.entries(slices).flatMap(([column, { levels, level }]) =>
    levels.map((name, place) => ({
      column,
      level: name,
      positions: Int32Array.from(level.flatMap((at, row) => (at === place ? [row] : []))),
    })),
  );
}

/** The primary metric of both models, level by level. How small a slice may be to count is the gate's question. */
export function describeSlices(
  slices: Scores["slices"],
  models: { readonly champion: PredictedRows; readonly challenger: PredictedRows },
  classes: number,
  gate: WorkloadSpec["gate"],
): Evaluation["slices"] {
  return levelsOf(slices).map(({ column, level, positions }) => {
    const subject = `Slice ${column} ${level}`;
    const champion = selectRows(models.champion, positions, subject);
    const challenger = selectRows(models.challenger, positions, subject);
    return {
      column,
      level,
      rows: positions.length,
      classRows: countRowsByClass(champion.labels, classes),
      champion: primary(champion, gate),
      challenger: primary(challenger, gate),
    };
  });
}

/** One model's primary metric on each level with rows enough to say something. */
export function describeLargeSlices(
  slices: Scores["slices"],
  model: PredictedRows,
  groups: Groups,
  classes: number,
  gate: WorkloadSpec["gate"],
): AuditReport["slices"] {
  return levelsOf(slices).flatMap(({ column, level, positions }) => {
    const rows = selectRows(model, positions, `Slice ${column} ${level}`);
    const size = {
      rows: positions.length,
      classRows: countRowsByClass(rows.labels, classes),
      groups: groupsOfRows(groups, positions).count,
    };
    if (!isLargeEnough(size, gate.slices.minPerClass)) return [];
    return [{ column, level, rows: size.rows, primary: primary(rows, gate) }];
  });
}

function primary(rows: PredictedRows, gate: WorkloadSpec["gate"]): number | null {
  const each = ungrouped(rows.labels.length);
  return defined(valueOf(PRIMARY[gate.primary].statistic(rows, each), each));
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value).trim()
    : "";
}
