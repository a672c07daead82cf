/** What a request to a model says and how it is answered, whatever carries it: HTTP to a container, an event to a function. */
export { type Answer, renderAnswer } from "./answer.ts";
export { type Failure, type FailureReason, failureOf } from "./failure.ts";
export { acceptedType, contentTypeOf, type MediaType } from "./media-type.ts";
export { type PredictedRecords, predictRecords, type States } from "./predict-records.ts";
export { Refusal } from "./refusal.ts";
export { type BodyLimits, readRecords } from "./request-body.ts";
export { evenRanks, type MeasuredRequest, VersionMetrics } from "./version-metrics.ts";
