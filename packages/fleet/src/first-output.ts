import type { EndpointResponse, Prediction } from "@perennial/contracts";

/** The value that the containers' metrics sum up, too: probability, the first class's one, or the estimate. */
export function firstOutput(prediction: Prediction, task: EndpointResponse["task"]): number {
  if ("probability" in prediction) return prediction.probability;
  if ("estimate" in prediction) return prediction.estimate;
  const [first = ""] = task.kind === "multiclass" ? task.classes : [];
  return prediction.probabilities[first] ?? Number.NaN;
}
