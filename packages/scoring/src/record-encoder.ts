import type { Manifest } from "@perennial/contracts";
import {
  exclusionReader,
  fieldReader,
  missingMarkersOf,
  type FieldReader,
  type Row,
} from "./field-reader.ts";
import { shown, type FaultList } from "./record-fault.ts";
import { suggestion } from "./suggestion.ts";

/** Rows that go through the graph at once; onnxruntime scores 64 in one thread about a quarter faster than 1,000. */
export const CHUNK_ROWS = 64;

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
  // Records of one request nearly always have the same fields in the same order: readers found once serve the next one.
  #lastNames: readonly string[] = [];
  #lastReaders: readonly (FieldReader | undefined)[] = [];

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
    const chunks: EncodedChunk[] = [];
    for (let start = 0; start < records.length; start += CHUNK_ROWS) {
      const rows = Math.min(CHUNK_ROWS, records.length - start);
      const chunk = this.emptyChunk(rows);
      const row: Row = { ...chunk, stringsAt: 0, numbersAt: 0 };
      for (let place = 0; place < rows; place += 1) {
        row.stringsAt = place * this.texts;
        row.numbersAt = place * this.numbers;
        this.#read(records[start + place], start + place, row, faults);
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
    if (typeof record !== "object" || record === null || Array.isArray(record)) {
      faults.add(place, null, () => `given ${shown(record)}; expected an object of field names to values`);
      return;
    }
    let refused: Set<string> | undefined;
    // Own keys only, looked up in a Map: a field called "__proto__" or "constructor" is just an unknown one.
    const names = Object.keys(record);
    const readers = this.#readersFor(names);
    for (let index = 0; index < names.length; index += 1) {
      const name = names[index] ?? "";
      const read = readers[index];
      if (read === undefined) {
        faults.add(place, name, () => this.unknownField(name) ?? "unknown field");
        continue;
      }
      const fault = read((record as Record<string, unknown>)[name], row);
      if (fault !== undefined) {
        faults.add(place, name, fault);
        refused = (refused ?? new Set()).add(name);
      }
    }
    for (const { name, isMissing } of this.#required) {
      // A value that was refused wasn't written, but it isn't missing.
      if (!isMissing(row) || refused?.has(name) === true) continue;
      faults.add(place, name, () => "given nothing; expected a value, the model needs it");
    }
  }

  #readersFor(names: readonly string[]): readonly (FieldReader | undefined)[] {
    const last = this.#lastNames;
    let isSame = names.length === last.length;
    for (let index = 0; isSame && index < names.length; index += 1) isSame = names[index] === last[index];
    if (!isSame) {
      this.#lastNames = names;
      this.#lastReaders = names.map((name) => this.#readers.get(name));
    }
    return this.#lastReaders;
  }
}
