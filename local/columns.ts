/**
 * Lines of text under a header, in columns.
 *
 * @param header a column's heading; with `>` before it the column stands to the right, as numbers do.
 */
export function inColumns(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const headings = header.map((heading) => heading.replace(/^>/, ""));
  const lines = [headings, ...rows];
  return lines
    .map((line) => {
      const cells = header.map((heading, place) => {
        const width = Math.max(...lines.map((other) => other[place]?.length ?? 0));
        const text = line[place] ?? "";
        return heading.startsWith(">") ? text.padStart(width) : text.padEnd(width);
      });
      return `  ${cells.join("  ")}`.trimEnd();
    })
    .join("\n");
}
