type Example = Readonly<Record<string, string | number | boolean | null>>;

/** Records as JSON Lines. */
export const jsonLinesOf = (records: readonly Example[]): string =>
  records.map((record) => `${JSON.stringify(record)}\n`).join("");

/** Records as CSV (RFC 4180): a field that one of them lacks is empty there, as is one that isn't known. */
export function csvOf(records: readonly Example[]): string {
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const rows = records.map((record) => names.map((name) => String(record[name] ?? "")));
  return [names, ...rows].map((row) => `${row.map(quoted).join(",")}\n`).join("");
}

const quoted = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
