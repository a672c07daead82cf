import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { type Fault, InvalidInput, type Prepared } from "@perennial/contracts";
import { type Groups, groupRows } from "@perennial/statistics";
import { z } from "zod";

const inflate = promisify(gunzip);

/** Largest part that is unpacked in memory, in MiB. Past it, batch transform is the way to score. */
const MAX_UNPACKED_MIB = 512;

/** One line of `rows.jsonl.gz`. */
const Row = z.strictObject({
  group: z.union([z.string(), z.number()]),
  label: z.union([z.literal(0), z.literal(1)]),
  record: z.record(z.string(), z.unknown()),
});

/** A part of the data that training never saw: holdout or audit. Its records stay in memory. */
export interface SealedPart {
  /** SHA-256 of the unpacked `rows.jsonl`: the part's name in manifest, evaluation and ledger. */
  readonly sha256: string;
  readonly labels: Uint8Array;
  readonly groups: Groups;
  readonly positives: number;
  readonly records: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Unpacks a sealed part and holds it against what the processing job wrote down about it.
 *
 * @throws {InvalidInput} if the rows aren't those of `prepared`. No message quotes a row: they are health data.
 */
export async function readSealedPart(
  archive: Uint8Array,
  prepared: Prepared,
  part: "holdout" | "audit",
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
  const rows = lines
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line, index) => readRow(line, index, uri));
  const labels = Uint8Array.from(rows, ({ label }) => label);
  const groups = groupRows(rows.map(({ group }) => group));
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const found = { rows: rows.length, groups: groups.count, positives };
  const faults: Fault[] = (["rows", "groups", "positives"] as const)
    .filter((count) => found[count] !== expected[count])
    .map((count) => ({
      path: count,
      message: `given ${found[count]}; expected ${expected[count]}, as prepared.json says of its ${part}`,
    }));
  if (faults.length > 0) throw new InvalidInput(uri, faults);
  return { sha256, labels, groups, positives, records: rows.map(({ record }) => record) };
}

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

function readRow(line: string, index: number, uri: string): z.output<typeof Row> {
  try {
    return Row.parse(JSON.parse(line));
  } catch {
    // Neither the error nor its cause: both quote the row.
    const message = "given something else; expected {group, label: 0 or 1, record} in JSON";
    throw new InvalidInput(uri, [{ path: `line ${index + 1}`, message }]);
  }
}
