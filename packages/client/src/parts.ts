import type { RecordFault } from "./errors.ts";

/** Records that travel in one request. */
export interface Part {
  /** Place of the first one among those that were given, from 0. */
  from: number;
  records: number;
  body: string;
}

export interface PartLimits {
  maxRecords: number;
  maxBodyBytes: number;
}

const OPENING = '{"records":[';
const CLOSING = "]}";
/** Bytes around the records; each but the first also has a comma before it. */
const AROUND = OPENING.length + CLOSING.length;

/**
 * Puts records into as few requests as hold them in their order, or says what keeps them from being sent: no object, a
 * number that JSON can't hold, more than a request may be.
 */
export function partsOf(
  records: readonly unknown[],
  { maxRecords, maxBodyBytes }: PartLimits,
): { parts: Part[]; faults: RecordFault[] } {
  const parts: Part[] = [];
  const faults: RecordFault[] = [];
  let texts: string[] = [];
  let bytes = AROUND;
  const close = (end: number) => {
    if (texts.length === 0) return;
    const body = OPENING + texts.join(",") + CLOSING;
    parts.push({ from: end - texts.length, records: texts.length, body });
    texts = [];
    bytes = AROUND;
  };
  records.forEach((record, place) => {
    const { text, found } = asJson(record, place);
    faults.push(...found);
    const size = byteLength(text);
    if (AROUND + size > maxBodyBytes) {
      const message = `given ${size} bytes as JSON; expected at most ${maxBodyBytes - AROUND}, the most that one request may hold`;
      faults.push({ record: place, field: null, message });
    }
    if (texts.length === maxRecords || bytes + size + 1 > maxBodyBytes) close(place);
    bytes += size + (texts.length === 0 ? 0 : 1);
    texts.push(text);
  });
  close(records.length);
  return { parts, faults };
}

function asJson(record: unknown, place: number): { text: string; found: RecordFault[] } {
  if (typeof record !== "object" || record === null || Array.isArray(record)) {
    const given = Array.isArray(record) ? "an array" : String(record);
    const message = `given ${given}; expected an object of field names to values`;
    return { text: "", found: [{ record: place, field: null, message }] };
  }
  // JSON would turn NaN and Infinity into null, and the model would take them for missing; it can't hold a bigint at all.
  const found = Object.entries(record)
    .filter(([, value]) => (typeof value === "number" ? !Number.isFinite(value) : typeof value === "bigint"))
    .map(([field, value]) => {
      const message = `given ${String(value)}; expected a finite number, or null where it is missing`;
      return { record: place, field, message };
    });
  return { text: found.length > 0 ? "" : JSON.stringify(record), found };
}

const encoder = new TextEncoder();

function byteLength(text: string): number {
  return encoder.encode(text).length;
}
