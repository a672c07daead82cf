import type { WorkloadSpecInput } from "@perennial/contracts";
import { AGE_BANDS, drugs, ICD9_CODE, SPECIALTIES } from "./vocabulary.ts";

const day = { type: "integer", unit: "days", min: 1, max: 14 } as const;
const visits = { type: "integer", unit: "visits", min: 0, max: 200, required: true } as const;

/** What the model may read of an encounter. Limits are what a hospital can mean, wider than what the source holds. */
export const columns: WorkloadSpecInput["source"]["columns"] = {
  race: {
    type: "category",
    description: "Race as recorded",
    levels: ["Caucasian", "AfricanAmerican", "Hispanic", "Asian", "Other"],
  },
  gender: {
    type: "category",
    description: "Sex as recorded",
    levels: ["Female", "Male", "Unknown/Invalid"],
    closed: true,
    required: true,
  },
  age: {
    type: "category",
    description: "Age in bands of ten years",
    levels: AGE_BANDS,
    closed: true,
    required: true,
  },
  admission_type_id: {
    type: "category",
    description: "Type of admission, code of IDs_mapping: 1 emergency, 2 urgent, 3 elective …",
    levels: codes(1, 8),
    closed: true,
    required: true,
  },
  discharge_disposition_id: {
    type: "category",
    description: "Where the patient went, code of IDs_mapping: 1 home, 3 skilled nursing facility …",
    levels: codes(1, 30),
    closed: true,
    required: true,
  },
  admission_source_id: {
    type: "category",
    description: "Where the patient came from, code of IDs_mapping: 1 referral, 7 emergency room …",
    levels: codes(1, 26),
    closed: true,
    required: true,
  },
  time_in_hospital: { ...day, description: "Length of the stay", required: true },
  medical_specialty: {
    type: "category",
    description: "Specialty of the admitting physician",
    levels: [...SPECIALTIES],
  },
  num_lab_procedures: {
    type: "integer",
    description: "Laboratory tests during the stay",
    unit: "tests",
    min: 0,
    max: 300,
    required: true,
  },
  num_procedures: {
    type: "integer",
    description: "Procedures other than laboratory tests during the stay",
    unit: "procedures",
    min: 0,
    max: 50,
    required: true,
  },
  num_medications: {
    type: "integer",
    description: "Different medications given during the stay",
    unit: "medications",
    min: 0,
    max: 200,
    required: true,
  },
  number_outpatient: { ...visits, description: "Outpatient visits in the year before" },
  number_emergency: { ...visits, description: "Emergency visits in the year before" },
  number_inpatient: { ...visits, description: "Inpatient stays in the year before" },
  diag_1: { type: "code", description: "Primary diagnosis, ICD-9", pattern: ICD9_CODE },
  diag_2: { type: "code", description: "Secondary diagnosis, ICD-9", pattern: ICD9_CODE },
  diag_3: { type: "code", description: "Additional secondary diagnosis, ICD-9", pattern: ICD9_CODE },
  number_diagnoses: {
    type: "integer",
    description: "Diagnoses on record",
    unit: "diagnoses",
    min: 0,
    max: 50,
    required: true,
  },
  max_glu_serum: {
    type: "category",
    description: "Range of the glucose serum test; None: not measured",
    levels: ["None", "Norm", ">200", ">300"],
    closed: true,
  },
  A1Cresult: {
    type: "category",
    description: "Range of the HbA1c test; None: not measured",
    levels: ["None", "Norm", ">7", ">8"],
    closed: true,
  },
  ...drugs.columns,
  change: {
    type: "category",
    description: "Whether any diabetes medication was changed (Ch)",
    levels: ["No", "Ch"],
    closed: true,
  },
  diabetesMed: {
    type: "category",
    description: "Whether any diabetes medication was prescribed",
    levels: ["No", "Yes"],
    closed: true,
  },
};

function codes(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
}
