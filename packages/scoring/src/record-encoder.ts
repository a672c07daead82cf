import { type Manifest, suggestion } from "@perennial/contracts";
import {
  exclusionReader,
  fieldReader,
  missingMarkersOf,
  type FieldReader,
  type Row,
} from "./field-reader.ts";
import { shown, UnreadableRecord, type FaultList } from "./record-fault.ts";

/** Rows that go through the graph at once. Measured in one thread: 64 are 3 % slower, and 1,000 keep others waiting. */
export const CHUNK_ROWS = 128;

/** Up to `CHUNK_ROWS` rows as the graph's tensors hold them, row by row. */
export interface EncodedChunk {
  readonly rows: number;
  /** Shape [rows, texts]; missing is "". */
  readonly strings: string[];
  /** Shape [rows, numbers]; missing is NaN. */
  readonly numbers: Float32Array;
}

export interface EncodedRecords {
  readonly rows: number;
  readonly chunks: readonly EncodedChunk[];
}

const IGNORE: FieldReader = () => undefined;

/** A field that is read, and where its value stands in the record. */
interface PlannedField {
  readonly name: string;
  readonly position: number;
  readonly read: FieldReader;
}

/** How to read records that have exactly these fields, in this order. */
interface ReadingPlan {
  readonly names: readonly string[];
  readonly fields: readonly PlannedField[];
  readonly unknown: readonly string[];
}

interface RequiredField {
  readonly name: string;
  readonly isMissing: (row: Row) => boolean;
}

/** Checks raw records against a manifest and lays them out as the graph reads them, in one pass. */
export class RecordEncoder {
  readonly texts: number;
  readonly numbers: number;
  readonly #readers: ReadonlyMap<string, FieldReader>;
  readonly #required: readonly RequiredField[];
  // A copy of a chunk that holds nothing is the fastest way to a new one.
  readonly #missingTexts: readonly string[];
  readonly #missingNumbers: Float32Array;
  // Records of one request nearly always have the same fields in the same order: a plan made for one serves the next.
  #lastPlan: ReadingPlan = { names: [], fields: [], unknown: [] };

  constructor(manifest: Manifest) {
    const missing = missingMarkersOf(manifest);
    const excludedOf = (name: string) => manifest.excluded.filter(({ column }) => column === name);
    const readers = new Map<string, FieldReader>();
    for (const name of manifest.ignored) readers.set(name, IGNORE);
    for (const { column } of manifest.excluded)
      readers.set(column, exclusionReader(missing, excludedOf(column)));
    for (const input of manifest.inputs)
      readers.set(input.name, fieldReader(input, missing, excludedOf(input.name)));
    this.#readers = readers;

    const isText = ({ type }: Manifest["inputs"][number]) => type === "category" || type === "code";
    this.texts = manifest.inputs.filter(isText).length;
    this.numbers = manifest.inputs.length - this.texts;
    this.#missingTexts = Array.from({ length: CHUNK_ROWS * this.texts }, () => "");
    this.#missingNumbers = new Float32Array(CHUNK_ROWS * this.numbers).fill(Number.NaN);
    this.#required = manifest.inputs
      .filter(({ required }) => required)
      .map((input) => ({
        name: input.name,
        isMissing: isText(input)
          ? (row) => row.strings[row.stringsAt + input.index] === ""
          : (row) => Number.isNaN(row.numbers[row.numbersAt + input.index]),
      }));
  }

  /** What is wrong with the name of a field, or undefined where a record may have it. */
  unknownField(name: string): string | undefined {
    if (this.#readers.has(name)) return undefined;
    const meant = suggestion(name, this.#readers.keys());
    const hint = meant === undefined ? "leave it out" : `did you mean ${JSON.stringify(meant)}?`;
    return `unknown field; ${hint}`;
  }

  /** All records as tensors; what is wrong with them goes to `faults`, and then the result must not be scored. */
  encode(records: readonly unknown[], faults: FaultList): EncodedRecords {
    return this.#layOut(records, (record, place, row) => this.#read(record, place, row, faults));
  }

  /** Like `encode`, of rows whose values stand in the order of `names`, as in a table: no object needs to be made. */
  encodeRows(
    names: readonly string[],
    rows: readonly (readonly unknown[])[],
    faults: FaultList,
  ): EncodedRecords {
    const plan = this.#planFor(names);
    return this.#layOut(rows, (values, place, row) => this.#readValues(plan, values, place, row, faults));
  }

  #layOut<Item>(
    records: readonly Item[],
    read: (record: Item, place: number, row: Row) => void,
  ): EncodedRecords {
    const chunks: EncodedChunk[] = [];
    for (let start = 0; start < records.length; start += CHUNK_ROWS) {
      const rows = Math.min(CHUNK_ROWS, records.length - start);
      const chunk = this.emptyChunk(rows);
      const row: Row = { ...chunk, stringsAt: 0, numbersAt: 0 };
      for (let place = 0; place < rows; place += 1) {
        row.stringsAt = place * this.texts;
        row.numbersAt = place * this.numbers;
        read(records[start + place] as Item, start + place, row);
      }
      chunks.push(chunk);
    }
    return { rows: records.length, chunks };
  }

  /** Rows in which every value is missing. */
  emptyChunk(rows: number): EncodedChunk {
    return {
      rows,
      strings: this.#missingTexts.slice(0, rows * this.texts),
      numbers: this.#missingNumbers.slice(0, rows * this.numbers),
    };
  }

  #read(record: unknown, place: number, row: Row, faults: FaultList): void {
    if (record instanceof UnreadableRecord) {
      faults.add(place, null, () => record.reason);
      return;
    }
    if (typeof record !== "object" || record === null || Array.isArray(record)) {
      faults.add(place, null, () => `given ${shown(record)}; expected an object of field names to values`);
      return;
    }
    // Own keys only, looked up in a Map: a field called "__proto__" or "constructor" is just an unknown one.
    const plan = this.#planFor(Object.keys(record));
    // All values at once: reading them by name, one by one, takes most of the time that a record needs.
    this.#readValues(plan, Object.values(record), place, row, faults);
  }

  #readValues(
    plan: ReadingPlan,
    values: readonly unknown[],
    place: number,
    row: Row,
    faults: FaultList,
  ): void {
    let refused: Set<string> | undefined;
    for (const { name, position, read } of plan.fields) {
      const fault = read(values[position], row);
      if (fault !== undefined) {
        faults.add(place, name, fault);
        refused = (refused ?? new Set()).add(name);
      }
    }
    for (const name of plan.unknown)
      faults.add(place, name, () => this.unknownField(name) ?? "unknown field");
    for (const { name, isMissing } of this.#required) {
      // A value that was refused wasn't written, but it isn't missing.
      if (!isMissing(row) || refused?.has(name) === true) continue;
      faults.add(place, name, () => "given nothing; expected a value, the model needs it");
    }
  }

  #planFor(names: readonly string[]): ReadingPlan {
    const last = this.#lastPlan.names;
    let isSame = names.length === last.length;
    for (let index = 0; isSame && index < names.length; index += 1) isSame = names[index] === last[index];
    if (isSame) return this.#lastPlan;
    const fields: PlannedField[] = [];
    const unknown: string[] = [];
    names.forEach((name, position) => {
      const read = this.#readers.get(name);
      if (read === undefined) unknown.push(name);
      else if (read !== IGNORE) fields.push({ name, position, read });
    });
    this.#lastPlan = { names, fields, unknown };
    return this.#lastPlan;
  }
}
