import type { EncodedRecords, RecordEncoder } from "./record-encoder.ts";
import { FaultList, type RecordFault } from "./record-fault.ts";

/** Rows of a table: raw records, or the values of rows in the order of their columns' names. */
export type Table =
  | { readonly records: readonly unknown[] }
  | { readonly names: readonly string[]; readonly rows: readonly (readonly unknown[])[] };

/** What came of a table, row by row. */
export interface ScoredTable {
  /** Row by row, as many columns as the model's output has; of no meaning for a row that was refused. */
  readonly predictions: Float32Array;
  /** What is wrong with the rows that were refused, by their place. */
  readonly refused: ReadonlyMap<number, readonly RecordFault[]>;
}

/** Where a table's rows go and what makes them fit for the graph. */
export class TableReader {
  readonly #encoder: RecordEncoder;
  readonly #table: Table;

  constructor(encoder: RecordEncoder, table: Table) {
    this.#encoder = encoder;
    this.#table = table;
  }

  get size(): number {
    return "records" in this.#table ? this.#table.records.length : this.#table.rows.length;
  }

  encode(places: readonly number[], faults: FaultList): EncodedRecords {
    const table = this.#table;
    return "records" in table
      ? this.#encoder.encode(
          places.map((place) => table.records[place]),
          faults,
        )
      : this.#encoder.encodeRows(
          table.names,
          places.map((place) => table.rows[place] ?? []),
          faults,
        );
  }

  /** What is wrong with one row; none where it can be scored. */
  faultsOf(place: number): readonly RecordFault[] {
    const faults = new FaultList();
    this.encode([place], faults);
    return faults.listed.map((fault) => ({ ...fault, record: place }));
  }
}
