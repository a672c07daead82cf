// Written by `npm run emit` from the workload's spec. Change the spec, not this file.

/** Medication adherence, in advance: Probability that a member with diabetes or hypertension will collect at least 9 of the year's 12 refills, told from what is known when the year begins. */
export interface MedicationAdherenceInAdvanceRecord {
  /** Age of the member. A whole number from 0 to 120 (years). */
  AGE: number;
  /** Contribution for the year, set by the scheme. A number from 0 to 1000000000 (ZWL). */
  ANNUALCONTRIBUTION: number;
  /** Whether the member is a man. */
  GENDER_M: "FALSE" | "TRUE";
  /** Whether the scheme is a medium one. */
  SCHEMETYPE_MEDIUM: "FALSE" | "TRUE";
  /** Whether the scheme is a premium one. */
  SCHEMETYPE_PREMIUM: "FALSE" | "TRUE";
  /** Whether the diagnosis is hypertension; else it is diabetes. */
  DIAGNOSIS_HYPERTENSION: "FALSE" | "TRUE";
  /** Whether the cover is the standard one. */
  COVERTYPE_STANDARD: "FALSE" | "TRUE";
  /** Whether the member has no other disease on record. */
  COMORBIDITY_NO_COMORBIDITY: "FALSE" | "TRUE";
  /** Whether no complication has developed. */
  COMPLICATIONDEVELOPMENT_NO_COMPLICATION: "FALSE" | "TRUE";
}

export interface MedicationAdherenceInAdvance {
  record: MedicationAdherenceInAdvanceRecord;
  task: { kind: "binary" };
}
