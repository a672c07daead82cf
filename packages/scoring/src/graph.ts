import type { Manifest } from "@perennial/contracts";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { ArtifactFault, reasonOf } from "./artifact-fault.ts";
import type { EncodedChunk } from "./record-encoder.ts";

const GRAPH_FILE = "model.onnx";

/** The graph failed on rows that keep the manifest, or answered with something that the task doesn't allow. */
export class PredictionFault extends Error {
  constructor(found: string, expected: string, options?: ErrorOptions) {
    super(`${GRAPH_FILE} answered with ${found}; expected ${expected}`, options);
    this.name = "PredictionFault";
  }
}

/** An ONNX graph in one session; rows go in as tensors, predictions come out. */
export class Graph {
  readonly #session: InferenceSession;
  readonly #texts: number;
  readonly #numbers: number;
  readonly #output: Manifest["output"];

  private constructor(session: InferenceSession, texts: number, numbers: number, output: Manifest["output"]) {
    this.#session = session;
    this.#texts = texts;
    this.#numbers = numbers;
    this.#output = output;
  }

  /** @throws {ArtifactFault} if onnxruntime can't read the graph or its inputs and output aren't the manifest's. */
  static async open(bytes: Buffer, { inputs, output }: Manifest): Promise<Graph> {
    const texts = inputs.filter(({ type }) => type === "category" || type === "code").length;
    const numbers = inputs.length - texts;
    let session: InferenceSession;
    try {
      session = await InferenceSession.create(bytes, {
        executionProviders: ["cpu"],
        // Rows are few and small: a second thread costs more than it brings, and instances run several requests anyway.
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        executionMode: "sequential",
        // 4 is "fatal". What a run fails with is thrown; written to stderr as well, it would bring values into the log.
        logSeverityLevel: 4,
      });
    } catch (error) {
      throw new ArtifactFault(
        { file: GRAPH_FILE, expected: "an ONNX graph that onnxruntime can run", found: reasonOf(error) },
        { cause: error },
      );
    }
    const expected = [
      ...(texts > 0 ? [`strings: string [rows, ${texts}]`] : []),
      ...(numbers > 0 ? [`numbers: float32 [rows, ${numbers}]`] : []),
    ];
    same("inputs", session.inputMetadata, expected);
    const answer = session.outputMetadata.filter(({ name }) => name === output.name);
    same("output", answer, [`${output.name}: float32 [rows, ${output.columns}]`]);
    return new Graph(session, texts, numbers, output);
  }

  /**
   * Predictions of one chunk, row by row, shape [rows, columns]. They are what the graph says, NaN included.
   *
   * @throws {PredictionFault} if the graph fails or answers with another shape.
   */
  async run({ rows, strings, numbers }: EncodedChunk): Promise<Float32Array> {
    const feeds: Record<string, Tensor> = {};
    if (this.#texts > 0) feeds["strings"] = new Tensor("string", strings, [rows, this.#texts]);
    if (this.#numbers > 0) feeds["numbers"] = new Tensor("float32", numbers, [rows, this.#numbers]);
    const { name, columns } = this.#output;
    let answers: InferenceSession.OnnxValueMapType;
    try {
      answers = await this.#session.run(feeds, [name]);
    } catch (error) {
      // onnxruntime quotes values in its messages; the cause keeps them, the message must not.
      throw new PredictionFault("an error", `${rows} predictions`, { cause: error });
    }
    const answer = answers[name];
    const predictions = answer instanceof Tensor ? answer.data : undefined;
    if (!(predictions instanceof Float32Array) || predictions.length !== rows * columns) {
      throw new PredictionFault(
        `${String(predictions?.length)} values`,
        `${rows} predictions of ${columns} float32 each`,
      );
    }
    return predictions;
  }

  /** Frees the session's memory; the graph is of no use after it. */
  async close(): Promise<void> {
    await this.#session.release();
  }
}

function same(side: string, metadata: readonly InferenceSession.ValueMetadata[], expected: string[]): void {
  const found = metadata.map((value) =>
    value.isTensor
      ? `${value.name}: ${value.type} [${value.shape.map((size, axis) => (axis === 0 ? "rows" : size)).join(", ")}]`
      : `${value.name}: no tensor`,
  );
  const [wanted, given] = [expected, found].map((list) => list.toSorted().join(" and ") || "none");
  if (wanted !== given) {
    throw new ArtifactFault({
      file: GRAPH_FILE,
      expected: `${side} ${wanted}, as the manifest says`,
      found: `${given}`,
    });
  }
}
