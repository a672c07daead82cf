import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { ReplayCondition, WorkloadSpec } from "@perennial/contracts";
import { parse } from "csv-parse/sync";

/** A row of a source file: column to text, as it stands there. */
export type SourceRow = Readonly<Record<string, string>>;

/**
 * Reads a replay's file and leaves out what the spec excludes.
 *
 * @throws naming the columns that the file lacks.
 */
export function readRows(folder: string, path: string, spec: WorkloadSpec): SourceRow[] {
  const bytes = readFileSync(join(folder, path));
  const text = (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString("utf8");
  const rows = parse(text, { columns: true, bom: true }) as SourceRow[];
  const needed = [...Object.keys(spec.source.columns), ...Object.keys(spec.source.unused)];
  const missing = needed.filter((name) => !(name in (rows[0] ?? {})));
  if (missing.length > 0) {
    throw new Error(
      `${path} lacks ${missing.join(", ")}; expected the columns of the source of ${spec.name}`,
    );
  }
  return rows.filter((row) => !spec.source.excluded.some((rule) => fulfils(row, rule, spec)));
}

/** Whether the spec's source takes the text for "not known". */
export function isMissing(text: string | undefined, { source }: WorkloadSpec): boolean {
  const plain = text?.trim() ?? "";
  return plain === "" || source.missingMarkers.includes(plain);
}

/** Whether `row` is one that `condition` speaks of; a missing value never is. */
export function fulfils(row: SourceRow, condition: ReplayCondition, spec: WorkloadSpec): boolean {
  const text = row[condition.column]?.trim();
  if (text === undefined || isMissing(text, spec)) return false;
  if ("levels" in condition) return condition.levels.includes(text);
  const number = Number(text);
  return number >= (condition.min ?? -Infinity) && number <= (condition.max ?? Infinity);
}

/**
 * What came true of a row, as sealed parts state it: 0 or 1, the class's place in its order, or the quantity.
 *
 * @throws where the target holds something that the spec doesn't name.
 */
export function outcomeOf(row: SourceRow, { name, source, task }: WorkloadSpec): number {
  const text = row[task.target]?.trim() ?? "";
  const place = ((): number => {
    if (task.kind === "regression") return text === "" ? NaN : Number(text);
    if (task.kind === "multiclass") return task.classes.findIndex(({ levels }) => levels.includes(text));
    return task.positive.includes(text) ? 1 : task.negative.includes(text) ? 0 : -1;
  })();
  if (Number.isNaN(place) || (task.kind !== "regression" && place === -1)) {
    throw new Error(
      `${name}: row ${row[source.key] ?? "without a key"} has ${JSON.stringify(text)} as ${task.target}; expected what the spec names`,
    );
  }
  return place;
}
