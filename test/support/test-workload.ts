import { defineWorkload } from "@perennial/contracts";
import { GATE, TASK, WORKLOAD } from "./evaluations.ts";

/** The spec behind the model of `artifact.ts`: two wards to slice by, the discharge decides which rows it answers for. */
export const TEST_SPEC = defineWorkload({
  name: WORKLOAD,
  title: "Readmission, for tests",
  description: "What the tests' model answers.",
  source: {
    path: "data/rows.csv",
    licence: "CC0",
    citation: "Made for tests.",
    missingMarkers: ["?"],
    minRows: 10,
    key: "encounter",
    time: "encounter",
    unused: { encounter: "identifier", patient: "identifier", readmitted: "the outcome", payer: "of no use" },
    columns: {
      sex: { type: "category", description: "Sex.", levels: ["Female", "Male"], closed: true },
      ward: { type: "category", description: "Ward.", levels: ["2", "1"] },
      diagnosis: { type: "code", description: "ICD-9.", pattern: "(?:\\d{3}|V\\d{2})(?:\\.\\d{1,2})?" },
      days: { type: "integer", description: "Stay.", min: 1, max: 14, required: true },
      weight: { type: "number", description: "Weight.", min: 0.5, max: 300 },
      discharge: { type: "category", description: "Where to.", levels: ["1", "11", "19"] },
    },
    excluded: [{ column: "discharge", levels: ["11", "19"], reason: "the patient died" }],
  },
  derived: {},
  task: TASK,
  split: {
    by: "hash",
    group: "patient",
    salt: "test-workload",
    shares: { train: 0.5, validation: 0.1, calibration: 0.1, holdout: 0.15, audit: 0.15 },
  },
  features: [{ kind: "number", name: "days", column: "days" }],
  examples: [{ days: 3 }],
  algorithms: [
    {
      kind: "xgboost",
      hyperparameters: {
        num_round: 10,
        early_stopping_rounds: 5,
        max_depth: 2,
        eta: 0.1,
        min_child_weight: 1,
        subsample: 1,
        colsample_bytree: 1,
        reg_lambda: 1,
        reg_alpha: 0,
        gamma: 0,
        max_bin: 64,
        seed: 1,
      },
    },
  ],
  gate: GATE,
  retraining: { coolDownMinutes: 15, dailyBudget: 6, timeoutMinutes: 60 },
  serving: { mode: "realtime", maxRecords: 1000, maxBodyKiB: 1024 },
  monitoring: { capturePercent: 100, driftedShare: 0.3 },
});
