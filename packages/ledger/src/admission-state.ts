import { Cause, ExecutionName, Instant, RolloutTarget } from "@perennial/contracts";
import { z } from "zod";

/**
 * Who holds the lease. It names its execution before that is started: without an ARN the start isn't confirmed yet, and
 * whoever finds it so starts the same execution again.
 */
export const Holder = z.strictObject({
  execution: ExecutionName,
  executionArn: z.string().nullable(),
  /** Fencing token: grows with every admission; writes to endpoint and pointer under a smaller one are refused. */
  token: z.int().positive(),
  cause: Cause,
  /** What is rolled out; null for a retraining. */
  target: RolloutTarget.nullable(),
  acquiredAt: Instant,
  /** From then on another one may take the lease. Compared here: deletion by time to live is late. */
  expiresAt: Instant,
});
export type Holder = z.output<typeof Holder>;

/** Requests that were held back, joined into one. */
export const Pending = z.strictObject({
  /** The request that stands for all of them. */
  cause: Cause,
  /** What it rolls out; null for a retraining, and for "whatever is live then". */
  target: RolloutTarget.nullable(),
  count: z.int().positive(),
  /** Times of the earliest and the latest request. */
  firstAt: Instant,
  lastAt: Instant,
  /** Why it waits, and the earliest time at which it can go on. */
  reason: z.string(),
  until: Instant,
});
export type Pending = z.output<typeof Pending>;

/** Most trigger ids kept to recognise a duplicate by. */
export const SEEN_IDS = 256;

/** The last word about a freeze. Events may come in any order: an older word is of no account. */
export const Freeze = z.strictObject({
  isFrozen: z.boolean(),
  by: z.string(),
  reason: z.string(),
  /** When it was asked for, and when it ends by itself. */
  at: Instant,
  until: Instant,
});
export type Freeze = z.output<typeof Freeze>;

/** All that one door of one workload knows: a single item, so that one conditional write decides. */
export const AdmissionState = z.strictObject({
  /** Counts the writes; a write states the one it was decided on. 0: nothing was written yet. */
  version: z.int().min(0),
  /** The last fencing token handed out. */
  token: z.int().min(0),
  holder: Holder.nullable(),
  lastStartedAt: Instant.nullable(),
  /** Day (UTC) that `startedToday` counts. */
  day: z.iso.date().nullable(),
  startedToday: z.int().min(0),
  pending: Pending.nullable(),
  /** Null where nobody ever asked for one. */
  freeze: Freeze.nullable().default(null),
  /** Ids of the latest triggers, newest last. */
  seen: z.array(z.string()).max(SEEN_IDS),
});
export type AdmissionState = z.output<typeof AdmissionState>;

/** A door that nobody came to yet. */
export const EMPTY_ADMISSION: AdmissionState = {
  version: 0,
  token: 0,
  holder: null,
  lastStartedAt: null,
  day: null,
  startedToday: 0,
  pending: null,
  freeze: null,
  seen: [],
};
