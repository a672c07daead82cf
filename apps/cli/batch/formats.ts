import { CliFault, EXIT } from "../exit.ts";

/** How a file of records is written. */
export interface FileFormat {
  kind: "csv" | "jsonl";
  isCompressed: boolean;
}

/** @throws {CliFault} for an extension that says nothing. */
export function formatOf(path: string): FileFormat {
  const [, extension, compression] = /\.(csv|jsonl|ndjson)(\.gz)?$/i.exec(path) ?? [];
  if (extension === undefined) {
    throw new CliFault(
      EXIT.usage,
      `${path} doesn't say what it holds: expected a file ending in .csv or .jsonl, with .gz behind it where it is compressed.`,
    );
  }
  return {
    kind: extension.toLowerCase() === "csv" ? "csv" : "jsonl",
    isCompressed: compression !== undefined,
  };
}
