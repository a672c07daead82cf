import type { Manifest } from "@perennial/contracts";
import { readArtifactArchive, readArtifactDirectory, type Artifact } from "./artifact.ts";
import { Graph, PredictionFault } from "./graph.ts";
import { Lookups } from "./lookups.ts";
import { predictionCheck, type PredictionCheck } from "./prediction-check.ts";
import { CHUNK_ROWS, RecordEncoder, type EncodedRecords } from "./record-encoder.ts";
import { FaultList, InvalidRecords, type RecordFault } from "./record-fault.ts";
import { type ScoredTable, type Table, TableReader } from "./table.ts";

/** A verified artifact, ready to score raw records. Calls may overlap; none of them sees another one's rows. */
export class Model {
  readonly manifest: Manifest;
  /** What may be looked up for a record that leaves it out. Scoring itself looks nothing up. */
  readonly lookups: Lookups;
  readonly #encoder: RecordEncoder;
  readonly #graph: Graph;
  readonly #check: PredictionCheck;

  private constructor(manifest: Manifest, graph: Graph) {
    this.manifest = manifest;
    this.lookups = new Lookups(manifest);
    this.#encoder = new RecordEncoder(manifest);
    this.#graph = graph;
    this.#check = predictionCheck(manifest.task);
  }

  /** @throws {ArtifactFault} if the graph isn't the one that the manifest describes. */
  static async open({ manifest, files }: Artifact): Promise<Model> {
    return new Model(manifest, await Graph.open(files["model.onnx"], manifest));
  }

  /** Why a record can't have a field of this name, with the name that was probably meant; undefined where it can. */
  unknownField(name: string): string | undefined {
    return this.#encoder.unknownField(name);
  }

  /** What is wrong with the records, the first `MAX_FAULTS`; none if they can be scored. */
  validate(records: readonly unknown[]): readonly RecordFault[] {
    const faults = new FaultList();
    this.#encoder.encode(records, faults);
    return faults.listed;
  }

  /**
   * Checks raw records and lays them out for the graph.
   *
   * @param faults that were found in them before.
   * @throws {InvalidRecords} with the faults of all records.
   */
  encode(records: readonly unknown[], faults = new FaultList()): EncodedRecords {
    const encoded = this.#encoder.encode(records, faults);
    if (faults.total > 0) throw new InvalidRecords(faults);
    return encoded;
  }

  /**
   * Predictions of raw records, as the graph says them: an evaluation wants to see a NaN. They lie row by row, shape
   * [records, columns]; `outputNames` of the manifest's task says what each column is.
   *
   * @throws {InvalidRecords} with the faults of all records; then none is scored.
   * @throws {PredictionFault} if the graph itself fails.
   */
  async score(records: readonly unknown[]): Promise<Float32Array> {
    return this.scoreEncoded(this.encode(records));
  }

  /** Scores what `encode` laid out, chunk by chunk; other work of the process runs between two chunks. */
  async scoreEncoded({ rows, chunks }: EncodedRecords): Promise<Float32Array> {
    const [first] = chunks;
    if (first !== undefined && chunks.length === 1) return this.#graph.run(first);
    const { columns } = this.manifest.output;
    const predictions = new Float32Array(rows * columns);
    let start = 0;
    for (const chunk of chunks) {
      predictions.set(await this.#graph.run(chunk), start);
      start += chunk.rows * columns;
    }
    return predictions;
  }

  /**
   * Like `score`, for answers that someone acts on.
   *
   * @param faults that were found in the records before: with any, none is scored.
   * @throws {InvalidRecords} with the faults of all records.
   * @throws {PredictionFault} also if one of them is nothing that the task allows.
   */
  async predict(records: readonly unknown[], faults?: FaultList): Promise<Float32Array> {
    return this.predictEncoded(this.encode(records, faults));
  }

  /** Predicts what `encode` laid out. @throws {PredictionFault} */
  async predictEncoded(encoded: EncodedRecords): Promise<Float32Array> {
    return this.#checked(await this.scoreEncoded(encoded));
  }

  /**
   * Predicts every row of a table that can be predicted, and says of the others why not: what a job over a file wants,
   * where a request is refused as a whole. A row that the graph fails on, or answers with nothing that the task allows,
   * is refused too.
   */
  async predictEach(table: Table): Promise<ScoredTable> {
    const reader = new TableReader(this.#encoder, table);
    const { columns } = this.manifest.output;
    const predictions = new Float32Array(reader.size * columns);
    const refused = new Map<number, readonly RecordFault[]>();
    for (let start = 0; start < reader.size; start += CHUNK_ROWS) {
      const places = Array.from(
        { length: Math.min(CHUNK_ROWS, reader.size - start) },
        (_, place) => start + place,
      );
      if (await this.#predictPlaces(reader, places, predictions)) continue;
      // Something is wrong with one of them at least; the others still go together.
      const fit = places.filter((place) => {
        const faults = reader.faultsOf(place);
        if (faults.length > 0) refused.set(place, faults);
        return faults.length === 0;
      });
      if (fit.length === 0 || (await this.#predictPlaces(reader, fit, predictions))) continue;
      for (const place of fit) {
        if (await this.#predictPlaces(reader, [place], predictions)) continue;
        refused.set(place, [{ record: place, field: null, message: "the model fails on this record" }]);
      }
    }
    return { predictions, refused };
  }

  /** Whether these rows could be predicted together; then their predictions are in their places. */
  async #predictPlaces(
    reader: TableReader,
    places: readonly number[],
    predictions: Float32Array,
  ): Promise<boolean> {
    const faults = new FaultList();
    const encoded = reader.encode(places, faults);
    if (faults.total > 0) return false;
    let answers: Float32Array;
    try {
      answers = await this.predictEncoded(encoded);
    } catch (error) {
      if (error instanceof PredictionFault) return false;
      throw error;
    }
    const { columns } = this.manifest.output;
    places.forEach((place, row) => {
      predictions.set(answers.subarray(row * columns, (row + 1) * columns), place * columns);
    });
    return true;
  }

  /**
   * Asks the graph about a row that holds nothing, the plainest one there is: whether it answers at all.
   *
   * @throws {PredictionFault} if it doesn't.
   */
  async probe(): Promise<void> {
    this.#checked(await this.#graph.run(this.#encoder.emptyChunk(1)));
  }

  /** Frees the graph's memory; the model is of no use after it. */
  async close(): Promise<void> {
    await this.#graph.close();
  }

  #checked(predictions: Float32Array): Float32Array {
    const { columns } = this.manifest.output;
    for (let start = 0; start < predictions.length; start += columns) {
      const wrong = this.#check(predictions, start);
      if (wrong !== undefined) {
        throw new PredictionFault(`${wrong.found} for record ${start / columns}`, wrong.expected);
      }
    }
    return predictions;
  }
}

/** Opens the artifact that lies unpacked in `directory`, such as `/opt/ml/model`. @throws {ArtifactFault} */
export async function loadModel(directory: string): Promise<Model> {
  return Model.open(await readArtifactDirectory(directory));
}

/** Opens a `model.tar.gz` held in memory. @throws {ArtifactFault} */
export async function loadArtifact(archive: Uint8Array): Promise<Model> {
  return Model.open(await readArtifactArchive(archive));
}
