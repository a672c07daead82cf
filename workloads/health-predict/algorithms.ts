import type { WorkloadSpecInput } from "@perennial/contracts";

/**
 * Models to compare, each with the space that a search of it covers. The spaces are those of the health-predict project
 * (bencappello/health-predict, commit dbafd4ae), widened where folds found better values outside: smaller shares of the
 * columns, larger leaves and stronger penalties. Its C is 1 / alpha; the forest's depth ends at 16 instead of 19.
 */
export const algorithms: WorkloadSpecInput["algorithms"] = [
  {
    kind: "xgboost",
    hyperparameters: {
      num_round: 300,
      early_stopping_rounds: 40,
      max_depth: 4,
      eta: 0.07,
      min_child_weight: 10,
      subsample: 0.85,
      colsample_bytree: 0.3,
      reg_lambda: 5,
      reg_alpha: 1,
      gamma: 1,
      max_bin: 64,
      seed: 2026,
    },
    space: {
      num_round: { type: "choice", values: [50, 100, 200, 300] },
      max_depth: { type: "choice", values: [3, 4, 5, 6] },
      eta: { type: "float", min: 0.01, max: 0.3, log: true },
      min_child_weight: { type: "float", min: 1, max: 30, log: true },
      subsample: { type: "float", min: 0.5, max: 1 },
      colsample_bytree: { type: "float", min: 0.1, max: 1 },
      reg_alpha: { type: "float", min: 0, max: 5 },
      reg_lambda: { type: "float", min: 0, max: 30 },
      gamma: { type: "float", min: 0, max: 2 },
    },
  },
  {
    kind: "lightgbm",
    hyperparameters: {
      num_iterations: 300,
      early_stopping_round: 40,
      num_leaves: 12,
      max_depth: 5,
      learning_rate: 0.05,
      min_data_in_leaf: 30,
      bagging_fraction: 0.8,
      feature_fraction: 0.3,
      lambda_l1: 0,
      lambda_l2: 5,
      max_bin: 64,
      seed: 2026,
    },
    space: {
      num_leaves: { type: "int", min: 4, max: 32 },
      learning_rate: { type: "float", min: 0.01, max: 0.3, log: true },
      min_data_in_leaf: { type: "int", min: 10, max: 200, log: true },
      bagging_fraction: { type: "float", min: 0.5, max: 1 },
      feature_fraction: { type: "float", min: 0.1, max: 1 },
      lambda_l2: { type: "float", min: 0, max: 30 },
    },
  },
  {
    kind: "randomForest",
    hyperparameters: {
      n_estimators: 100,
      max_depth: 12,
      min_samples_split: 10,
      min_samples_leaf: 5,
      max_features: 0.1,
      seed: 2026,
    },
    space: {
      n_estimators: { type: "int", min: 50, max: 199 },
      max_depth: { type: "int", min: 5, max: 16 },
      min_samples_split: { type: "int", min: 2, max: 20 },
      min_samples_leaf: { type: "int", min: 1, max: 10 },
      max_features: { type: "float", min: 0.05, max: 0.3 },
    },
  },
  {
    kind: "linear",
    hyperparameters: { alpha: 1000, max_iter: 1000, seed: 2026 },
    space: { alpha: { type: "float", min: 0.01, max: 10_000, log: true } },
  },
];
