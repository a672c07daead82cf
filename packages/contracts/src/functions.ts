import { z } from "zod";
import { EvaluationReference } from "./evaluation.ts";
import { HistoryEntry } from "./history.ts";
import { HttpAnswer, HttpRequest, PredictionTarget, TokenDecision, TokenRequest } from "./http-api.ts";
import { CardReference } from "./model-card.ts";
import { ExecutionName, Instant, S3Uri, Sha256, WorkloadName } from "./names.ts";
import { OutcomeReport } from "./outcome-report.ts";
import { Registration } from "./registry.ts";
import { TrialRequest } from "./trial.ts";
import { FreezeTrigger, RetrainingTrigger, RolloutRequested } from "./trigger.ts";
import { VerdictReference } from "./verdict.ts";
import { ProbeRequest, ProbeTally, Verification, VerificationRequest } from "./verification.ts";

/** An environment variable that holds JSON: parsed and checked when the function starts. */
function json<Schema extends z.ZodType>(schema: Schema) {
  return z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: "custom", message: "expected JSON" });
        return z.NEVER;
      }
    })
    .pipe(schema);
}

const perWorkload = <Shape extends z.ZodRawShape>(shape: Shape) =>
  json(z.record(WorkloadName, z.strictObject(shape)));

const arn = z.string().startsWith("arn:");
const stateMachines = json(
  z.record(arn, z.strictObject({ workload: WorkloadName, kind: z.enum(["retrain", "rollout"]) })),
);
const baseline = { baselineUri: S3Uri, baselineSha256: Sha256 };

/** What `admit-…` decided: an execution started, or why none was. */
export const AdmissionAnswer = z.strictObject({
  decisions: z.array(
    z.strictObject({
      workload: WorkloadName,
      decision: z.enum([
        "started",
        "held",
        "duplicate",
        "already-in-service",
        "superseded",
        "refused",
        "nothing-pending",
      ]),
      execution: ExecutionName.nullable(),
      reason: z.string(),
    }),
  ),
});
export type AdmissionAnswer = z.output<typeof AdmissionAnswer>;

/** What `admit-rollout` receives, in the form that EventBridge's input transformers give it. */
export const RolloutTrigger = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("approval"),
    id: z.string(),
    time: Instant,
    modelPackageArn: arn,
    modelPackageGroup: z.string(),
    version: z.int().positive(),
  }),
  z.strictObject({ kind: z.literal("request"), id: z.string(), time: Instant, detail: RolloutRequested }),
  FreezeTrigger,
  z.strictObject({ kind: z.literal("re-entry"), id: z.string(), time: Instant }),
]);
export type RolloutTrigger = z.output<typeof RolloutTrigger>;

