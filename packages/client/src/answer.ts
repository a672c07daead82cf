import type { Workloads } from "./generated/workloads.ts";

export type WorkloadName = keyof Workloads;

/** What a workload is asked with: its fields, with their types and levels. */
export type RecordOf<Name extends WorkloadName> = Workloads[Name]["record"];

export interface BinaryPrediction {
  /** Calibrated probability of the task's outcome. */
  probability: number;
  /** Whether it is at or above the model's threshold. */
  flagged: boolean;
}

export interface MulticlassPrediction<Class extends string> {
  /** The most probable class; of equal ones the first in order. */
  class: Class;
  /** Calibrated probability of each class. */
  probabilities: Record<Class, number>;
}

export interface RegressionPrediction {
  /** In the task's unit, like the ends of the prediction interval. */
  estimate: number;
  lower: number;
  upper: number;
}

type TaskOf<Name extends WorkloadName> = Workloads[Name]["task"];

/** What a workload answers a record with. */
export type PredictionOf<Name extends WorkloadName> =
  TaskOf<Name> extends { classes: readonly (infer Class extends string)[] }
    ? MulticlassPrediction<Class>
    : TaskOf<Name> extends { unit: string }
      ? RegressionPrediction
      : BinaryPrediction;

/** What the predictions are about. */
export type AnsweredTask<Name extends WorkloadName> =
  TaskOf<Name> extends { classes: infer Classes }
    ? { kind: "multiclass"; classes: Classes }
    : TaskOf<Name> extends { unit: infer Unit }
      ? { kind: "regression"; unit: Unit; coverage: number }
      : { kind: "binary"; outcome: string; threshold: number };

/** Which model answered. */
export interface AnsweringModel {
  workload: string;
  /** Version in the registry; 0 is the baseline of the first deployment. */
  version: number;
  /** Version of the artifact, which derives from what it was made of. */
  artifact: string;
}

/** A state that was looked up to answer, such as a team's form. */
export interface LookedUp {
  entity: string;
  key: string;
  /** Day (ISO 8601) or number of the event after which the state holds. */
  asOf: string | number;
  /** Days (or units of the time column) from the state to what was asked for. */
  age: number;
}

interface Answered<Name extends WorkloadName> {
  task: AnsweredTask<Name>;
  model: AnsweringModel;
  /** Each state once; none where nothing was looked up. */
  lookedUp: LookedUp[];
  /** By which the request is found in logs and in the capture, and later joined with its outcome. */
  inferenceId: string;
}

/** The answer to one record. */
export interface Answer<Name extends WorkloadName> extends Answered<Name> {
  prediction: PredictionOf<Name>;
}

/** The answer to one of the requests that many records were sent in. */
export interface PartialAnswer<Name extends WorkloadName> extends Answered<Name> {
  /** Place of its first record among those that were given, from 0. */
  from: number;
  predictions: PredictionOf<Name>[];
}

/** The answer to many records. */
export interface Answers<Name extends WorkloadName> {
  /** In the order of the records. */
  predictions: PredictionOf<Name>[];
  /** One for each request, in the order of the records. While a rollout moves traffic, they may come from different models. */
  parts: PartialAnswer<Name>[];
}
