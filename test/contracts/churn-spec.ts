import type { WorkloadSpecInput } from "@perennial/contracts";

/** A small spec that has something of every part, made anew each time so that a test may spoil it. */
export function churnSpec() {
  return {
    name: "churn",
    title: "Churn",
    description: "Whether a customer leaves within a month.",
    source: {
      path: "data/churn.csv.gz",
      licence: "CC0",
      citation: "Nobody (2026)",
      missingMarkers: ["?"],
      minRows: 100,
      key: "row_id",
      time: "row_id",
      unused: { row_id: "identifier", customer: "identifier", left: "the target" },
      columns: {
        plan: { type: "category", description: "Plan.", levels: ["basic", "gold"] },
        region: { type: "code", description: "Region.", pattern: "[A-Z]{2}[0-9]*" },
        calls: { type: "integer", description: "Calls.", min: 0, max: 100 },
        spend: { type: "number", description: "Spend.", min: 0, max: 1e6, unit: "EUR", required: true },
      },
      excluded: [{ column: "plan", levels: ["test"], reason: "No customer." }],
    },
    derived: {
      calls_before: { type: "integer", description: "Earlier calls.", min: 0, max: 1000, withheldShare: 0.1 },
    },
    task: {
      kind: "binary",
      target: "left",
      positive: ["yes"],
      negative: ["no"],
      outcome: "leaves",
      prior: 0.2,
      threshold: { flaggedShare: 0.1 },
    },
    split: {
      by: "hash",
      group: "customer",
      salt: "churn-2026",
      shares: { train: 0.5, validation: 0.125, calibration: 0.125, holdout: 0.125, audit: 0.125 },
    },
    features: [
      { kind: "number", name: "calls", column: "calls" },
      { kind: "number", name: "calls_before", column: "calls_before" },
      { kind: "oneHot", name: "plan", column: "plan", levels: ["basic", "gold"] },
      { kind: "product", name: "calls_twice", factors: ["calls", "calls_before"] },
    ],
    examples: [{ plan: "gold", calls: 3, spend: 120.5 }],
    algorithms: [
      {
        kind: "xgboost",
        hyperparameters: {
          num_round: 100,
          early_stopping_rounds: 10,
          max_depth: 3,
          eta: 0.1,
          min_child_weight: 1,
          subsample: 0.8,
          colsample_bytree: 0.8,
          reg_lambda: 1,
          reg_alpha: 0,
          gamma: 0,
          max_bin: 256,
          seed: 7,
        },
      },
    ],
    gate: {
      primary: "rocAuc",
      alpha: 0.05,
      looks: 52,
      replicates: 1000,
      minRows: 100,
      slices: { columns: ["plan"], minPerClass: 20, margin: 0.02 },
      calibration: { slope: [0.8, 1.25], meanZ: 2.6 },
      budgets: { scoreMicros: 500, artifactMiB: 50 },
    },
    retraining: { coolDownMinutes: 60, dailyBudget: 3, timeoutMinutes: 60 },
    serving: { mode: "realtime", maxRecords: 100, maxBodyKiB: 512 },
    monitoring: { capturePercent: 100, driftedShare: 0.3 },
  } satisfies WorkloadSpecInput;
}
