// Written by `npm run emit` from the workload's spec. Change the spec, not this file.
import type { HealthPredict } from "./health-predict.ts";
import type { HospitalReadmission } from "./hospital-readmission.ts";
import type { InjuryDuration } from "./injury-duration.ts";
import type { InjuryDurationFootball } from "./injury-duration-football.ts";
import type { InjuryDurationSeedSplit } from "./injury-duration-seed-split.ts";
import type { MatchOutcome } from "./match-outcome.ts";
import type { MatchOutcomeRealMadrid } from "./match-outcome-real-madrid.ts";
import type { MedicationAdherence } from "./medication-adherence.ts";
import type { MedicationAdherenceInAdvance } from "./medication-adherence-in-advance.ts";

/** What each workload reads and answers. */
export interface Workloads {
  "health-predict": HealthPredict;
  "hospital-readmission": HospitalReadmission;
  "injury-duration": InjuryDuration;
  "injury-duration-football": InjuryDurationFootball;
  "injury-duration-seed-split": InjuryDurationSeedSplit;
  "match-outcome": MatchOutcome;
  "match-outcome-real-madrid": MatchOutcomeRealMadrid;
  "medication-adherence": MedicationAdherence;
  "medication-adherence-in-advance": MedicationAdherenceInAdvance;
}

/** What the client has to know of a workload when it runs: its task, and the most that one request may be. */
export const LIMITS = {
  "health-predict": { kind: "binary", maxRecords: 1000, maxBodyKiB: 1024 },
  "hospital-readmission": { kind: "binary", maxRecords: 1000, maxBodyKiB: 1024 },
  "injury-duration": { kind: "regression", maxRecords: 1000, maxBodyKiB: 1024 },
  "injury-duration-football": { kind: "regression", maxRecords: 1000, maxBodyKiB: 1024 },
  "injury-duration-seed-split": { kind: "regression", maxRecords: 1000, maxBodyKiB: 1024 },
  "match-outcome": { kind: "multiclass", maxRecords: 1000, maxBodyKiB: 1024 },
  "match-outcome-real-madrid": { kind: "multiclass", maxRecords: 1000, maxBodyKiB: 1024 },
  "medication-adherence": { kind: "binary", maxRecords: 1000, maxBodyKiB: 1024 },
  "medication-adherence-in-advance": { kind: "binary", maxRecords: 1000, maxBodyKiB: 1024 },
} as const;
