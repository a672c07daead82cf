import { defineWorkload } from "@perennial/contracts";
import { columns } from "../hospital-readmission/columns.ts";
import { examples } from "./examples.ts";
import { features } from "./features.ts";
import { algorithms } from "./algorithms.ts";

const RARELY_GIVEN = "given in fewer than 60 of the 20,353 encounters";

export default defineWorkload({
  name: "health-predict",
  title: "Any readmission",
  description:
    "Probability that a patient with diabetes is ever admitted again after leaving hospital, answered at discharge.",

  source: {
    path: "data/first_fifth.csv.gz",
    licence: "CC BY 4.0 (UCI Machine Learning Repository, doi:10.24432/C5230J); de-identified",
    citation:
      "Strack B. et al., Impact of HbA1c Measurement on Hospital Readmission Rates, BioMed Research International 2014, 781670, doi:10.1155/2014/781670",
    missingMarkers: ["?"],
    minRows: 10_000,
    key: "encounter_id",
    time: "encounter_id",
    unused: {
      encounter_id: "identifies the encounter",
      patient_nbr: "identifies the patient",
      readmitted: "the outcome",
      weight: "missing in 97 % of the encounters",
      payer_code: "missing in all of these encounters; its recording began later",
      examide: "never given",
      citoglipton: "never given",
      acetohexamide: "never given",
      troglitazone: RARELY_GIVEN,
      tolbutamide: RARELY_GIVEN,
      miglitol: RARELY_GIVEN,
      tolazamide: RARELY_GIVEN,
      chlorpropamide: RARELY_GIVEN,
      "glipizide-metformin": "never given",
      "glimepiride-pioglitazone": "never given",
      "metformin-rosiglitazone": "never given",
      "metformin-pioglitazone": "never given",
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

  derived: {},

  task: {
    kind: "binary",
    target: "readmitted",
    positive: ["<30", ">30"],
    negative: ["NO"],
    outcome: "readmitted",
    prior: 0.479,
    threshold: { maximise: "f1" },
  },

  split: {
    by: "hash",
    group: "patient_nbr",
    salt: "perennial/health-predict/2026",
    shares: { train: 0.56, validation: 0.08, calibration: 0.08, holdout: 0.14, audit: 0.14 },
  },

  features,
  examples,
  algorithms,

  search: {
    trials: 50,
    minutes: 10,
    folds: 3,
    pruning: { minRounds: 20, reductionFactor: 2 },
    seed: 2026,
  },

  checks: {
    missing: { race: 0.1, medical_specialty: 0.7, diag_1: 0.01, diag_2: 0.03, diag_3: 0.1 },
    duplicateShare: 0,
    minClassShare: 0.2,
    singleColumnStrength: 0.5,
  },

  gate: {
    primary: "rocAuc",
    alpha: 0.05,
    looks: 52,
    replicates: 1000,
    minRows: 1500,
    slices: { columns: ["age", "gender", "race"], minPerClass: 50, margin: 0.02 },
    calibration: { slope: [0.75, 1.35], meanZ: 3 },
    budgets: { scoreMicros: 500, artifactMiB: 20 },
  },

  retraining: { coolDownMinutes: 15, dailyBudget: 6, timeoutMinutes: 60 },
  serving: { mode: "realtime", maxRecords: 1000, maxBodyKiB: 1024 },
  monitoring: { capturePercent: 100, driftedShare: 0.3 },
});
