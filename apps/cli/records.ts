import { CliFault, EXIT } from "./exit.ts";

/** Records in the form in which they are sent to an endpoint. */
export interface RecordBody {
  contentType: "application/json" | "application/jsonlines" | "text/csv";
  body: string;
  count: number;
}

type Format = "json" | "jsonl" | "csv";

const BY_EXTENSION: Record<string, Format> = {
  json: "json",
  jsonl: "jsonl",
  ndjson: "jsonl",
  csv: "csv",
};

/**
 * Reads records from a file's text: JSON (one record, a list, or `{"records": […]}`), JSON Lines or CSV with a header.
 *
 * @param path decides by its extension; any other path, and `-`, by what the text looks like.
 * @throws {CliFault} that says where the text is damaged.
 */
export function readRecords(text: string, path: string): RecordBody {
  const source = path === "-" ? "Standard input" : path;
  const content = text.replace(/^\uFEFF/, "");
  if (content.trim() === "") throw damaged(source, "is empty, expected at least one record");
  const format = BY_EXTENSION[/\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ""] ?? formatOf(content);
  if (format === "csv") return readCsv(content, source);
  return format === "json" ? readJson(content, source) : readJsonLines(content, source);
}

function formatOf(content: string): Format {
  const start = content.trimStart();
  if (start.startsWith("[")) return "json";
  if (!start.startsWith("{")) return "csv";
  // One object over several lines is JSON; a line that is an object by itself, with others after it, is JSON Lines.
  const [first = "", ...rest] = start.trimEnd().split(/\r?\n/);
  return rest.length > 0 && isJson(first) ? "jsonl" : "json";
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function readJson(content: string, source: string): RecordBody {
  const value = parsed(content, source);
  const wrapped = isRecord(value) && Array.isArray(value["records"]) ? value["records"] : value;
  const records: unknown[] = Array.isArray(wrapped) ? wrapped : [wrapped];
  if (records.length === 0) throw damaged(source, "holds an empty list, expected at least one record");
  records.forEach((record, index) => {
    if (!isRecord(record)) {
      throw damaged(
        source,
        `holds ${JSON.stringify(record)} as record ${index + 1}, expected an object of columns and values`,
      );
    }
  });
  return { contentType: "application/json", body: JSON.stringify({ records }), count: records.length };
}

function readJsonLines(content: string, source: string): RecordBody {
  const lines = content.split(/\r?\n/);
  const records = lines.flatMap((line, index) => {
    if (line.trim() === "") return [];
    const value = parsed(line, `${source}, line ${index + 1}`);
    if (isRecord(value)) return [JSON.stringify(value)];
    throw damaged(`${source}, line ${index + 1}`, "is no object, expected one record a line");
  });
  return { contentType: "application/jsonlines", body: `${records.join("\n")}\n`, count: records.length };
}

function readCsv(content: string, source: string): RecordBody {
  const rows = rowsOf(content);
  const [header, ...records] = rows;
  if (header === undefined || records.length === 0) {
    throw damaged(source, "has only one line, expected a header and at least one record");
  }
  records.forEach((row, index) => {
    if (row.fields !== header.fields) {
      throw damaged(
        `${source}, line ${row.line}`,
        `has ${row.fields} fields, expected ${header.fields} as in the header (record ${index + 1})`,
      );
    }
  });
  if (rows.some(({ isOpen }) => isOpen)) throw damaged(source, "ends within a quoted field; is it cut off?");
  return { contentType: "text/csv", body: content, count: records.length };
}

/** Lines of CSV (RFC 4180) with how many fields each has; a quoted field may hold commas and line breaks. */
function rowsOf(content: string): { line: number; fields: number; isOpen: boolean }[] {
  const rows: { line: number; fields: number; isOpen: boolean }[] = [];
  let line = 1;
  let start = 1;
  let fields = 1;
  let isQuoted = false;
  let isBlank = true;
  for (const character of content) {
    if (character === '"') isQuoted = !isQuoted;
    else if (character === "," && !isQuoted) fields += 1;
    if (character === "\n") {
      line += 1;
      if (isQuoted) continue;
      if (!isBlank) rows.push({ line: start, fields, isOpen: false });
      [start, fields, isBlank] = [line, 1, true];
    } else if (character !== "\r") isBlank = false;
  }
  if (!isBlank) rows.push({ line: start, fields, isOpen: isQuoted });
  return rows;
}

function parsed(text: string, source: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw damaged(source, `is no JSON: ${reason}`);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const damaged = (source: string, what: string): CliFault => new CliFault(EXIT.usage, `${source} ${what}.`);
