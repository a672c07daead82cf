import { AnsweringModel, EndpointResponse, Prediction, PROBE_PREFIX, type Task } from "@perennial/contracts";
import { z } from "zod";

/** A line of SageMaker's data capture, as far as it is read here. */
const CapturedLine = z.object({
  captureData: z.object({
    endpointOutput: z.object({
      observedContentType: z.string(),
      data: z.string(),
      encoding: z.enum(["CSV", "JSON", "BASE64"]),
    }),
  }),
  eventMetadata: z.object({
    inferenceId: z.string().optional(),
    inferenceTime: z.iso.datetime({ offset: true }),
  }),
});

const LineAnswer = z.intersection(z.object({ model: AnsweringModel }), z.looseObject({}));

/** One answer of a model to a caller. */
export interface CapturedAnswer {
  /** Null where the caller gave none. */
  inferenceId: string | null;
  /** Milliseconds since 1970, in whole seconds. */
  at: number;
  /** Version that answered. */
  version: number;
  /** Record by record, the task's outputs in their order; of a probability also whether it is flagged, 1 or 0. */
  predictions: number[][];
}

/**
 * Reads a captured line.
 *
 * @returns null for a probe of the platform's own.
 * @throws for what is no captured answer of a model for this task.
 */
export function readAnswer(line: string, task: Task): CapturedAnswer | null {
  const { captureData, eventMetadata } = CapturedLine.parse(JSON.parse(line));
  const { inferenceId = null, inferenceTime } = eventMetadata;
  if (inferenceId?.startsWith(PROBE_PREFIX) === true) return null;
  const { data, encoding, observedContentType } = captureData.endpointOutput;
  const text = encoding === "BASE64" ? Buffer.from(data, "base64").toString("utf8") : data;
  const { version, predictions } = readBody(text, observedContentType.split(";")[0]?.trim() ?? "");
  return {
    inferenceId,
    at: Date.parse(inferenceTime),
    version,
    predictions: predictions.map((prediction) => outputsOf(prediction, task)),
  };
}

/** What the container answers with (packages/scoring/src/invocation/answer.ts), in any of its forms. */
function readBody(text: string, contentType: string): { version: number; predictions: Prediction[] } {
  switch (contentType) {
    case "application/json": {
      const { model, predictions } = EndpointResponse.parse(JSON.parse(text));
      return { version: model.version, predictions };
    }
    case "application/jsonlines": {
      const answers = linesOf(text).map((line) => LineAnswer.parse(JSON.parse(line)));
      return withVersion(
        answers.map(({ model, lookedUp: _lookedUp, ...prediction }) => [
          model.version,
          Prediction.parse(prediction),
        ]),
      );
    }
    case "text/csv": {
      const [header = "", ...lines] = linesOf(text);
      return withVersion(lines.map((line) => readRow(header.split(","), line.split(","))));
    }
    default:
      throw new TypeError(`an answer of the type ${contentType}`);
  }
}

function withVersion(answers: [version: number, Prediction][]): {
  version: number;
  predictions: Prediction[];
} {
  const [first] = answers;
  if (first === undefined) throw new TypeError("an answer without a prediction");
  return { version: first[0], predictions: answers.map(([, prediction]) => prediction) };
}

/** Columns of an answer as CSV that are no output of the model. */
const ABOUT = new Set(["flagged", "class", "workload", "version", "artifact"]);

function readRow(names: readonly string[], values: readonly string[]): [version: number, Prediction] {
  const row = Object.fromEntries(names.map((name, column) => [name, values[column] ?? ""]));
  const outputs = Object.fromEntries(
    names.filter((name) => !ABOUT.has(name)).map((name) => [name, Number(row[name])]),
  );
  const prediction = {
    ...("class" in row ? { class: row["class"], probabilities: outputs } : outputs),
    ...("flagged" in row ? { flagged: row["flagged"] === "true" } : {}),
  };
  return [AnsweringModel.shape.version.parse(Number(row["version"])), Prediction.parse(prediction)];
}

function outputsOf(prediction: Prediction, task: Task): number[] {
  if (task.kind === "binary" && "probability" in prediction) {
    return [prediction.probability, prediction.flagged ? 1 : 0];
  }
  if (task.kind === "regression" && "estimate" in prediction) {
    return [prediction.estimate, prediction.lower, prediction.upper];
  }
  if (task.kind === "multiclass" && "probabilities" in prediction) {
    return task.classes.map(({ name }) => {
      const probability = prediction.probabilities[name];
      if (probability === undefined) throw new TypeError(`an answer without the class ${name}`);
      return probability;
    });
  }
  throw new TypeError(`an answer that is none to a ${task.kind} task`);
}

const linesOf = (text: string): string[] => text.split("\n").filter((line) => line.trim() !== "");
