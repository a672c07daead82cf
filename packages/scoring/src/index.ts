export { readArtifactArchive, readArtifactDirectory, type Artifact, type ArtifactFile } from "./artifact.ts";
export { ArtifactFault } from "./artifact-fault.ts";
export { PredictionFault } from "./graph.ts";
export { type CompletedRecord, Lookups, type StateKey, type StateOf } from "./lookups.ts";
export { measureAll, measureMicros } from "./measure.ts";
export { loadArtifact, loadModel, Model } from "./model.ts";
export { countInvalid } from "./prediction-check.ts";
export type { EncodedChunk, EncodedRecords } from "./record-encoder.ts";
export { FaultList, InvalidRecords, MAX_FAULTS, UnreadableRecord, type RecordFault } from "./record-fault.ts";
