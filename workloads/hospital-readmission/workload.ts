import { defineWorkload } from "@perennial/contracts";
import { columns } from "./columns.ts";
import { examples } from "./examples.ts";
import { features } from "./features.ts";

export default defineWorkload({
  name: "hospital-readmission",
  title: "Readmission within 30 days",
  description:
    "Probability that a patient with diabetes is admitted again within 30 days of leaving hospital, answered at discharge.",

  source: {
    path: "data/diabetic_data.csv.gz",
    licence: "CC BY 4.0 (UCI Machine Learning Repository, doi:10.24432/C5230J); de-identified",
    citation:
      "Strack B. et al., Impact of HbA1c Measurement on Hospital Readmission Rates, BioMed Research International 2014, 781670, doi:10.1155/2014/781670",
    missingMarkers: ["?"],
    minRows: 20_000,
    key: "encounter_id",
    time: "encounter_id",
    unused: {
      encounter_id: "identifies the encounter",
      patient_nbr: "identifies the patient",
      readmitted: "the outcome",
      weight: "missing in 97 % of the encounters",
      payer_code:
        "who pays isn't the patient's state, and its recording went from 0 % to 86 % over the ten years",
      examide: "never given",
      citoglipton: "never given",
      acetohexamide: "given in 1 encounter",
      troglitazone: "given in 3 encounters",
      tolbutamide: "given in 23 encounters",
      miglitol: "given in 38 encounters",
      tolazamide: "given in 39 encounters",
      chlorpropamide: "given in 86 encounters",
      "glipizide-metformin": "given in 13 encounters",
      "glimepiride-pioglitazone": "given in 1 encounter",
      "metformin-rosiglitazone": "given in 2 encounters",
      "metformin-pioglitazone": "given in 1 encounter",
    },
    columns,
    excluded: [
      {
        column: "discharge_disposition_id",
        levels: ["11", "19", "20", "21"],
        reason: "the patient died: there is no readmission to foresee",
      },
      {
        column: "discharge_disposition_id",
        levels: ["13", "14"],
        reason: "the patient went to a hospice: a readmission isn't what care aims to avoid",
      },
    ],
  },

  derived: {
    prior_encounters: {
      type: "integer",
      description: "Earlier encounters of the patient, about two years back",
      unit: "encounters",
      min: 0,
      max: 200,
      withheldShare: 0.2,
    },
    prior_days_in_hospital: {
      type: "integer",
      description: "Days in hospital over the earlier encounters, about two years back",
      unit: "days",
      min: 0,
      max: 2800,
      withheldShare: 0.2,
    },
    prior_emergency_admissions: {
      type: "integer",
      description: "Earlier encounters that began as an emergency, about two years back",
      unit: "encounters",
      min: 0,
      max: 200,
      withheldShare: 0.2,
    },
    prior_peak_inpatient: {
      type: "integer",
      description: "Largest number_inpatient of the earlier encounters, about two years back; none: 0",
      unit: "visits",
      min: 0,
      max: 200,
      withheldShare: 0.2,
    },
  },

  task: {
    kind: "binary",
    target: "readmitted",
    positive: ["<30"],
    negative: [">30", "NO"],
    outcome: "readmitted within 30 days",
    prior: 0.114,
    threshold: { flaggedShare: 0.2 },
  },

  split: {
    by: "hash",
    group: "patient_nbr",
    salt: "perennial/hospital-readmission/2026",
    shares: { train: 0.58, validation: 0.08, calibration: 0.08, holdout: 0.14, audit: 0.12 },
  },

  features,
  examples,

  algorithms: [
    {
      kind: "xgboost",
      hyperparameters: {
        num_round: 400,
        early_stopping_rounds: 40,
        max_depth: 4,
        eta: 0.09,
        min_child_weight: 3,
        subsample: 0.8,
        colsample_bytree: 0.5,
        reg_lambda: 5,
        reg_alpha: 0,
        gamma: 0,
        max_bin: 64,
        seed: 2026,
      },
    },
  ],

  gate: {
    primary: "rocAuc",
    alpha: 0.05,
    looks: 52,
    replicates: 1000,
    minRows: 5000,
    slices: { columns: ["age", "gender", "race"], minPerClass: 50, margin: 0.02 },
    calibration: { slope: [0.8, 1.25], meanZ: 3 },
    budgets: { scoreMicros: 500, artifactMiB: 20 },
  },

  retraining: { coolDownMinutes: 15, dailyBudget: 6, timeoutMinutes: 60 },
  serving: { mode: "realtime", maxRecords: 1000, maxBodyKiB: 1024 },
  monitoring: { capturePercent: 100, driftedShare: 0.3 },
});
