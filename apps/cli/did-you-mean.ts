import { suggestion } from "@perennial/contracts";

/** ` Did you mean "x"?` or nothing, to end a sentence about an unknown name with. */
export function hint(given: string, known: readonly string[]): string {
  const meant = suggestion(given, known);
  return meant === undefined ? "" : ` Did you mean "${meant}"?`;
}
