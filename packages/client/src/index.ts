export type {
  Answer,
  AnsweredTask,
  AnsweringModel,
  Answers,
  BinaryPrediction,
  LookedUp,
  MulticlassPrediction,
  PartialAnswer,
  PredictionOf,
  RecordOf,
  RegressionPrediction,
  WorkloadName,
} from "./answer.ts";
export { createClient, type Client, type ClientOptions, type PredictOptions } from "./client.ts";
export {
  InvalidRecords,
  PredictionError,
  Refused,
  ServiceFault,
  TimedOut,
  Unauthorized,
  Unavailable,
  type FailedCall,
  type RecordFault,
} from "./errors.ts";
export { http, type HttpOptions, type SignableRequest } from "./http.ts";
export type { Surroundings } from "./surroundings.ts";
export type { PredictRequest, Reply, Transport } from "./transport.ts";
