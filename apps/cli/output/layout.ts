import { stripVTControlCharacters } from "node:util";

/** Breaks text into lines of at most `width` columns, at spaces where there are any. */
export function wrap(text: string, width: number): string[] {
  return text.split("\n").flatMap((paragraph) => wrapParagraph(paragraph, width));
}

function wrapParagraph(paragraph: string, width: number): string[] {
  if (lengthOf(paragraph) <= width) return [paragraph];
  const lines: string[] = [];
  let line = "";
  for (const word of paragraph.split(" ")) {
    let rest = word;
    if (line !== "" && lengthOf(line) + 1 + lengthOf(rest) > width) {
      lines.push(line);
      line = "";
    }
    while (lengthOf(rest) > width) {
      lines.push(rest.slice(0, width));
      rest = rest.slice(width);
    }
    line = line === "" ? rest : `${line} ${rest}`;
  }
  return [...lines, line];
}

/** Paragraphs wrapped to `width`, each line behind the spaces that its paragraph begins with. */
export function prose(paragraphs: readonly string[], width: number): string[] {
  return paragraphs.flatMap((paragraph) => {
    const indent = /^ */.exec(paragraph)?.[0] ?? "";
    return wrap(paragraph.slice(indent.length), width - indent.length).map((line) => indent + line);
  });
}

/** Cuts a line to `width` columns and shows by an ellipsis that something is missing. */
export const cut = (line: string, width: number): string =>
  lengthOf(line) <= width ? line : `${stripVTControlCharacters(line).slice(0, Math.max(width - 1, 0))}…`;

const lengthOf = (text: string): number => stripVTControlCharacters(text).length;
const pad = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - lengthOf(text)));

const GAP = "  ";
/** Narrower than this, the last column goes below the others. */
const NARROWEST_LAST_COLUMN = 24;
const INDENT = "    ";

/** Rows of text in columns; the last one is wrapped to what is left of `width`, or goes below where that is too little. */
export function table(rows: readonly (readonly string[])[], width: number): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: Math.max(0, count - 1) }, (_, column) =>
    Math.max(...rows.map((row) => lengthOf(row[column] ?? ""))),
  );
  const before = widths.reduce((sum, column) => sum + column + GAP.length, 0);
  const left = width - before;
  return rows.flatMap((row) => {
    const first = widths.map((column, index) => pad(row[index] ?? "", column));
    const last = row[count - 1] ?? "";
    if (left < NARROWEST_LAST_COLUMN && count > 1) {
      const head = wrap(first.join(GAP).trimEnd(), width);
      const below = last === "" ? [] : wrap(last, width - INDENT.length).map((line) => INDENT + line);
      return [...head, ...below];
    }
    const [start = "", ...rest] = wrap(last, left);
    return [[...first, start].join(GAP), ...rest.map((line) => " ".repeat(before) + line)].map((line) =>
      line.trimEnd(),
    );
  });
}
