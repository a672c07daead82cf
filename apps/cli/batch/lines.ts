/** A record as it stands in its file. */
export interface Line {
  /** Number of its first line within the block, from 0. */
  place: number;
  /** Without its line break. */
  text: string;
}

export interface CsvLine extends Line {
  cells: readonly string[];
  /** Whether a quoted field is never closed. */
  isOpen: boolean;
}

/** The lines of a block that hold something, and how many there are in all. */
export function linesOf(text: string): { lines: Line[]; count: number } {
  const all = text.split("\n");
  // What stands behind the last line break is no line.
  const count = all.at(-1) === "" ? all.length - 1 : all.length;
  const lines: Line[] = [];
  for (let place = 0; place < count; place += 1) {
    const line = withoutReturn(all[place] ?? "");
    if (line.trim() !== "") lines.push({ place, text: line });
  }
  return { lines, count };
}

/** The rows of a block of CSV (RFC 4180); a quoted field may go over several lines. */
export function csvLinesOf(text: string): { lines: CsvLine[]; count: number } {
  const all = text.split("\n");
  const count = all.at(-1) === "" ? all.length - 1 : all.length;
  const lines: CsvLine[] = [];
  for (let place = 0; place < count; place += 1) {
    const first = place;
    let row = all[place] ?? "";
    if (!row.includes('"')) {
      row = withoutReturn(row);
      if (row.trim() !== "") lines.push({ place: first, text: row, cells: row.split(","), isOpen: false });
      continue;
    }
    while (hasOpenQuote(row) && place + 1 < count) {
      place += 1;
      row += `\n${all[place] ?? ""}`;
    }
    row = withoutReturn(row);
    lines.push({ place: first, text: row, cells: cellsOf(row), isOpen: hasOpenQuote(row) });
  }
  return { lines, count };
}

const withoutReturn = (line: string): string => (line.endsWith("\r") ? line.slice(0, -1) : line);

function hasOpenQuote(text: string): boolean {
  let isOpen = false;
  for (let place = text.indexOf('"'); place !== -1; place = text.indexOf('"', place + 1)) isOpen = !isOpen;
  return isOpen;
}

function cellsOf(row: string): string[] {
  const cells: string[] = [];
  let cell = "";
  let isQuoted = false;
  for (let place = 0; place < row.length; place += 1) {
    const character = row[place] ?? "";
    if (character === '"') {
      if (isQuoted && row[place + 1] === '"') {
        cell += '"';
        place += 1;
      } else isQuoted = !isQuoted;
    } else if (character === "," && !isQuoted) {
      cells.push(cell);
      cell = "";
    } else cell += character;
  }
  return [...cells, cell];
}
