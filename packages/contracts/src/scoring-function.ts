import { z } from "zod";
import { ExecutionName, S3Uri, Sha256 } from "./names.ts";

const whole = (schema: z.ZodNumber) =>
  z.string().regex(/^\d+$/, "expected a whole number").transform(Number).pipe(schema);

/** Alias of a scoring function that callers reach, and that a rollout leads from one published version to the next. */
export const LIVE_ALIAS = "live";

/** What a scoring function is asked: as much as a request to an endpoint says. */
export const ScoringRequest = z.strictObject({
  /** One record or many, in a form that an endpoint's container reads. */
  body: z.string(),
  /** Form of the body. */
  contentType: z.string().default("application/json"),
  /** Form of the answer; without it, JSON. */
  accept: z.string().optional(),
  /** Name of the prediction, as it is logged and answered; without it, the request's own id. */
  inferenceId: z
    .string()
    .regex(/^[\w.:@/+=-]{1,64}$/, "expected at most 64 letters, digits and .:@/+=_-")
    .optional(),
});
export type ScoringRequest = z.output<typeof ScoringRequest>;

/** What it answers: what an endpoint's container would have, with its status. */
export const ScoringAnswer = z.strictObject({
  /** Of HTTP: 200 where there are predictions. */
  status: z.int().min(200).max(599),
  contentType: z.string(),
  inferenceId: z.string(),
  /** Where the status is 200, the predictions (in JSON an `EndpointResponse`); else an `EndpointRefusal` in JSON. */
  body: z.string(),
});
export type ScoringAnswer = z.output<typeof ScoringAnswer>;

/**
 * The seam of the scoring function, which each workload of serving mode `lambda` has one of. Its model is part of its
 * environment, so that a published version of the function is a version of the model, for good.
 */
export const SCORING_FUNCTION = {
  environment: z.object({
    PERENNIAL_MODEL_URI: S3Uri,
    /** Of the artifact as it lies in the bucket: one that was altered isn't opened. */
    PERENNIAL_MODEL_SHA256: Sha256,
    /** Version in the registry; 0 is the baseline. */
    PERENNIAL_MODEL_VERSION: whole(z.int().min(0)),
    PERENNIAL_MAX_BODY_KIB: whole(
      z
        .int()
        .min(1)
        .max(4 * 1024),
    ),
    PERENNIAL_MAX_RECORDS: whole(z.int().min(1).max(100_000)),
    /** Rollout that published this version; absent from what the program deployed. It makes each rollout publish its own. */
    PERENNIAL_EXECUTION: ExecutionName.optional(),
    /** Table of the entities' latest states; absent where nothing is looked up. */
    PERENNIAL_ONLINE_TABLE: z.string().min(1).optional(),
  }),
  event: ScoringRequest,
  answer: ScoringAnswer,
} as const;
