/** Something wrong with one record, in the words of whoever sent it. */
export interface RecordFault {
  /** Place of the record in the request, from 0; null where the fault is about the request as a whole. */
  readonly record: number | null;
  /** Name of the field; null where the fault is about the record as a whole. */
  readonly field: string | null;
  readonly message: string;
}

/** Most faults that one refusal lists. What lies beyond is counted: a hostile request must not buy an endless answer. */
export const MAX_FAULTS = 100;

/** Faults of a request, in order; past `MAX_FAULTS` only their number. */
export class FaultList {
  readonly listed: RecordFault[] = [];
  total = 0;

  /** `message` is only asked for while the fault is still listed, because making one may be dear. */
  add(record: number | null, field: string | null, message: () => string): void {
    this.total += 1;
    if (this.listed.length >= MAX_FAULTS) return;
    this.listed.push({ record, field: field === null ? null : shortened(field), message: message() });
  }
}

/** Stands in for a record that couldn't be read out of its request, so that its fault keeps its place among the others. */
export class UnreadableRecord {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** Records were refused. `faults` lists what is wrong with them, up to `MAX_FAULTS`; `total` counts all. */
export class InvalidRecords extends Error {
  readonly faults: readonly RecordFault[];
  readonly total: number;

  constructor(faults: FaultList) {
    const { listed, total } = faults;
    const rest = total > listed.length ? `; the first ${listed.length} are listed` : "";
    // No values here: this text ends up in logs, and records are health data.
    super(`the records have ${total} fault${total === 1 ? "" : "s"}${rest}`);
    this.name = "InvalidRecords";
    // Several passes may have found them.
    this.faults = listed.toSorted((one, other) => (one.record ?? -1) - (other.record ?? -1));
    this.total = total;
  }
}

const LONGEST_SHOWN = 80;

function shortened(text: string): string {
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}

/** A value as a message shows it: short, and never the inside of an array or object, however deep. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(shortened(value));
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
