import { z } from "zod";
import { Share, WorkloadName } from "./names.ts";

/** A value of a record as JSON or CSV brings it. */
export const RecordValue = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** A row of the source: column name to value. Which columns and values are right is the manifest's to say. */
export const EndpointRecord = z.record(z.string(), RecordValue);
export type EndpointRecord = z.output<typeof EndpointRecord>;

/** Body of `/invocations` as application/json: one record, or many under `records`. */
export const EndpointRequest = z.union([
  z.strictObject({ records: z.array(EndpointRecord).min(1) }),
  EndpointRecord,
]);
export type EndpointRequest = z.output<typeof EndpointRequest>;

/** Which model answered. */
export const AnsweringModel = z.strictObject({
  workload: WorkloadName,
  /** Version in the registry; 0 is the baseline of the first deployment. */
  version: z.int().min(0),
  /** `version` of the artifact's manifest. */
  artifact: z.string(),
});
export type AnsweringModel = z.output<typeof AnsweringModel>;

export const BinaryPrediction = z.strictObject({
  /** Calibrated probability of the task's outcome. */
  probability: Share,
  /** Whether it is at or above the model's threshold. */
  flagged: z.boolean(),
});
export const MulticlassPrediction = z.strictObject({
  /** The most probable class; of equal ones the first in order. */
  class: z.string(),
  /** Calibrated probability of each class. */
  probabilities: z.record(z.string(), Share),
});
export const RegressionPrediction = z.strictObject({
  /** In the task's unit, like the ends of the prediction interval. */
  estimate: z.number(),
  lower: z.number(),
  upper: z.number(),
});
export const Prediction = z.union([BinaryPrediction, MulticlassPrediction, RegressionPrediction]);
export type Prediction = z.output<typeof Prediction>;

/** A state that was looked up to answer. */
export const LookedUp = z.strictObject({
  entity: z.string(),
  key: z.string(),
  /** Day (ISO 8601) or number of the event after which the state holds. */
  asOf: z.union([z.string(), z.number()]),
  /** Days (or units of the time column) from the state to what was asked for. */
  age: z.number(),
});
export type LookedUp = z.output<typeof LookedUp>;

/** Answer as application/json. JSON Lines and CSV carry one prediction a line, with the version in each. */
export const EndpointResponse = z.strictObject({
  predictions: z.array(Prediction),
  /** What the predictions are about. */
  task: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("binary"), outcome: z.string(), threshold: Share }),
    z.strictObject({ kind: z.literal("multiclass"), classes: z.array(z.string()) }),
    z.strictObject({ kind: z.literal("regression"), unit: z.string(), coverage: Share }),
  ]),
  model: AnsweringModel,
  /** Each state once; absent where nothing was looked up. */
  lookedUp: z.array(LookedUp).optional(),
});
export type EndpointResponse = z.output<typeof EndpointResponse>;

/** A 4xx answer: all faults of all records. `record` counts from 0. */
export const EndpointRefusal = z.strictObject({
  error: z.string(),
  faults: z.array(
    z.strictObject({
      record: z.int().min(0).nullable(),
      field: z.string().nullable(),
      message: z.string(),
    }),
  ),
  model: AnsweringModel,
});
export type EndpointRefusal = z.output<typeof EndpointRefusal>;
