/**
 * Value of a column in the first record of a request: the records of one request are answered by one model. Null where there
 * is none, or no such request; the model says what is wrong with it.
 */
export function stickyKey(body: Uint8Array, contentType: string, column: string): string | null {
  const text = Buffer.from(body)
    .toString("utf8")
    .replace(/^\uFEFF/, "");
  const value = valueIn(text, contentType.split(";")[0]?.trim().toLowerCase() ?? "", column);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" && value !== "" ? value : null;
}

function valueIn(text: string, contentType: string, column: string): unknown {
  switch (contentType) {
    case "application/jsonlines":
      return memberOf(json(text.split("\n").find((line) => line.trim() !== "") ?? ""), column);
    case "text/csv": {
      const [header, first] = firstRows(text);
      const place = header.findIndex((name) => name.trim() === column);
      return place === -1 ? null : first[place];
    }
    default: {
      const request = json(text);
      const records = memberOf(request, "records");
      return memberOf(Array.isArray(records) ? records[0] : request, column);
    }
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : null;

/** A cell (RFC 4180) and what ends it. */
const CELL = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;

/** The first two rows that aren't empty. */
function firstRows(text: string): [string[], string[]] {
  const rows: string[][] = [];
  let row: string[] = [];
  CELL.lastIndex = 0;
  while (rows.length < 2 && CELL.lastIndex <= text.length) {
    const found = CELL.exec(text);
    if (found === null) break;
    const [whole, quoted, plain = "", end] = found;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
    if (whole === "" || end === "") break;
  }
  return [rows[0] ?? [], rows[1] ?? []];
}
