import type { WorkloadSpecInput } from "@perennial/contracts";

type Columns = WorkloadSpecInput["source"]["columns"];

/** Whether something is the case, in the words of the source. */
const flag = (description: string): Columns[string] => ({
  type: "category",
  description,
  levels: ["FALSE", "TRUE"],
  closed: true,
  required: true,
});

/** What is known of a member and the insurance when the year begins. */
export const known: Columns = {
  AGE: { type: "integer", description: "Age of the member", unit: "years", min: 0, max: 120, required: true },
  ANNUALCONTRIBUTION: {
    type: "number",
    description: "Contribution for the year, set by the scheme",
    unit: "ZWL",
    min: 0,
    max: 1e9,
    required: true,
  },
  GENDER_M: flag("Whether the member is a man"),
  SCHEMETYPE_MEDIUM: flag("Whether the scheme is a medium one"),
  SCHEMETYPE_PREMIUM: flag("Whether the scheme is a premium one"),
  DIAGNOSIS_HYPERTENSION: flag("Whether the diagnosis is hypertension; else it is diabetes"),
  COVERTYPE_STANDARD: flag("Whether the cover is the standard one"),
  COMORBIDITY_NO_COMORBIDITY: flag("Whether the member has no other disease on record"),
  COMPLICATIONDEVELOPMENT_NO_COMPLICATION: flag("Whether no complication has developed"),
};

/** What the year adds up to: known once it is over, and no earlier. */
export const totals: Columns = {
  ANNUALCLAIMAMOUNT: {
    type: "number",
    description: "Claims of the year",
    unit: "ZWL",
    min: 0,
    max: 1e12,
    required: true,
  },
  UNITSTOTAL: {
    type: "number",
    description: "Units of medication dispensed in the year",
    unit: "units",
    min: 0,
    max: 1e9,
    required: true,
  },
};
