import type { WorkloadSpecInput } from "@perennial/contracts";
import { columns, features } from "./columns.ts";
import { examples } from "./examples.ts";

/** What both ways to split the examinations share: everything but the split. */
export const muscleInjury = {
  source: {
    path: "data/injuries.csv.gz",
    licence: "MIT, as stated by the repository it was copied from; where that has it from isn't said",
    citation: "mate329/dockerized-AI-Lambda, commit 23d231f4, data/kaggle_x_train.csv and kaggle_y_train.csv",
    missingMarkers: [],
    minRows: 1000,
    key: "Id",
    time: "Id",
    unused: {
      Id: "identifies the examination",
      injury_duration: "the outcome",
      seed_part: "names the parts of the variant seed-split",
    },
    columns,
    excluded: [],
  },

  derived: {},

  task: {
    kind: "regression",
    target: "injury_duration",
    unit: "days",
    min: 4,
    max: 40,
    coverage: 0.9,
    prior: { median: 11, lower: 6, upper: 25 },
  },

  features,
  examples,

  algorithms: [
    {
      kind: "xgboost",
      hyperparameters: {
        num_round: 400,
        early_stopping_rounds: 50,
        max_depth: 8,
        eta: 0.035,
        min_child_weight: 10,
        subsample: 0.8,
        colsample_bytree: 0.58,
        reg_lambda: 6,
        reg_alpha: 0,
        gamma: 3,
        max_bin: 64,
        seed: 2026,
      },
      space: {
        num_round: { type: "int", min: 50, max: 400 },
        max_depth: { type: "int", min: 1, max: 10 },
        eta: { type: "float", min: 0.02, max: 0.3, log: true },
        min_child_weight: { type: "int", min: 1, max: 15 },
        gamma: { type: "float", min: 0, max: 6 },
        subsample: { type: "float", min: 0.5, max: 1 },
        colsample_bytree: { type: "float", min: 0.4, max: 1 },
        reg_lambda: { type: "float", min: 0.1, max: 10, log: true },
      },
    },
  ],

  search: {
    trials: 200,
    minutes: 3,
    folds: 5,
    pruning: { minRounds: 40, reductionFactor: 3 },
    seed: 2026,
  },

  gate: {
    primary: "rmse",
    alpha: 0.05,
    looks: 52,
    replicates: 1000,
    minRows: 150,
    slices: { columns: ["class", "is_contact"], minPerClass: 50, margin: 1 },
    calibration: { coverage: [0.86, 0.94] },
    budgets: { scoreMicros: 500, artifactMiB: 20 },
  },

  retraining: { coolDownMinutes: 15, dailyBudget: 6, timeoutMinutes: 60 },
  serving: { mode: "realtime", maxRecords: 1000, maxBodyKiB: 1024 },
  monitoring: { capturePercent: 100, driftedShare: 0.3 },
} satisfies Omit<WorkloadSpecInput, "name" | "title" | "description" | "split">;
