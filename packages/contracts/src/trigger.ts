import { z } from "zod";
import { ExecutionName, Instant, S3Uri, Sha256, StackName, WorkloadName } from "./names.ts";

/** Source of every event that the platform sends to its own bus. */
export const EVENT_SOURCE = "perennial";
export const RETRAINING_REQUESTED = "Retraining Requested";
export const ROLLOUT_REQUESTED = "Rollout Requested";
export const FREEZE_REQUESTED = "Freeze Requested";

/** What a retraining may be asked beyond its defaults. */
const wishes = {
  /** Whether to search for better hyperparameters; absent: as the spec says. */
  search: z.boolean().optional(),
  /** Snapshot to train from, by its hash; absent: the files that are in the lake now. */
  snapshot: Sha256.optional(),
};

/** Detail of a "Retraining Requested" event: the manual trigger. */
export const RetrainingRequested = z.strictObject({
  /** Stacks of one account and region share its bus: only the one that is named listens. */
  stack: StackName,
  workload: WorkloadName,
  reason: z.string().min(1).max(500),
  requestedBy: z.string().min(1).max(200),
  ...wishes,
});
export type RetrainingRequested = z.output<typeof RetrainingRequested>;

/** Detail of a "Rollout Requested" event: rollback, promotion, or a changed serving image. */
export const RolloutRequested = z.strictObject({
  /** As in a request for a retraining. */
  stack: StackName,
  workload: WorkloadName,
  kind: z.enum(["rollback", "promote", "image"]),
  /** Version in the model package group; absent for a changed image, which keeps the version that is live. */
  version: z.int().positive().optional(),
  reason: z.string().min(1).max(500),
  requestedBy: z.string().min(1).max(200),
});
export type RolloutRequested = z.output<typeof RolloutRequested>;

const freezing = {
  /** As in a request for a retraining. */
  stack: StackName,
  workload: WorkloadName,
  reason: z.string().min(1).max(500),
  requestedBy: z.string().min(1).max(200),
};

/**
 * Detail of a "Freeze Requested" event: holds back every retraining and rollout of a workload but a rollback, until it is
 * lifted or its time is over. A freeze that nobody remembers must not keep a model from renewing itself.
 */
export const FreezeRequested = z.discriminatedUnion("frozen", [
  z.strictObject({ frozen: z.literal(true), until: Instant, ...freezing }),
  z.strictObject({ frozen: z.literal(false), ...freezing }),
]);
export type FreezeRequested = z.output<typeof FreezeRequested>;

/** A freeze, or its end, as both doors are told of it. */
export const FreezeTrigger = z.strictObject({
  kind: z.literal("freeze"),
  id: z.string(),
  time: Instant,
  detail: FreezeRequested,
});
export type FreezeTrigger = z.output<typeof FreezeTrigger>;

/**
 * What `admit-retraining` receives: EventBridge's input transformers bring every source into this form. `id` and `time`
 * are the event's own, so that a duplicate is recognised.
 */
export const RetrainingTrigger = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("schedule"), id: z.string(), time: Instant, workload: WorkloadName }),
  z.strictObject({
    kind: z.literal("drift"),
    id: z.string(),
    time: Instant,
    workload: WorkloadName,
    reason: z.string(),
  }),
  // The detail as a whole: an input transformer can't pick what an event leaves out.
  z.strictObject({ kind: z.literal("manual"), id: z.string(), time: Instant, detail: RetrainingRequested }),
  FreezeTrigger,
  /** The sweep: looks again at what was held back, for every workload. */
  z.strictObject({ kind: z.literal("re-entry"), id: z.string(), time: Instant }),
]);
export type RetrainingTrigger = z.output<typeof RetrainingTrigger>;

/** Why something runs, as it is kept in the lease, in the execution's input and in the history. */
export const Cause = z.strictObject({
  kind: z.enum(["schedule", "drift", "manual", "approval", "rollback", "promote", "image", "freeze"]),
  id: z.string(),
  time: Instant,
  reason: z.string(),
  requestedBy: z.string().optional(),
  /** Of a retraining; of several that were joined, the last one that had any. */
  ...wishes,
  /** How many further requests were held back and joined to this one. */
  coalesced: z.int().min(0),
});
export type Cause = z.output<typeof Cause>;

/** Input of `retrain.asl.json`. */
export const RetrainInput = z.strictObject({
  workload: WorkloadName,
  execution: ExecutionName,
  cause: Cause,
  /** Fencing token of the lease: grows with every admission. */
  token: z.int().positive(),
  /** Whether this training searches for hyperparameters. */
  search: z.boolean(),
  /** Where the source files lie: the lake's newest ones, or a snapshot's. With its final slash. */
  rawUri: S3Uri,
  /** The snapshot asked for; null: the newest files. */
  snapshot: Sha256.nullable(),
});
export type RetrainInput = z.output<typeof RetrainInput>;

/** A model that can be put in service. */
export const RolloutTarget = z.strictObject({
  /** Version in the model package group. The first retraining registers the baseline as version 1. */
  version: z.int().positive(),
  modelPackageArn: z.string(),
  modelDataUrl: S3Uri,
  /** SHA-256 of the artifact. */
  artifactSha256: z.string(),
});
export type RolloutTarget = z.output<typeof RolloutTarget>;

/** Input of `rollout.asl.json`; only `admit-rollout` writes it. */
export const RolloutInput = z.strictObject({
  workload: WorkloadName,
  execution: ExecutionName,
  cause: Cause,
  token: z.int().positive(),
  target: RolloutTarget,
});
export type RolloutInput = z.output<typeof RolloutInput>;
