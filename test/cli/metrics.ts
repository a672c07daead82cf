import type { AuditReport, Estimate, Metrics } from "@perennial/contracts";
import { RETRAINING, WORKLOAD } from "./stack.ts";

/** A figure with an interval of 0.01 to both sides. */
export const estimate = (value: number): Estimate => ({
  value,
  lower: Number((value - 0.01).toFixed(6)),
  upper: Number((value + 0.01).toFixed(6)),
});

const CALIBRATION = {
  slope: estimate(1.02),
  intercept: estimate(0),
  meanPredicted: 0.11,
  observedRate: 0.1,
  meanZ: 0.5,
  expectedError: 0.01,
  curve: [],
};

export const BINARY: Extract<Metrics, { kind: "binary" }> = {
  kind: "binary",
  rocAuc: estimate(0.7),
  averagePrecision: estimate(0.3),
  brier: estimate(0.09),
  brierSkill: estimate(0.05),
  logLoss: estimate(0.33),
  calibration: CALIBRATION,
  decision: {
    threshold: 0.2,
    prevalence: 0.1,
    flaggedShare: 0.125,
    precision: 0.3,
    recall: 0.2,
    f1: estimate(0.24),
    f1OfAllPositive: 0.18,
    f1Gain: estimate(0.06),
  },
};

export const MULTICLASS: Extract<Metrics, { kind: "multiclass" }> = {
  kind: "multiclass",
  rps: estimate(0.2),
  logLoss: estimate(1.01),
  accuracy: estimate(0.52),
  rpsSkill: estimate(0.1),
  rpsGain: estimate(0.02),
  logLossGain: estimate(0.05),
  classes: [{ name: "win", rows: 1200, rocAuc: 0.66, calibration: CALIBRATION }],
};

export const REGRESSION: Extract<Metrics, { kind: "regression" }> = {
  kind: "regression",
  rmse: estimate(3.62),
  mae: estimate(2.5),
  r2: estimate(0.6),
  relativeRmse: estimate(0.63),
  meanError: estimate(0.1),
  interval: { wanted: 0.9, coverage: estimate(0.905), meanWidth: 11.5 },
  curve: [],
};

/** The audit report of one model. */
export const auditOf = (metrics: Metrics, change: Partial<AuditReport> = {}): AuditReport => ({
  workload: WORKLOAD,
  execution: RETRAINING,
  artifactVersion: "0123456789ab",
  part: { sha256: "e".repeat(64), rows: 1200, groups: 1000, classRows: [1080, 120] },
  metrics,
  slices: [{ column: "age", level: "[70-80)", rows: 300, primary: 0.68 }],
  ...change,
});

const evaluated = (metrics: Metrics, letter: string) => ({
  version: null,
  artifactVersion: "0123456789ab",
  modelDataUrl: "s3://bucket/model.tar.gz",
  artifactSha256: letter.repeat(64),
  artifactBytes: 2 ** 20,
  modelSha256: letter.repeat(64),
  metrics,
  scoreMicros: 40,
  invalidPredictions: 0,
});

/** The evaluation of one model against another like it. */
export const evaluationOf = (metrics: Metrics) => ({
  workload: WORKLOAD,
  execution: RETRAINING,
  holdout: { sha256: "c".repeat(64), rows: 600, groups: 500, classRows: [540, 60] },
  challenger: evaluated(metrics, "b"),
  champion: evaluated(metrics, "a"),
  slices: [],
  scoresUri: "s3://bucket/scores.json",
});
