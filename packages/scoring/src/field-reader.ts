import type { Manifest, ManifestInput } from "@perennial/contracts";
import { epochDay } from "./day.ts";
import { shown } from "./record-fault.ts";

/** One row on its way into the graph's tensors. */
export interface Row {
  strings: string[];
  numbers: Float32Array;
  /** Where the row starts in each of them. */
  stringsAt: number;
  numbersAt: number;
}

/**
 * Checks one field's value and writes it into the row; a missing one writes nothing, since rows start out as missing.
 * Answers with what is wrong as a function, because few messages are ever read and all would have to be made.
 */
export type FieldReader = (value: unknown, row: Row) => (() => string) | undefined;

/** Longest text that is looked at, in UTF-16 units: levels and codes are short, and patterns run over the whole text. */
export const MAX_TEXT_LENGTH = 256;

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Texts that mean missing: those of the source, and the empty one. */
export type MissingMarkers = ReadonlySet<string>;

export function missingMarkersOf(manifest: Manifest): MissingMarkers {
  return new Set(["", ...manifest.missingMarkers.map((marker) => marker.trim())]);
}

type Excluded = Manifest["excluded"][number];

/** A reader made once from what the manifest says about a field, so that reading a record looks nothing up. */
export function fieldReader(
  input: ManifestInput,
  missing: MissingMarkers,
  excluded: readonly Excluded[],
): FieldReader {
  if (input.type === "date") return dateReader(input, missing, excluded);
  return input.type === "category" || input.type === "code"
    ? textReader(input, missing, excluded)
    : numberReader(input, missing, excluded);
}

/** Reads a field that the model doesn't use but that may put a row outside its question; writes nothing. */
export function exclusionReader(missing: MissingMarkers, excluded: readonly Excluded[]): FieldReader {
  const reasons = reasonsByLevel(excluded);
  return (value) => {
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean")
      return undefined;
    const text = String(value).trim();
    const reason = missing.has(text) ? undefined : reasons.get(text);
    return reason === undefined ? undefined : refusal(value, reason);
  };
}

type TextInput = Extract<ManifestInput, { type: "category" | "code" }>;

function textReader(input: TextInput, missing: MissingMarkers, excluded: readonly Excluded[]): FieldReader {
  const { index } = input;
  const reasons = reasonsByLevel(excluded);
  const check = input.type === "category" ? categoryCheck(input) : codeCheck(input);
  // What needs neither trimming nor checking, and nearly every value is like that.
  const levels = input.type === "category" ? input.levels : [];
  const plain = new Set(levels.filter((level) => !missing.has(level) && !reasons.has(level)));
  const isLevel = (value: boolean) => levels.includes(String(value));

  return (value, row) => {
    let text: string;
    if (typeof value === "string") {
      if (plain.has(value)) {
        row.strings[row.stringsAt + index] = value;
        return undefined;
      }
      text = value.trim();
    } else if (value === null || value === undefined) {
      return undefined;
    } else if (isFiniteNumber(value) || (typeof value === "boolean" && isLevel(value))) {
      text = String(value);
    } else {
      return () => `given ${shown(value)}; expected ${check.expected}, or null where it is missing`;
    }
    if (missing.has(text)) return undefined;
    if (text.length > MAX_TEXT_LENGTH) {
      return () => `given ${text.length} characters; expected at most ${MAX_TEXT_LENGTH}`;
    }
    const reason = reasons.get(text);
    if (reason !== undefined) return refusal(value, reason);
    if (!check.accepts(text)) return () => `given ${shown(value)}; expected ${check.expected}`;
    row.strings[row.stringsAt + index] = text;
    return undefined;
  };
}

interface TextCheck {
  readonly expected: string;
  accepts(text: string): boolean;
}

function categoryCheck({ levels, closed }: Extract<ManifestInput, { type: "category" }>): TextCheck {
  const known = new Set(levels);
  return closed
    ? { expected: `one of ${levels.join(", ")}`, accepts: (text) => known.has(text) }
    : { expected: "a text or a number", accepts: () => true };
}

function codeCheck({ pattern }: Extract<ManifestInput, { type: "code" }>): TextCheck {
  const whole = new RegExp(`^(?:${pattern})$`, "u");
  return { expected: `a code such as the pattern ${pattern} describes`, accepts: (text) => whole.test(text) };
}

type NumberInput = Extract<ManifestInput, { type: "integer" | "number" }>;

function numberReader(
  input: NumberInput,
  missing: MissingMarkers,
  excluded: readonly Excluded[],
): FieldReader {
  const { index, min, max } = input;
  const isInteger = input.type === "integer";
  const reasons = reasonsByLevel(excluded);
  const expected = `${isInteger ? "a whole number" : "a number"} from ${min} to ${max}`;

  return (value, row) => {
    let number: number;
    if (typeof value === "number") {
      number = value;
    } else if (value === null || value === undefined) {
      return undefined;
    } else if (typeof value === "string") {
      const text = value.trim();
      if (missing.has(text)) return undefined;
      // Number() alone would take "0x10" and "Infinity": only decimals are numbers here.
      number = text.length <= MAX_TEXT_LENGTH && DECIMAL.test(text) ? Number(text) : Number.NaN;
    } else {
      return () => `given ${shown(value)}; expected ${expected}, or null where it is missing`;
    }
    if (!(number >= min && number <= max) || (isInteger && !Number.isInteger(number))) {
      return () => `given ${shown(value)}; expected ${expected}`;
    }
    if (reasons.size > 0) {
      const reason = reasons.get(String(number));
      if (reason !== undefined) return refusal(value, reason);
    }
    row.numbers[row.numbersAt + index] = number;
    return undefined;
  };
}

function dateReader(
  { index, min, max }: Extract<ManifestInput, { type: "date" }>,
  missing: MissingMarkers,
  excluded: readonly Excluded[],
): FieldReader {
  const reasons = reasonsByLevel(excluded);
  const [first, last] = [epochDay(min), epochDay(max)];
  const expected = `a day from ${min} to ${max}, as text such as "${min}"`;

  return (value, row) => {
    if (value === null || value === undefined) return undefined;
    // A number isn't a day: 20260131 and the days since 1970 look alike.
    if (typeof value !== "string") {
      return () => `given ${shown(value)}; expected ${expected}, or null where it is missing`;
    }
    let day = epochDay(value);
    if (Number.isNaN(day)) {
      const text = value.trim();
      if (missing.has(text)) return undefined;
      day = epochDay(text);
    }
    if (!(day >= first && day <= last)) return () => `given ${shown(value)}; expected ${expected}`;
    if (reasons.size > 0) {
      const reason = reasons.get(value.trim());
      if (reason !== undefined) return refusal(value, reason);
    }
    row.numbers[row.numbersAt + index] = day;
    return undefined;
  };
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function reasonsByLevel(excluded: readonly Excluded[]): ReadonlyMap<string, string> {
  return new Map(excluded.flatMap(({ levels, reason }) => levels.map((level) => [level, reason] as const)));
}

function refusal(value: unknown, reason: string): () => string {
  return () => `given ${shown(value)}; the model does not answer for such a row: ${reason}`;
}
