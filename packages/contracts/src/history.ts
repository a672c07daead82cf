import { z } from "zod";
import { ExecutionName, Instant, S3Uri, Sha256, WorkloadName } from "./names.ts";
import { Cause } from "./trigger.ts";
import { VerdictStatus } from "./verdict.ts";

const told = {
  workload: WorkloadName,
  execution: ExecutionName,
  /** Null where an execution ended before its input could be read. */
  cause: Cause.nullable(),
  startedAt: Instant,
  endedAt: Instant,
  /** One sentence for a person. */
  summary: z.string().max(2000),
};
const common = { ...told, executionArn: z.string() };

/** How an execution can end without an answer. */
export const Interruption = z.enum(["failed", "timed-out", "aborted"]);

/** One line of the append-only history: how an execution ended, or what a person decided. */
export const HistoryEntry = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("retraining"),
    ...common,
    /** `data-refused`: the data gate let nothing be trained. */
    outcome: z.union([VerdictStatus, z.literal("data-refused"), Interruption]),
    /** The stage that failed, null where none did. */
    stage: z.string().nullable(),
    version: z.int().positive().nullable(),
    approvalStatus: z.string().nullable(),
    verdictUri: S3Uri.nullable(),
    /** Snapshot of the data; null where none was accepted. */
    snapshotSha256: Sha256.nullable(),
    gateUri: S3Uri.nullable(),
    cardUri: S3Uri.nullable(),
    /** Job that the artifact comes from. */
    trainingJob: z.string().nullable(),
  }),
  z.strictObject({
    kind: z.literal("rollout"),
    ...common,
    /**
     * `kept`: the champion stays, since the endpoint came back with another configuration than the one asked for, or since
     * a trial of the two didn't speak for the challenger.
     * `rolled-back`: the model was in service, wasn't verified there, and the one before it was put back.
     */
    outcome: z.union([z.enum(["in-service", "kept", "rolled-back"]), Interruption]),
    stage: z.string().nullable(),
    from: z.int().min(0).nullable(),
    to: z.int().min(0).nullable(),
  }),
  z.strictObject({
    /** A freeze, or its end. `execution` is the name that one would have which the request had started. */
    kind: z.literal("freeze"),
    ...told,
    outcome: z.enum(["frozen", "unfrozen"]),
    stage: z.null(),
  }),
]);
export type HistoryEntry = z.output<typeof HistoryEntry>;

/**
 * What is live: one item a workload, written by the rollout alone. Absent until the first rollout: then the baseline that
 * the program created is live.
 */
export const Pointer = z.strictObject({
  workload: WorkloadName,
  version: z.int().positive(),
  modelPackageArn: z.string(),
  modelDataUrl: S3Uri,
  artifactSha256: z.string(),
  modelName: z.string(),
  /** Configuration that the endpoint runs with; of a workload that a function answers, the number of the published version. */
  endpointConfigName: z.string(),
  movedAt: Instant,
  execution: ExecutionName,
  /** Fencing token under which it was written; a smaller one is refused. */
  token: z.int().positive(),
  /** What was live before; its model and configuration are kept until the next rollout. Version 0: the program's baseline. */
  previous: z.strictObject({
    version: z.int().min(0),
    modelName: z.string(),
    endpointConfigName: z.string(),
  }),
});
export type Pointer = z.output<typeof Pointer>;
