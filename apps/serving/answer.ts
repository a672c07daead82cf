import type { AnsweringModel, EndpointResponse, Prediction } from "@perennial/contracts";
import { FORMATS, type MediaType } from "./media-type.ts";

/** Predictions in the form that the caller accepts; whichever it is, it names the model that made them. */
export function renderAnswer(
  probabilities: Float32Array,
  threshold: number,
  model: AnsweringModel,
  mediaType: MediaType,
): string {
  const predictions = Array.from(probabilities, (probability): Prediction => ({
    probability,
    flagged: probability >= threshold,
  }));
  switch (FORMATS[mediaType]) {
    case "json-lines":
      return predictions.map((prediction) => `${JSON.stringify({ ...prediction, model })}\n`).join("");
    case "csv": {
      const { workload, version, artifact } = model;
      const lines = predictions.map(
        ({ probability, flagged }) =>
          `${probability},${String(flagged)},${workload},${version},${artifact}\n`,
      );
      return `probability,flagged,workload,version,artifact\n${lines.join("")}`;
    }
    case "json":
    default:
      return JSON.stringify({ predictions, threshold, model } satisfies EndpointResponse);
  }
}
