import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { type Fault, InvalidInput, type Prepared, type Task } from "@perennial/contracts";
import { countRowsByClass, type Groups, groupRows } from "@perennial/statistics";
import { z } from "zod";

const inflate = promisify(gunzip);

/** Largest part that is unpacked in memory, in MiB. Past it, batch transform is the way to score. */
const MAX_UNPACKED_MIB = 512;

/** One line of `rows.jsonl.gz`. */
const rowOf = (label: z.ZodType<number>) =>
  z.strictObject({
    group: z.union([z.string(), z.number()]),
    label,
    record: z.record(z.string(), z.unknown()),
  });
type Row = z.output<ReturnType<typeof rowOf>>;

/** A part of the data that training never saw: holdout or audit. Its records stay in memory. */
export interface SealedPart {
  /** SHA-256 of the unpacked `rows.jsonl`: the part's name in manifest, evaluation and ledger. */
  readonly sha256: string;
  /** 0 or 1, the class's place in its order, or the quantity. */
  readonly labels: Float64Array;
  readonly groups: Groups;
  /** Classes that labels count; 0 for a quantity. */
  readonly classes: number;
  readonly classRows: readonly number[];
  readonly records: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Unpacks a sealed part and holds it against what the processing job wrote down about it.
 *
 * @throws {InvalidInput} if the rows aren't those of `prepared`. No message quotes a row: they may be health data.
 */
export async function readSealedPart(
  archive: Uint8Array,
  prepared: Prepared,
  part: "holdout" | "audit",
  task: Task,
  uri: string,
): Promise<SealedPart> {
  const lines = await unpack(archive, uri);
  const sha256 = createHash("sha256").update(lines).digest("hex");
  const expected = prepared.parts[part];
  if (sha256 !== expected.sha256) {
    throw new InvalidInput(uri, [
      {
        path: "rows.jsonl.gz",
        message: `given rows with SHA-256 ${sha256}; expected ${expected.sha256}, as prepared.json says of its ${part}`,
      },
    ]);
  }
  const classes = classesOf(task);
  const label =
    classes === 0
      ? z.number()
      : z
          .int()
          .min(0)
          .max(classes - 1);
  const schema = rowOf(label);
  const hint = classes === 0 ? "a number" : `${classes === 2 ? "0 or" : "0 to"} ${classes - 1}`;
  const rows = lines
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line, index) => readRow(line, index, schema, hint, uri));
  const labels = Float64Array.from(rows, (row) => row.label);
  const groups = groupRows(rows.map(({ group }) => group));
  const classRows = countRowsByClass(labels, classes);
  const found = { rows: rows.length, groups: groups.count, classRows };
  const faults: Fault[] = (["rows", "groups", "classRows"] as const)
    .filter((count) => String(found[count]) !== String(expected[count]))
    .map((count) => ({
      path: count,
      message: `given ${shown(found[count])}; expected ${shown(expected[count])}, as prepared.json says of its ${part}`,
    }));
  if (faults.length > 0) throw new InvalidInput(uri, faults);
  return { sha256, labels, groups, classes, classRows, records: rows.map(({ record }) => record) };
}

function classesOf(task: Task): number {
  if (task.kind === "regression") return 0;
  return task.kind === "binary" ? 2 : task.classes.length;
}

const shown = (count: number | readonly number[]): string =>
  typeof count === "number" ? String(count) : count.join(" and ") || "none";

async function unpack(archive: Uint8Array, uri: string): Promise<Buffer> {
  try {
    return await inflate(archive, { maxOutputLength: MAX_UNPACKED_MIB * 2 ** 20 });
  } catch (error) {
    const message = `given ${archive.byteLength} bytes; expected gzip of at most ${MAX_UNPACKED_MIB} MiB unpacked`;
    const fault = new InvalidInput(uri, [{ path: "rows.jsonl.gz", message }]);
    fault.cause = error;
    throw fault;
  }
}

function readRow(line: string, index: number, schema: z.ZodType<Row>, label: string, uri: string): Row {
  try {
    return schema.parse(JSON.parse(line));
  } catch {
    // Neither the error nor its cause: both quote the row.
    const message = `given something else; expected {group, label: ${label}, record} in JSON`;
    throw new InvalidInput(uri, [{ path: `line ${index + 1}`, message }]);
  }
}
