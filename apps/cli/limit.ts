import { CliFault, EXIT } from "./exit.ts";

/** Reads the option `--limit`. @throws {CliFault} */
export function readLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1000) return limit;
  throw new CliFault(
    EXIT.usage,
    `--limit is ${JSON.stringify(text)}, expected a whole number from 1 to 1000.`,
  );
}
