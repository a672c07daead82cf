import type { ReplayBatch, ReplayChange, ReplayCondition, WorkloadSpec } from "@perennial/contracts";
import { createRandom, type Random } from "@perennial/statistics";
import { fulfils, isMissing, outcomeOf, type SourceRow } from "./source-rows.ts";

/** One request of a batch, with what comes true later. */
export interface ReplayedRow {
  key: string;
  group: string;
  /** What the endpoint is sent: the columns that a caller knows. */
  record: Record<string, string>;
  outcome: number;
}

/** A row of the batch in the making. `source` is what tells it from rows that aren't in the batch. */
interface Drawn {
  source: SourceRow;
  row: SourceRow;
  outcome: number;
}

/**
 * Takes a batch from the rows of its file, changes it and puts it in order. The same batch of the same rows comes out the
 * same.
 *
 * @throws where the file has too few rows for what is asked.
 */
export function drawBatch(batch: ReplayBatch, rows: readonly SourceRow[], spec: WorkloadSpec): ReplayedRow[] {
  const random = createRandom(batch.seed);
  let drawn = take(batch, rows, spec, random).map((row) => drawnFrom(row, spec));
  for (const change of batch.changes) drawn = changed(drawn, change, { batch, rows, spec, random });
  const ordered =
    batch.order === "shuffled"
      ? shuffled(drawn, random)
      : drawn.toSorted((a, b) => byTime(a.row, b.row, spec));
  return ordered.map(({ row, outcome }) => ({
    key: row[spec.source.key] ?? "",
    group: row[spec.split.group] ?? "",
    record: Object.fromEntries(Object.keys(spec.source.columns).map((name) => [name, row[name] ?? ""])),
    outcome,
  }));
}

function drawnFrom(source: SourceRow, spec: WorkloadSpec): Drawn {
  return { source, row: source, outcome: outcomeOf(source, spec) };
}

function take(
  { name, rows: wanted, take: how }: ReplayBatch,
  rows: readonly SourceRow[],
  spec: WorkloadSpec,
  random: Random,
): SourceRow[] {
  const taken =
    how.by === "order" ? rows.slice(how.skip, how.skip + wanted) : byGroup(rows, wanted, spec, random);
  if (taken.length < wanted) {
    throw new Error(`batch ${name} asks for ${wanted} rows, its file has ${taken.length} to take`);
  }
  return taken;
}

function byGroup(
  rows: readonly SourceRow[],
  wanted: number,
  { split }: WorkloadSpec,
  random: Random,
): SourceRow[] {
  const groups = Map.groupBy(rows, (row) => row[split.group] ?? "");
  const taken: SourceRow[] = [];
  for (const group of shuffled([...groups.values()], random)) {
    if (taken.length >= wanted) break;
    taken.push(...group.slice(0, wanted - taken.length));
  }
  return taken;
}

interface Surroundings {
  batch: ReplayBatch;
  rows: readonly SourceRow[];
  spec: WorkloadSpec;
  random: Random;
}

function changed(drawn: Drawn[], change: ReplayChange, surroundings: Surroundings): Drawn[] {
  switch (change.kind) {
    case "resample":
      return resampled(drawn, change, surroundings);
    case "shift":
      return shifted(drawn, change, surroundings);
    case "flip":
      return flipped(drawn, change, surroundings);
  }
}

const all = (row: SourceRow, where: readonly ReplayCondition[], spec: WorkloadSpec): boolean =>
  where.every((condition) => fulfils(row, condition, spec));

function resampled(
  drawn: Drawn[],
  { where, share }: Extract<ReplayChange, { kind: "resample" }>,
  { batch, rows, spec, random }: Surroundings,
): Drawn[] {
  const isWanted = drawn.map(({ row }) => all(row, where, spec));
  const lacking = Math.round(share * drawn.length) - isWanted.filter(Boolean).length;
  const places = drawn.flatMap((_, place) => (isWanted[place] === lacking > 0 ? [] : [place]));
  const present = new Set(drawn.map(({ source }) => source));
  const others = rows.filter((row) => !present.has(row) && all(row, where, spec) === lacking > 0);
  const count = Math.abs(lacking);
  if (others.length < count) {
    throw new Error(
      `batch ${batch.name}: a share of ${share} takes ${count} more rows of a sort that its file has ${others.length} of`,
    );
  }
  const replaced = [...drawn];
  const substitutes = shuffled(others, random);
  for (const [index, place] of shuffled(places, random).slice(0, count).entries()) {
    const substitute = substitutes[index];
    if (substitute !== undefined) replaced[place] = drawnFrom(substitute, spec);
  }
  return replaced;
}

function shifted(
  drawn: Drawn[],
  { columns, by }: Extract<ReplayChange, { kind: "shift" }>,
  { batch, rows, spec }: Surroundings,
): Drawn[] {
  const shifts = columns.map((name) => {
    const column = spec.source.columns[name];
    if (column?.type !== "integer" && column?.type !== "number") {
      throw new Error(`batch ${batch.name} shifts ${name}; expected a column of numbers in source.columns`);
    }
    const values = rows.map((row) => row[name]).filter((text) => !isMissing(text, spec));
    const amount = "amount" in by ? by.amount : by.standardDeviations * deviation(values.map(Number));
    return { name, column, amount };
  });
  return drawn.map((one) => {
    const row = { ...one.row };
    for (const { name, column, amount } of shifts) {
      if (isMissing(row[name], spec)) continue;
      const sum = Math.min(column.max, Math.max(column.min, Number(row[name]) + amount));
      row[name] = String(column.type === "integer" ? Math.round(sum) : sum);
    }
    return { ...one, row };
  });
}

function flipped(
  drawn: Drawn[],
  { where, share }: Extract<ReplayChange, { kind: "flip" }>,
  { batch, spec, random }: Surroundings,
): Drawn[] {
  if (spec.task.kind !== "binary") {
    throw new Error(`batch ${batch.name} flips outcomes; only those of a binary task have an opposite`);
  }
  const places = drawn.flatMap(({ row }, place) => (all(row, where, spec) ? [place] : []));
  const chosen = new Set(shuffled(places, random).slice(0, Math.round(share * places.length)));
  return drawn.map((one, place) => (chosen.has(place) ? { ...one, outcome: 1 - one.outcome } : one));
}

/** Sample standard deviation. */
function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

/** By Fisher and Yates. */
function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = random.below(last + 1);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}

/** Numbers by size, days as text; rows of one moment by their key. */
function byTime(a: SourceRow, b: SourceRow, { source: { time, key } }: WorkloadSpec): number {
  return compare(a[time], b[time]) || compare(a[key], b[key]);
}

function compare(a = "", b = ""): number {
  const difference = Number(a) - Number(b);
  if (!Number.isNaN(difference)) return difference;
  return a < b ? -1 : a > b ? 1 : 0;
}