/** Detail of "Step Functions Execution Status Change" (AWS documentation, "Step Functions events"). */
export const ExecutionStatusChange = z.object({
  executionArn: arn,
  stateMachineArn: arn,
  name: z.string(),
  status: z.enum(["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]),
  /** Milliseconds since 1970. */
  startDate: z.number(),
  stopDate: z.number(),
  input: z.string().nullish(),
  error: z.string().nullish(),
  cause: z.string().nullish(),
});
export type ExecutionStatusChange = z.output<typeof ExecutionStatusChange>;

/** What `track-model` receives: messages of its queue, each with an event as EventBridge wrote it. */
export const QueuedEvents = z.object({
  Records: z.array(
    z.object({
      messageId: z.string(),
      receiptHandle: z.string(),
      body: z.string(),
      attributes: z.object({ ApproximateReceiveCount: z.coerce.number<string>().pipe(z.int().positive()) }),
    }),
  ),
});

/** An event that the tracking server is to hear of. What an event holds says only where to look: order and repeats don't matter. */
export const TrackedEvent = z.discriminatedUnion("detail-type", [
  z.object({
    "detail-type": z.literal("Step Functions Execution Status Change"),
    detail: ExecutionStatusChange,
  }),
  z.object({
    "detail-type": z.literal("SageMaker Model Package State Change"),
    detail: z.object({ ModelPackageGroupName: z.string(), ModelPackageVersion: z.int().positive() }),
  }),
]);
export type TrackedEvent = z.output<typeof TrackedEvent>;

const inWorkflow = { workload: WorkloadName, execution: ExecutionName };

/**
 * The seam between a function and what deploys and calls it: its environment, its event, its answer. The function's
 * `index.ts` parses `process.env` with `environment`; the component that deploys it takes exactly its input.
 */
export const FUNCTIONS = {
  "admit-retraining": {
    environment: z.object({
      LEDGER_TABLE: z.string().min(1),
      WORKLOADS: perWorkload({
        stateMachineArn: arn,
        coolDownMinutes: z.int().min(0),
        dailyBudget: z.int().positive(),
        leaseMinutes: z.int().positive(),
        /** Where its source files lie, and its snapshots; with the final slash. */
        rawUri: S3Uri,
        snapshotsUri: S3Uri,
        /** Whether a retraining searches when nothing else is asked. */
        search: z.boolean(),
      }),
    }),
    event: RetrainingTrigger,
    answer: AdmissionAnswer,
  },
  "admit-rollout": {
    environment: z.object({
      LEDGER_TABLE: z.string().min(1),
      WORKLOADS: perWorkload({
        stateMachineArn: arn,
        modelPackageGroup: z.string(),
        leaseMinutes: z.int().positive(),
        /** Of the artifact that is live before the first rollout. */
        baselineSha256: Sha256,
      }),
    }),
    event: RolloutTrigger,
    answer: AdmissionAnswer,
  },
  "accept-data": {
    environment: z.object({ LAKE_BUCKET: z.string().min(1), ONLINE_TABLE: z.string().min(1) }),
    event: z.strictObject({
      ...inWorkflow,
      rawUri: S3Uri,
      /** Prefixes, with their final slash, of the data gate's report and of the entities' states. */
      gateUri: S3Uri,
      entitiesUri: S3Uri,
    }),
    answer: z.strictObject({
      snapshotSha256: Sha256,
      snapshotUri: S3Uri,
      /** Entity states written to the online table. */
      entities: z.int().min(0),
    }),
  },
  "evaluate-model": {
    environment: z.object({
      LEDGER_TABLE: z.string().min(1),
      ARTIFACT_BUCKET: z.string().min(1),
      WORKLOADS: perWorkload(baseline),
    }),
    event: z.strictObject({
      ...inWorkflow,
      challengerUri: S3Uri,
      /** Prefixes, with their final slash, that hold `rows.jsonl.gz` and `prepared.json`. */
      holdoutUri: S3Uri,
      auditUri: S3Uri,
      specUri: S3Uri,
    }),
    answer: EvaluationReference,
  },
  "judge-challenger": {
    environment: z.object({ LEDGER_TABLE: z.string().min(1), ARTIFACT_BUCKET: z.string().min(1) }),
    event: z.strictObject({ ...inWorkflow, evaluationUri: S3Uri, specUri: S3Uri }),
    answer: VerdictReference,
  },
  "write-card": {
    environment: z.object({
      ARTIFACT_BUCKET: z.string().min(1),
      /** What the names of this stack's model cards in SageMaker begin with: `perennial-<stack>-`. */
      CARD_PREFIX: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*-$/, "expected lower case words, ending in -"),
    }),
    event: z.strictObject({
      ...inWorkflow,
      trainingJob: z.string(),
      challengerUri: S3Uri,
      specUri: S3Uri,
      gateUri: S3Uri,
      evaluationUri: S3Uri,
      auditUri: S3Uri,
      verdictUri: S3Uri,
      snapshotSha256: Sha256,
    }),
    answer: CardReference,
  },
  "register-model": {
    environment: z.object({
      AUTO_APPROVE: z.enum(["true", "false"]),
      SERVING_IMAGE: z.string().min(1),
      WORKLOADS: perWorkload({ modelPackageGroup: z.string(), ...baseline }),
    }),
    event: z.strictObject({
      ...inWorkflow,
      trainingJob: z.string(),
      challengerUri: S3Uri,
      evaluationUri: S3Uri,
      auditUri: S3Uri,
      verdictUri: S3Uri,
      gateUri: S3Uri,
      cardUri: S3Uri,
      snapshotSha256: Sha256,
    }),
    answer: Registration,
  },
  "release-lease": {
    environment: z.object({
      LEDGER_TABLE: z.string().min(1),
      STATE_MACHINES: stateMachines,
    }),
    event: ExecutionStatusChange,
    answer: z.strictObject({ released: z.boolean(), recorded: z.boolean() }),
  },
  "track-model": {
    environment: z.object({
      LEDGER_TABLE: z.string().min(1),
      ARTIFACT_BUCKET: z.string().min(1),
      /** The MLflow app that runs and models are written to. */
      TRACKING_APP: arn,
      /** Queue that the events come from: a message is put off there while the app is away. */
      QUEUE_URL: z.url(),
      WORKLOADS: perWorkload({ modelPackageGroup: z.string() }),
      STATE_MACHINES: stateMachines,
    }),
    event: QueuedEvents,
    answer: z.strictObject({ batchItemFailures: z.array(z.strictObject({ itemIdentifier: z.string() })) }),
  },
  "answer-http": {
    environment: z.object({
      LEDGER_TABLE: z.string().min(1),
      WORKLOADS: json(z.record(WorkloadName, PredictionTarget)),
      /** Origins whose pages may call; `*` is any. */
      CORS_ORIGINS: json(z.array(z.string())),
    }),
    event: HttpRequest,
    answer: HttpAnswer,
  },
  "authorize-request": {
    environment: z.object({ JWT_ISSUER: z.url(), JWT_AUDIENCE: z.string().min(1) }),
    event: TokenRequest,
    answer: TokenDecision,
  },
  "check-capacity": {
    environment: z.object({
      /** The stack's endpoints: they share a quota as they share an instance type. */
      ENDPOINTS: json(z.array(z.string())),
    }),
    event: z.strictObject({
      ...inWorkflow,
      endpointName: z.string(),
      instanceType: z.string(),
      /** Models that the second fleet holds, each on as many instances as run now: two for a trial. */
      models: z.int().min(1).max(2).default(1),
    }),
    /** What was found, in a sentence; too small a quota is an error, `QuotaTooSmall`. */
    answer: z.strictObject({ summary: z.string() }),
  },
  "probe-endpoint": { environment: z.object({}), event: ProbeRequest, answer: ProbeTally },
  "observe-trial": {
    environment: z.object({ LEDGER_TABLE: z.string().min(1), LAKE_BUCKET: z.string().min(1) }),
    event: TrialRequest,
    answer: Verification,
  },
  "verify-rollout": { environment: z.object({}), event: VerificationRequest, answer: Verification },
  "record-outcome": {
    environment: z.object({ LEDGER_TABLE: z.string().min(1) }),
    event: OutcomeReport,
    answer: HistoryEntry,
  },
} as const;

export type FunctionName = keyof typeof FUNCTIONS;
export type FunctionEnvironment<Name extends FunctionName> = z.output<
  (typeof FUNCTIONS)[Name]["environment"]
>;
export type FunctionEvent<Name extends FunctionName> = z.output<(typeof FUNCTIONS)[Name]["event"]>;
export type FunctionAnswer<Name extends FunctionName> = z.output<(typeof FUNCTIONS)[Name]["answer"]>;
