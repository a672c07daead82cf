import type { Model } from "./model.ts";
import { CHUNK_ROWS, type EncodedRecords } from "./record-encoder.ts";
import type { FaultList } from "./record-fault.ts";

interface Waiting {
  readonly encoded: EncodedRecords;
  readonly resolve: (predictions: Float32Array) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Predicts for callers that overlap: records that come while the graph is running go through it together when it is done.
 * A run costs as much as three rows do, so that under load most of it is saved; a caller who is alone waits for nobody.
 * What each is told is what `Model.predict` would have told it: one caller's fault is never another one's.
 */
export class JointPredictor {
  readonly #model: Model;
  #waiting: Waiting[] = [];
  #isRunning = false;

  constructor(model: Model) {
    this.#model = model;
  }

  /** As `Model.predict`. @throws {InvalidRecords} @throws {PredictionFault} */
  async predict(records: readonly unknown[], faults?: FaultList): Promise<Float32Array> {
    const encoded = this.#model.encode(records, faults);
    // More than one chunk fills runs of its own.
    if (encoded.chunks.length !== 1) return this.#model.predictEncoded(encoded);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ encoded, resolve, reject });
      if (!this.#isRunning) void this.#run();
    });
  }

  /** Runs until nobody waits. It tells failures to those that they are about, and has none of its own. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      const together = this.#next();
      if (together.length === 1 || !(await this.#predictTogether(together))) {
        for (const one of together) await this.#predictAlone(one);
      }
    }
    this.#isRunning = false;
  }

  /** Takes from those that wait as many as one run has rows for, in their order. */
  #next(): Waiting[] {
    let rows = 0;
    let count = 0;
    for (const { encoded } of this.#waiting) {
      rows += encoded.rows;
      if (count > 0 && rows > CHUNK_ROWS) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #predictAlone({ encoded, resolve, reject }: Waiting): Promise<void> {
    await this.#model.predictEncoded(encoded).then(resolve, reject);
  }

  /** False where the graph failed on one of them at least: nobody was told anything then, and each has to be asked about. */
  async #predictTogether(together: readonly Waiting[]): Promise<boolean> {
    let predictions: Float32Array;
    try {
      predictions = await this.#model.predictEncoded(joined(together.map(({ encoded }) => encoded)));
    } catch {
      return false;
    }
    const { columns } = this.#model.manifest.output;
    let start = 0;
    for (const { encoded, resolve } of together) {
      const end = start + encoded.rows * columns;
      resolve(predictions.subarray(start, end));
      start = end;
    }
    return true;
  }
}

/** Rows of several, in one chunk. */
function joined(parts: readonly EncodedRecords[]): EncodedRecords {
  const chunks = parts.flatMap((part) => part.chunks);
  const rows = chunks.reduce((sum, chunk) => sum + chunk.rows, 0);
  const strings = chunks.flatMap((chunk) => chunk.strings);
  const numbers = new Float32Array(chunks.reduce((sum, chunk) => sum + chunk.numbers.length, 0));
  let place = 0;
  for (const chunk of chunks) {
    numbers.set(chunk.numbers, place);
    place += chunk.numbers.length;
  }
  return { rows, chunks: [{ rows, strings, numbers }] };
}
