import {
  BinaryPrediction,
  EndpointResponse,
  MulticlassPrediction,
  RegressionPrediction,
  type WorkloadSpec,
} from "@perennial/contracts";
import { z } from "zod";
import type { JsonSchema } from "./record-schema.ts";

const PREDICTIONS = {
  binary: BinaryPrediction,
  multiclass: MulticlassPrediction,
  regression: RegressionPrediction,
};

/** Answer to a request for predictions as application/json: the endpoint's, narrowed to the task. */
export function answerSchema({ task: { kind }, title }: Pick<WorkloadSpec, "task" | "title">): JsonSchema {
  const task = EndpointResponse.shape.task.options.find((option) => option.shape.kind.value === kind);
  if (task === undefined) throw new Error(`the endpoint has no answer to a ${kind} task`);
  const answer = z.strictObject({
    ...EndpointResponse.shape,
    predictions: z.array(PREDICTIONS[kind]).min(1),
    task,
  });
  const { $schema: _, ...schema } = z.toJSONSchema(answer, { io: "output" });
  return { title: `${title}: answer`, ...schema };
}
