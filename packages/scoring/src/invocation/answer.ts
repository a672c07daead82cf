import {
  type AnsweringModel,
  type EndpointResponse,
  type LookedUp,
  type ManifestTask,
  outputNames,
  type Prediction,
} from "@perennial/contracts";
import { FORMATS, type MediaType } from "./media-type.ts";

export interface Answer {
  readonly task: ManifestTask;
  readonly model: AnsweringModel;
  /** Row by row, a value for each of the task's outputs. */
  readonly predictions: Float32Array;
  /** Per record, the states that were looked up for it; none where all records brought their fields along. */
  readonly lookedUp: readonly (readonly LookedUp[])[];
}

/** Predictions in the form that the caller accepts; whichever it is, it names the model that made them. */
export function renderAnswer(answer: Answer, mediaType: MediaType): string {
  switch (FORMATS[mediaType]) {
    case "json-lines":
      return jsonLinesOf(answer);
    case "csv":
      return csvOf(answer);
    case "json":
    default:
      return JSON.stringify(responseOf(answer));
  }
}

function responseOf({ task, model, predictions, lookedUp }: Answer): EndpointResponse {
  const states = eachOnce(lookedUp.flat());
  return {
    predictions: rowsOf(task, predictions),
    task: describe(task),
    model,
    ...(states.length === 0 ? {} : { lookedUp: states }),
  };
}

function jsonLinesOf({ task, model, predictions, lookedUp }: Answer): string {
  const lines = rowsOf(task, predictions).map((prediction, record) => {
    const states = lookedUp[record] ?? [];
    return JSON.stringify({ ...prediction, model, ...(states.length === 0 ? {} : { lookedUp: states }) });
  });
  return `${lines.join("\n")}\n`;
}

function csvOf({ task, model: { workload, version, artifact }, predictions }: Answer): string {
  const names = outputNames(task);
  const decided = { binary: ["flagged"], multiclass: ["class"], regression: [] }[task.kind];
  const lines = rowsOf(task, predictions).map((prediction, record) => {
    const values = predictions.subarray(record * names.length, (record + 1) * names.length);
    const decision =
      "flagged" in prediction ? [prediction.flagged] : "class" in prediction ? [prediction.class] : [];
    return [...values, ...decision, workload, version, artifact].map(String).join(",");
  });
  return `${[[...names, ...decided, "workload", "version", "artifact"].join(","), ...lines].join("\n")}\n`;
}

function rowsOf(task: ManifestTask, predictions: Float32Array): Prediction[] {
  const names = outputNames(task);
  return Array.from({ length: predictions.length / names.length }, (_, record) =>
    rowOf(task, names, predictions, record * names.length),
  );
}

function rowOf(
  task: ManifestTask,
  names: readonly string[],
  predictions: Float32Array,
  start: number,
): Prediction {
  const valueAt = (column: number) => predictions[start + column] ?? Number.NaN;
  switch (task.kind) {
    case "binary":
      return { probability: valueAt(0), flagged: valueAt(0) >= task.threshold };
    case "regression":
      return { estimate: valueAt(0), lower: valueAt(1), upper: valueAt(2) };
    case "multiclass": {
      let likeliest = 0;
      for (let column = 1; column < names.length; column += 1) {
        if (valueAt(column) > valueAt(likeliest)) likeliest = column;
      }
      return {
        class: names[likeliest] ?? "",
        probabilities: Object.fromEntries(names.map((name, column) => [name, valueAt(column)])),
      };
    }
  }
}

/** What the predictions are about, without what the training part was like. */
function describe(task: ManifestTask): EndpointResponse["task"] {
  switch (task.kind) {
    case "binary":
      return { kind: task.kind, outcome: task.outcome, threshold: task.threshold };
    case "multiclass":
      return { kind: task.kind, classes: outputNames(task) };
    case "regression":
      return { kind: task.kind, unit: task.unit, coverage: task.coverage };
  }
}

/** Each state once, with the greatest age that it was asked at. */
function eachOnce(lookedUp: readonly LookedUp[]): LookedUp[] {
  const states = new Map<string, LookedUp>();
  for (const state of lookedUp) {
    const name = JSON.stringify([state.entity, state.key]);
    const known = states.get(name);
    if (known === undefined || known.age < state.age) states.set(name, state);
  }
  return [...states.values()];
}
