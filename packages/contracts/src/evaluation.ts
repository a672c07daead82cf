import { z } from "zod";
import { ExecutionName, S3Uri, Sha256, WorkloadName } from "./names.ts";

/** Estimate with a 95 % interval by bootstrap over groups. JSON has no NaN: a metric that isn't defined is null. */
export const Estimate = z.strictObject({
  value: z.number().nullable(),
  lower: z.number().nullable(),
  upper: z.number().nullable(),
});
export type Estimate = z.output<typeof Estimate>;

export const BinaryMetrics = z.strictObject({
  rocAuc: Estimate,
  averagePrecision: Estimate,
  brier: Estimate,
  /** 1 − Brier / Brier of always answering with the training prevalence. */
  brierSkill: Estimate,
  logLoss: Estimate,
  calibration: z.strictObject({
    /** Logistic recalibration on the logit: 1 and 0 are perfect. */
    slope: Estimate,
    intercept: Estimate,
    meanPredicted: z.number().nullable(),
    observedRate: z.number(),
    /** Mean prediction minus observed rate, in standard errors of that difference. */
    meanZ: z.number().nullable(),
    expectedError: z.number().nullable(),
    /** Equal-count bins in order of prediction. */
    curve: z.array(z.strictObject({ rows: z.int(), predicted: z.number(), observed: z.number() })),
  }),
  /** Decisions at the manifest's threshold. */
  decision: z.strictObject({
    threshold: z.number(),
    prevalence: z.number(),
    flaggedShare: z.number().nullable(),
    precision: z.number().nullable(),
    recall: z.number().nullable(),
    f1: z.number().nullable(),
  }),
});
export type BinaryMetrics = z.output<typeof BinaryMetrics>;

const Evaluated = z.strictObject({
  /** Version in the registry; null while the challenger isn't registered, 0 for the unregistered baseline. */
  version: z.int().nullable(),
  /** `version` of the artifact's manifest. */
  artifactVersion: z.string(),
  modelDataUrl: S3Uri,
  artifactSha256: Sha256,
  artifactBytes: z.int(),
  /** SHA-256 of `model.onnx`; two models with the same one are the same model. */
  modelSha256: Sha256,
  metrics: BinaryMetrics,
  /** Median time to score one raw record in process, microseconds. */
  scoreMicros: z.number().positive(),
  /** Rows whose prediction is NaN or outside [0, 1]. */
  invalidPredictions: z.int().min(0),
});

/** One level of a slicing column. */
const Slice = z.strictObject({
  column: z.string(),
  level: z.string(),
  rows: z.int(),
  positives: z.int(),
  champion: z.strictObject({ rocAuc: z.number().nullable(), brier: z.number().nullable() }),
  challenger: z.strictObject({ rocAuc: z.number().nullable(), brier: z.number().nullable() }),
});

/** What `evaluate-model` found on the sealed holdout. It lies in S3 and travels by reference. */
export const Evaluation = z.strictObject({
  workload: WorkloadName,
  execution: ExecutionName,
  holdout: z.strictObject({
    sha256: Sha256,
    rows: z.int(),
    groups: z.int(),
    positives: z.int(),
    prevalence: z.number(),
  }),
  challenger: Evaluated,
  champion: Evaluated,
  slices: z.array(Slice),
  /** `Scores` of every holdout row, for the paired intervals. */
  scoresUri: S3Uri,
});
export type Evaluation = z.output<typeof Evaluation>;

/**
 * Predictions of both models for the same rows, column by column, all of one length. Groups are numbered by order of
 * appearance: no identifier of a patient leaves the holdout.
 */
export const Scores = z.strictObject({
  group: z.array(z.int().min(0)),
  label: z.array(z.union([z.literal(0), z.literal(1)])),
  champion: z.array(z.number().nullable()),
  challenger: z.array(z.number().nullable()),
  /** Per slicing column: its levels, and each row's place among them (-1: missing). */
  slices: z.record(z.string(), z.strictObject({ levels: z.array(z.string()), level: z.array(z.int()) })),
});
export type Scores = z.output<typeof Scores>;

/** The challenger's figures on the audit part: reported, never read by a gate. */
export const AuditReport = z.strictObject({
  workload: WorkloadName,
  execution: ExecutionName,
  artifactVersion: z.string(),
  part: z.strictObject({ sha256: Sha256, rows: z.int(), groups: z.int(), positives: z.int() }),
  metrics: BinaryMetrics,
});
export type AuditReport = z.output<typeof AuditReport>;

/** What `evaluate-model` answers to the workflow: references, and the few values its choices need. */
export const EvaluationReference = z.strictObject({
  evaluationUri: S3Uri,
  auditUri: S3Uri,
  holdoutSha256: Sha256,
});
export type EvaluationReference = z.output<typeof EvaluationReference>;
