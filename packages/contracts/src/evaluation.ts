import { z } from "zod";
import { ExecutionName, S3Uri, Sha256, WorkloadName } from "./names.ts";

/** Estimate with a 95 % interval by bootstrap over groups. JSON has no NaN: a metric that isn't defined is null. */
export const Estimate = z.strictObject({
  value: z.number().nullable(),
  lower: z.number().nullable(),
  upper: z.number().nullable(),
});
export type Estimate = z.output<typeof Estimate>;

/** How well probabilities of one outcome are calibrated. */
export const Calibration = z.strictObject({
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
});
export type Calibration = z.output<typeof Calibration>;

export const BinaryMetrics = z.strictObject({
  kind: z.literal("binary"),
  rocAuc: Estimate,
  averagePrecision: Estimate,
  brier: Estimate,
  /** 1 − Brier / Brier of always answering with the training prevalence. */
  brierSkill: Estimate,
  logLoss: Estimate,
  calibration: Calibration,
  /** Decisions at the manifest's threshold. */
  decision: z.strictObject({
    threshold: z.number(),
    prevalence: z.number(),
    flaggedShare: z.number().nullable(),
    precision: z.number().nullable(),
    recall: z.number().nullable(),
    f1: Estimate,
    /** F1 of calling every row positive, and by how much the model's is better, paired. */
    f1OfAllPositive: z.number(),
    f1Gain: Estimate,
  }),
});
export type BinaryMetrics = z.output<typeof BinaryMetrics>;

export const MulticlassMetrics = z.strictObject({
  kind: z.literal("multiclass"),
  /** Ranked probability score over the ordered classes, divided by their number less one; 0 is perfect. */
  rps: Estimate,
  logLoss: Estimate,
  accuracy: Estimate,
  /** 1 − RPS / RPS of always answering with the training part's class shares, and how much better, paired. */
  rpsSkill: Estimate,
  rpsGain: Estimate,
  logLossGain: Estimate,
  classes: z.array(
    z.strictObject({
      name: z.string(),
      rows: z.int(),
      /** One against the rest. */
      rocAuc: z.number().nullable(),
      calibration: Calibration,
    }),
  ),
});
export type MulticlassMetrics = z.output<typeof MulticlassMetrics>;

export const RegressionMetrics = z.strictObject({
  kind: z.literal("regression"),
  /** In the target's unit. */
  rmse: Estimate,
  mae: Estimate,
  r2: Estimate,
  /** RMSE in standard deviations of the target in these rows. */
  relativeRmse: Estimate,
  meanError: Estimate,
  interval: z.strictObject({
    /** Share of outcomes that the prediction interval is to hold, and does hold. */
    wanted: z.number(),
    coverage: Estimate,
    meanWidth: z.number().nullable(),
  }),
  /** Equal-count bins in order of the estimate. */
  curve: z.array(z.strictObject({ rows: z.int(), predicted: z.number(), observed: z.number() })),
});
export type RegressionMetrics = z.output<typeof RegressionMetrics>;

export const Metrics = z.discriminatedUnion("kind", [BinaryMetrics, MulticlassMetrics, RegressionMetrics]);
export type Metrics = z.output<typeof Metrics>;

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
  metrics: Metrics,
  /** Median time to score one raw record in process, microseconds. */
  scoreMicros: z.number().positive(),
  /** Rows whose prediction is NaN or outside what the task allows. */
  invalidPredictions: z.int().min(0),
});

/** One level of a slicing column. */
const Slice = z.strictObject({
  column: z.string(),
  level: z.string(),
  rows: z.int(),
  classRows: z.array(z.int()),
  /** The gate's primary metric. */
  champion: z.number().nullable(),
  challenger: z.number().nullable(),
});

/** What `evaluate-model` found on the sealed holdout. It lies in S3 and travels by reference. */
export const Evaluation = z.strictObject({
  workload: WorkloadName,
  execution: ExecutionName,
  holdout: z.strictObject({
    sha256: Sha256,
    rows: z.int(),
    groups: z.int(),
    /** As in the manifest's parts. */
    classRows: z.array(z.int()),
  }),
  challenger: Evaluated,
  champion: Evaluated,
  slices: z.array(Slice),
  /** `Scores` of every holdout row, for the paired intervals. */
  scoresUri: S3Uri,
});
export type Evaluation = z.output<typeof Evaluation>;

/**
 * Predictions of both models for the same rows, all of one length (predictions: `columns` times as long). Groups are numbered by order of
 * appearance: no identifier of a patient leaves the holdout.
 */
export const Scores = z.strictObject({
  group: z.array(z.int().min(0)),
  /** 0 or 1, the class's place in its order, or the quantity. */
  label: z.array(z.number()),
  /** Output columns of the models; predictions lie row by row. */
  columns: z.int().positive(),
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
  part: z.strictObject({ sha256: Sha256, rows: z.int(), groups: z.int(), classRows: z.array(z.int()) }),
  metrics: Metrics,
  /** Levels with enough rows, with the primary metric on them. */
  slices: z.array(
    z.strictObject({ column: z.string(), level: z.string(), rows: z.int(), primary: z.number().nullable() }),
  ),
});
export type AuditReport = z.output<typeof AuditReport>;

/** What `evaluate-model` answers to the workflow: references, and the few values its choices need. */
export const EvaluationReference = z.strictObject({
  evaluationUri: S3Uri,
  auditUri: S3Uri,
  holdoutSha256: Sha256,
});
export type EvaluationReference = z.output<typeof EvaluationReference>;
