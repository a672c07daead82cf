export type { ModelVersion, RegisteredModel, Run } from "./answers.ts";
export { PACKAGE_TAG, RegisteredModels } from "./registered-models.ts";
export { readRunRecord, type RunRecord } from "./run-record.ts";
export { type Ending, type Measurement, type Notes, Runs, type StoreObject } from "./runs.ts";
export { appSigner, appUrl, type Signer, unsigned } from "./signing.ts";
export { TrackingAway, TrackingRefused } from "./tracking-fault.ts";
export { Transport, type TransportOptions } from "./transport.ts";
