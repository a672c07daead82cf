import type { AnsweringModel, LookedUp } from "./answer.ts";
import type { RecordFault } from "./errors.ts";

/** The body of an answer, with predictions and task as far as they could be checked without knowing the workload. */
export interface AnswerBody {
  predictions: unknown[];
  task: { kind: string };
  model: AnsweringModel;
  lookedUp: LookedUp[];
}

/** Field that tells a task's predictions from those of the others. */
const MARK: Record<string, string> = {
  binary: "probability",
  multiclass: "probabilities",
  regression: "estimate",
};

/** Body of a reply as it came: JSON, or else the text. */
export function readBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The answer that `body` is, or what it isn't, in words. */
export function readAnswer(body: unknown, expected: { kind: string; records: number }): AnswerBody | string {
  if (!isObject(body)) return "given no JSON object; expected predictions, task and model";
  const { predictions, task, model, lookedUp = [] } = body;
  if (!Array.isArray(predictions) || !isObject(task) || !isObject(model) || !Array.isArray(lookedUp)) {
    return `given ${Object.keys(body).join(", ") || "nothing"}; expected predictions, task and model`;
  }
  if (task.kind !== expected.kind) {
    return `given predictions of the kind ${String(task.kind)}; expected ${expected.kind}: is this client older or newer than what it asks?`;
  }
  if (predictions.length !== expected.records) {
    return `given ${predictions.length} predictions; expected ${expected.records}, one for each record`;
  }
  const mark = MARK[expected.kind] ?? "";
  if (!predictions.every((prediction) => isObject(prediction) && mark in prediction)) {
    return `given a prediction without ${mark}; expected it in each`;
  }
  if (typeof model.version !== "number") return "given no version of a model; expected the one that answered";
  return { predictions, task, model, lookedUp } as unknown as AnswerBody;
}

/** Faults of records that a refusal lists, counted from the first record of its request. */
export function readFaults(body: unknown): RecordFault[] {
  if (!isObject(body) || !Array.isArray(body.faults)) return [];
  return body.faults.filter(isObject).map(({ record, field, message }) => ({
    record: typeof record === "number" ? record : null,
    field: typeof field === "string" ? field : null,
    message: String(message),
  }));
}

const LONGEST_DETAIL = 300;

/** What a refusal says: of problem+json, of the endpoint itself, of a gateway before it, or as text. */
export function readDetail(body: unknown): string {
  const said = isObject(body)
    ? [body.detail, body.error, body.message, body.Message, body.title].find(
        (text) => typeof text === "string" && text !== "",
      )
    : body;
  const text = typeof said === "string" && said.trim() !== "" ? said.trim() : "no reason given";
  return text.length > LONGEST_DETAIL ? `${text.slice(0, LONGEST_DETAIL)}…` : text;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
