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

export const Prediction = z.strictObject({
  /** Calibrated probability of the task's outcome. */
  probability: Share,
  /** Whether it is at or above the model's threshold. */
  flagged: z.boolean(),
});
export type Prediction = z.output<typeof Prediction>;

/** Answer as application/json. JSON Lines and CSV carry one prediction a line, with the version in each. */
export const EndpointResponse = z.strictObject({
  predictions: z.array(Prediction),
  threshold: Share,
  model: AnsweringModel,
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
