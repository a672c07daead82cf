import { z } from "zod";
import { Instant, S3Uri, Sha256 } from "./names.ts";
import { Registration } from "./registry.ts";
import { RetrainInput, RolloutInput } from "./trigger.ts";
import { VerdictReference } from "./verdict.ts";
import { Verification } from "./verification.ts";

/** What a workflow's Catch holds about an error. */
export const CaughtError = z.strictObject({ Error: z.string(), Cause: z.string().optional() });

const executed = { executionArn: z.string().startsWith("arn:"), startedAt: Instant };
const trained = {
  trainingJob: z.string(),
  snapshotSha256: Sha256,
  gateUri: S3Uri,
  /** Null where the model is the champion again and nothing was written about it. */
  cardUri: S3Uri.nullable(),
};

/** What the workflows tell `record-outcome`. */
export const OutcomeReport = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("retraining"),
    ...executed,
    input: RetrainInput,
    verdict: VerdictReference,
    registration: Registration.nullable(),
    ...trained,
  }),
  z.strictObject({
    kind: z.literal("retraining-refused"),
    ...executed,
    input: RetrainInput,
    gateUri: S3Uri,
    /** The data gate's own sentence. */
    reason: z.string(),
  }),
  z.strictObject({
    kind: z.literal("retraining-failed"),
    ...executed,
    input: RetrainInput,
    stage: z.string(),
    error: CaughtError,
  }),
  z.strictObject({
    kind: z.literal("rollout"),
    ...executed,
    input: RolloutInput,
    outcome: z.enum(["in-service", "kept", "rolled-back"]),
    from: z.int().min(0).nullable(),
    /** Configuration asked for. */
    wanted: z.string(),
    /** The endpoint as SageMaker describes it at the end. */
    endpoint: z.object({ EndpointConfigName: z.string(), FailureReason: z.string().optional() }),
    /**
     * Null where the model was never in service, so that there was nothing to verify. One that failed is why a champion was
     * kept that a function answers with: there a model is looked at before it meets callers.
     */
    verification: Verification.nullable(),
    /** What its trial found; null where it had none. One that failed is why the champion was kept. */
    trial: Verification.nullable().default(null),
  }),
  z.strictObject({
    kind: z.literal("rollout-failed"),
    ...executed,
    input: RolloutInput,
    stage: z.string(),
    error: CaughtError,
  }),
]);
export type OutcomeReport = z.output<typeof OutcomeReport>;
