import { parse as parseCsv } from "csv-parse/sync";
import type { Model } from "../model.ts";
import { MAX_FAULTS, type RecordFault, UnreadableRecord } from "../record-fault.ts";
import { FORMATS, type MediaType } from "./media-type.ts";
import { Refusal } from "./refusal.ts";

export interface BodyLimits {
  maxRecords: number;
}

/**
 * Records of a request's body. A line that can't be read stands there as `UnreadableRecord`, for the model to report
 * together with the faults of the others.
 *
 * @throws {Refusal} if the body as a whole can't be read, holds no record or too many.
 */
export function readRecords(
  body: Uint8Array,
  mediaType: MediaType,
  model: Pick<Model, "unknownField" | "validate">,
  limits: BodyLimits,
): readonly unknown[] {
  const text = decode(body);
  if (text.trim() === "") throw new Refusal(400, "the body is empty; expected at least one record");
  const read = { json: readJson, "json-lines": readJsonLines, csv: readCsv }[FORMATS[mediaType]];
  const records = read(text, model, limits);
  if (records.length === 0) throw new Refusal(400, "the body holds no record; expected at least one");
  if (records.length > limits.maxRecords) throw tooMany(limits);
  return records;
}

const tooMany = ({ maxRecords }: BodyLimits) =>
  new Refusal(413, `the body holds more than ${maxRecords} records, the most that one request may; split it`);

const UTF_8 = new TextDecoder("utf-8", { fatal: true });

function decode(body: Uint8Array): string {
  try {
    // It takes a byte order mark away, too.
    return UTF_8.decode(body);
  } catch {
    throw new Refusal(400, "the body isn't UTF-8");
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function readJson(text: string): readonly unknown[] {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new Refusal(400, "the body isn't JSON", { detail: reasonOf(error) });
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new Refusal(400, 'the body isn\'t a JSON object; expected one record or {"records": […]}');
  }
  if (!("records" in body) || !Object.hasOwn(body, "records")) return [body];
  const { records, ...others } = body;
  const faults: RecordFault[] = Object.keys(others).map((field) => ({
    record: null,
    field,
    message: 'unknown field beside "records"; fields belong into its records',
  }));
  if (!Array.isArray(records)) {
    faults.push({ record: null, field: "records", message: "expected an array of records" });
  }
  if (faults.length > 0)
    throw new Refusal(400, "the body is misshapen", { faults: faults.slice(0, MAX_FAULTS) });
  return records as unknown[];
}

function readJsonLines(text: string, _model: unknown, limits: BodyLimits): readonly unknown[] {
  const records: unknown[] = [];
  let number = 0;
  for (const line of text.split("\n")) {
    number += 1;
    if (line.trim() === "") continue;
    if (records.length === limits.maxRecords) throw tooMany(limits);
    try {
      records.push(JSON.parse(line));
    } catch (error) {
      records.push(new UnreadableRecord(`line ${number} isn't JSON: ${reasonOf(error)}`));
    }
  }
  return records;
}

function readCsv(
  text: string,
  model: Pick<Model, "unknownField" | "validate">,
  limits: BodyLimits,
): readonly unknown[] {
  let rows: string[][];
  try {
    rows = parseCsv(text, {
      record_delimiter: ["\r\n", "\n", "\r"],
      // Rows of another length are faults of their own, told with all others.
      relax_column_count: true,
      skip_empty_lines: true,
      to: limits.maxRecords + 2,
    });
  } catch (error) {
    throw new Refusal(400, "the body isn't CSV (RFC 4180)", { detail: reasonOf(error) });
  }
  const [header = [], ...lines] = rows;
  const names = header.map((name) => name.trim());
  const faults = headerFaults(names, model);
  const wrong = new Set(faults.map(({ field }) => field));
  const records = lines.map((cells) =>
    cells.length === names.length
      ? // It makes a column named "__proto__" a field like any other.
        Object.fromEntries(names.flatMap((name, place) => (wrong.has(name) ? [] : [[name, cells[place]]])))
      : new UnreadableRecord(
          `the row has ${cells.length} cells; expected ${names.length}, as many as the header`,
        ),
  );
  if (faults.length === 0) return records;
  // Without one name that is known there is no header, and then nothing to say about the rows.
  const recordFaults = faults.length < names.length ? model.validate(records) : [];
  throw new Refusal(400, "the CSV header is wrong; the first line must name the fields of the columns", {
    faults: [...faults, ...recordFaults].slice(0, MAX_FAULTS),
  });
}

/** A header's faults are told once, not once a row. */
function headerFaults(names: readonly string[], model: Pick<Model, "unknownField">): RecordFault[] {
  const faults: RecordFault[] = [];
  const seen = new Set<string>();
  for (const name of names) {
    if (faults.length === MAX_FAULTS) break;
    const fault = seen.has(name) ? "stands twice in the header" : model.unknownField(name);
    if (fault !== undefined) faults.push({ record: null, field: name, message: fault });
    seen.add(name);
  }
  return faults;
}
