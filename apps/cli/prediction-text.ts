import type { EndpointResponse, Prediction } from "@perennial/contracts";
import { table } from "./output/layout.ts";
import { modelName } from "./output/phrases.ts";
import type { Paint, Terminal } from "./output/terminal.ts";

/** Predictions as a table, the states that were looked up for them, and the model that made them. */
export function predictionLines(
  { predictions, task, model, lookedUp = [] }: EndpointResponse,
  { width, paint }: Pick<Terminal, "width" | "paint">,
): string[] {
  const head = ["record", ...titlesOf(task)].map((title) => paint("dim", title));
  const rows = predictions.map((prediction, index) => [
    String(index + 1),
    ...cellsOf(prediction, task, paint),
  ]);
  const states = lookedUp.map(({ entity, key, asOf, age }) => {
    const unit = typeof asOf === "number" ? "" : age === 1 ? " day" : " days";
    return [`${entity} of ${key}`, `as of ${asOf}, ${age}${unit} before`];
  });
  return [
    ...table([head, ...rows], width),
    ...(states.length === 0 ? [] : ["", ...table(states, width)]),
    "",
    `${model.workload}, ${modelName(model.version)} (artifact ${model.artifact}); ${meaningOf(task)}`,
  ];
}

function titlesOf(task: EndpointResponse["task"]): string[] {
  switch (task.kind) {
    case "binary":
      return ["probability", ""];
    case "multiclass":
      return ["likeliest", ...task.classes];
    case "regression":
      return ["estimate", "from", "to"];
  }
}

function cellsOf(prediction: Prediction, task: EndpointResponse["task"], paint: Paint): string[] {
  if ("probability" in prediction) {
    return [prediction.probability.toFixed(4), prediction.flagged ? paint("yellow", "flagged") : ""];
  }
  if ("estimate" in prediction) {
    return [prediction.estimate, prediction.lower, prediction.upper].map((value) => value.toFixed(2));
  }
  const classes = task.kind === "multiclass" ? task.classes : [];
  const shares = classes.map((name) => (prediction.probabilities[name] ?? Number.NaN).toFixed(4));
  return [paint("bold", prediction.class), ...shares];
}

/** What the figures are, in the words of the task. */
function meaningOf(task: EndpointResponse["task"]): string {
  switch (task.kind) {
    case "binary":
      return `probability of "${task.outcome}", flagged from ${task.threshold.toFixed(4)}`;
    case "multiclass":
      return `probabilities of ${task.classes.join(", ")}`;
    case "regression":
      return `in ${task.unit}, in an interval that is to hold ${Math.round(task.coverage * 100)} % of outcomes`;
  }
}
