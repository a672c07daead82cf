import { defineWorkload } from "@perennial/contracts";
import { known, totals } from "./columns.ts";
import { examples } from "./examples.ts";
import { knownFeatures, totalFeatures } from "./features.ts";

export default defineWorkload({
  name: "medication-adherence",
  title: "Medication adherence, at year's end",
  description:
    "Probability that a member with diabetes or hypertension has collected at least 9 of the year's 12 refills, told from the year's claims.",

  source: {
    path: "data/adherence_diabetes_hypertension.csv.gz",
    licence: "CC0 1.0 (Mendeley Data, doi:10.17632/zkp7sbbx64.2); de-identified",
    citation:
      "Kanyongo W., Dataset for Analysing Medication Adherence among Diabetes and Hypertension Patients, Mendeley Data 2024, version 2, doi:10.17632/zkp7sbbx64.2",
    missingMarkers: [],
    rows: { columns: ["ADHERENCE", ...Object.keys(known), ...Object.keys(totals)] },
    minRows: 10_000,
    key: "claim",
    time: "claim_row",
    unused: {
      claim: "a hash of the row, identifies it",
      claim_row: "place in the file, which is sorted: the last tenth holds hardly any adherent member",
      profile: "keeps rows that may be one member's in one part",
      ADHERENCE: "the outcome",
    },
    columns: { ...known, ...totals },
    excluded: [],
  },

  derived: {},

  task: {
    kind: "binary",
    target: "ADHERENCE",
    positive: ["ADHERENT"],
    negative: ["NON-ADHERENT"],
    outcome: "adherent: at least 9 of 12 monthly refills",
    prior: 0.4,
    threshold: { maximise: "f1" },
  },

  split: {
    by: "hash",
    group: "profile",
    salt: "perennial/medication-adherence/2026",
    shares: { train: 0.56, validation: 0.08, calibration: 0.08, holdout: 0.14, audit: 0.14 },
  },

  features: [...knownFeatures, ...totalFeatures],
  examples,

  algorithms: [
    {
      kind: "xgboost",
      hyperparameters: {
        num_round: 120,
        early_stopping_rounds: 40,
        max_depth: 6,
        eta: 0.1,
        min_child_weight: 1.2,
        subsample: 0.95,
        colsample_bytree: 0.55,
        reg_lambda: 2,
        reg_alpha: 2.5,
        gamma: 0.6,
        max_bin: 256,
        seed: 2026,
      },
      space: {
        max_depth: { type: "int", min: 3, max: 6 },
        eta: { type: "float", min: 0.03, max: 0.3, log: true },
        min_child_weight: { type: "float", min: 1, max: 40, log: true },
        subsample: { type: "float", min: 0.5, max: 1 },
        colsample_bytree: { type: "float", min: 0.3, max: 1 },
        reg_lambda: { type: "float", min: 0.5, max: 30, log: true },
      },
    },
    {
      kind: "randomForest",
      hyperparameters: {
        n_estimators: 100,
        max_depth: 10,
        min_samples_split: 6,
        min_samples_leaf: 3,
        max_features: 0.4,
        seed: 2026,
      },
      space: {
        n_estimators: { type: "int", min: 50, max: 200 },
        max_depth: { type: "int", min: 5, max: 12 },
        min_samples_leaf: { type: "int", min: 1, max: 20, log: true },
        max_features: { type: "float", min: 0.2, max: 1 },
      },
    },
    {
      kind: "linear",
      hyperparameters: { alpha: 1, max_iter: 1000, seed: 2026 },
      space: { alpha: { type: "float", min: 0.01, max: 10_000, log: true } },
    },
  ],

  search: {
    trials: 50,
    minutes: 10,
    folds: 3,
    pruning: { minRounds: 20, reductionFactor: 3 },
    seed: 2026,
  },

  checks: {
    missing: Object.fromEntries([...Object.keys(known), ...Object.keys(totals)].map((name) => [name, 0])),
    duplicateShare: 0,
    minClassShare: 0.2,
    // Units dispensed alone reach 0.7: they are counted from the same refills as the outcome.
    singleColumnStrength: 0.85,
  },

  gate: {
    primary: "rocAuc",
    alpha: 0.05,
    looks: 52,
    replicates: 1000,
    minRows: 1500,
    slices: {
      columns: [
        "GENDER_M",
        "SCHEMETYPE_PREMIUM",
        "DIAGNOSIS_HYPERTENSION",
        "COVERTYPE_STANDARD",
        "COMORBIDITY_NO_COMORBIDITY",
      ],
      minPerClass: 50,
      margin: 0.02,
    },
    calibration: { slope: [0.75, 1.35], meanZ: 3 },
    budgets: { scoreMicros: 500, artifactMiB: 20 },
  },

  retraining: { coolDownMinutes: 15, dailyBudget: 6, timeoutMinutes: 60 },
  serving: { mode: "realtime", maxRecords: 1000, maxBodyKiB: 1024 },
  monitoring: { capturePercent: 100, driftedShare: 0.3 },
});
