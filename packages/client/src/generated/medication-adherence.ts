// Written by `npm run emit` from the workload's spec. Change the spec, not this file.

/** Medication adherence, at year's end: Probability that a member with diabetes or hypertension has collected at least 9 of the year's 12 refills, told from the year's claims. */
export interface MedicationAdherenceRecord {
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
  /** Claims of the year. A number from 0 to 1000000000000 (ZWL). */
  ANNUALCLAIMAMOUNT: number;
  /** Units of medication dispensed in the year. A number from 0 to 1000000000 (units). */
  UNITSTOTAL: number;
}

export interface MedicationAdherence {
  record: MedicationAdherenceRecord;
  task: { kind: "binary" };
}
