import { type LookedUp, type ManifestTask, outputNames } from "@perennial/contracts";

/** What was predicted in a file, to be added up over its blocks. */
export interface Tally {
  scored: number;
  /** Sum of the first output: probabilities of the outcome, or estimates. */
  sum: number;
  /** Rows flagged, or rows by their most probable class. */
  decided: Record<string, number>;
}

export const emptyTally = (): Tally => ({ scored: 0, sum: 0, decided: {} });

/** Adds `other` to `tally`. */
export function addTally(tally: Tally, other: Tally): void {
  tally.scored += other.scored;
  tally.sum += other.sum;
  for (const [name, rows] of Object.entries(other.decided))
    tally.decided[name] = (tally.decided[name] ?? 0) + rows;
}

/** Columns that stand behind those of the input: `predicted_probability`, `predicted_flagged`. */
export function appendedColumns(task: ManifestTask): string[] {
  const decision = { binary: ["flagged"], multiclass: ["class"], regression: [] }[task.kind];
  return [...outputNames(task), ...decision].map((name) => `predicted_${name}`);
}

/** Writes predictions behind the records that they are for, and counts what they say. */
export class Appender {
  readonly tally = emptyTally();
  readonly #task: ManifestTask;
  readonly #names: readonly string[];
  readonly #predictions: Float32Array;

  /** @param predictions row by row, as `Model.predictEach` answers. */
  constructor(task: ManifestTask, predictions: Float32Array) {
    this.#task = task;
    this.#names = outputNames(task);
    this.#predictions = predictions;
  }

  /** A row of CSV as it stood, with the predictions as further cells. */
  csv(row: string, place: number): string {
    const cells = [...this.#valuesOf(place)].map(String);
    const decision = this.#decide(place);
    return `${row},${cells.join(",")}${decision === undefined ? "" : `,${decision}`}\n`;
  }

  /** An object of JSON as it stood, with the predictions as one further field. */
  json(line: string, place: number, lookedUp: readonly LookedUp[]): string {
    const object = line.trimEnd().slice(0, -1).trimEnd();
    const comma = object.endsWith("{") ? "" : ",";
    const states = lookedUp.length === 0 ? "" : `,"lookedUp":${JSON.stringify(lookedUp)}`;
    return `${object}${comma}"prediction":${this.#prediction(place)}${states}}\n`;
  }

  #prediction(place: number): string {
    const decision = this.#decide(place);
    const values = [...this.#valuesOf(place)].map(
      (value, column) => `"${this.#names[column] ?? ""}":${value}`,
    );
    if (this.#task.kind === "binary") return `{${values.join(",")},"flagged":${decision ?? "false"}}`;
    if (this.#task.kind === "regression") return `{${values.join(",")}}`;
    return `{"class":${JSON.stringify(decision)},"probabilities":{${values.join(",")}}}`;
  }

  #valuesOf(place: number): Float32Array {
    return this.#predictions.subarray(place * this.#names.length, (place + 1) * this.#names.length);
  }

  /** What follows from a row's values: whether it is flagged, or its most probable class. Each row is asked once. */
  #decide(place: number): string | undefined {
    const values = this.#valuesOf(place);
    const [first = Number.NaN] = values;
    this.tally.scored += 1;
    this.tally.sum += first;
    if (this.#task.kind === "regression") return undefined;
    if (this.#task.kind === "binary") {
      const isFlagged = first >= this.#task.threshold;
      if (isFlagged) this.#count("flagged");
      return String(isFlagged);
    }
    const likeliest = this.#names[values.indexOf(Math.max(...values))] ?? "";
    this.#count(likeliest);
    return likeliest;
  }

  #count(name: string): void {
    this.tally.decided[name] = (this.tally.decided[name] ?? 0) + 1;
  }
}
