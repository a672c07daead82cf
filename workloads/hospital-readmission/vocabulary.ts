import type { Feature } from "@perennial/contracts";

/** Age in years, ten at a time: [0-10) to [90-100). */
export const AGE_BANDS = Array.from({ length: 10 }, (_, decade) => `[${decade * 10}-${decade * 10 + 10})`);

/** An ICD-9 code as the source writes it: leading zeros lost, V codes of two digits, E codes of three. */
export const ICD9_CODE = String.raw`(\d{1,3}|V\d{1,2}|E\d{3})(\.\d{1,2})?`;

/** Levels of a drug column in order of the dose's change. */
const DOSES = ["No", "Down", "Steady", "Up"];
export const GIVEN = ["Down", "Steady", "Up"];
export const CHANGED = ["Down", "Up"];

const DRUGS = [
  "metformin",
  "repaglinide",
  "nateglinide",
  "glimepiride",
  "glipizide",
  "glyburide",
  "pioglitazone",
  "rosiglitazone",
  "acarbose",
  "insulin",
  "glyburide-metformin",
];

export const drugs = {
  names: DRUGS,
  columns: Object.fromEntries(
    DRUGS.map((drug) => [
      drug,
      {
        type: "category" as const,
        description: `Whether ${drug} was prescribed and its dose changed`,
        levels: DOSES,
        closed: true,
      },
    ]),
  ),
  features: DRUGS.map((drug): Feature => ({
    kind: "ordinal",
    name: drug.replaceAll("-", "_"),
    column: drug,
    order: DOSES,
  })),
};

/**
 * Groups of ICD-9 codes. The first eight are those of Strack et al. 2014, table 2, with 140–239 alone as neoplasms; what is
 * left is divided along the chapters of ICD-9-CM. Symptoms, pregnancy, birth and congenital conditions are "other".
 */
const GROUPS: Extract<Feature, { kind: "codeGroup" }>["groups"] = [
  {
    name: "circulatory",
    ranges: [
      [390, 459],
      [785, 785],
    ],
    letters: [],
  },
  {
    name: "respiratory",
    ranges: [
      [460, 519],
      [786, 786],
    ],
    letters: [],
  },
  {
    name: "digestive",
    ranges: [
      [520, 579],
      [787, 787],
    ],
    letters: [],
  },
  { name: "diabetes", ranges: [[250, 250]], letters: [] },
  { name: "injury", ranges: [[800, 999]], letters: [] },
  { name: "musculoskeletal", ranges: [[710, 739]], letters: [] },
  {
    name: "genitourinary",
    ranges: [
      [580, 629],
      [788, 788],
    ],
    letters: [],
  },
  { name: "neoplasms", ranges: [[140, 239]], letters: [] },
  { name: "infection", ranges: [[1, 139]], letters: [] },
  {
    name: "metabolic",
    ranges: [
      [240, 249],
      [251, 279],
    ],
    letters: [],
  },
  { name: "blood", ranges: [[280, 289]], letters: [] },
  { name: "mental", ranges: [[290, 319]], letters: [] },
  { name: "nervous", ranges: [[320, 389]], letters: [] },
  {
    name: "skin",
    ranges: [
      [680, 709],
      [782, 782],
    ],
    letters: [],
  },
  { name: "supplementary", ranges: [], letters: ["E", "V"] },
];

/** One column per group of the diagnosis in `column`. */
export function diagnoses(column: string): Feature[] {
  return [{ kind: "codeGroup", name: column, column, groups: GROUPS, other: "other" }];
}

/** Specialties of the admitting physician that the source has. */
export const SPECIALTIES = [
  "AllergyandImmunology",
  "Anesthesiology",
  "Anesthesiology-Pediatric",
  "Cardiology",
  "Cardiology-Pediatric",
  "DCPTEAM",
  "Dentistry",
  "Dermatology",
  "Emergency/Trauma",
  "Endocrinology",
  "Endocrinology-Metabolism",
  "Family/GeneralPractice",
  "Gastroenterology",
  "Gynecology",
  "Hematology",
  "Hematology/Oncology",
  "Hospitalist",
  "InfectiousDiseases",
  "InternalMedicine",
  "Nephrology",
  "Neurology",
  "Neurophysiology",
  "Obsterics&Gynecology-GynecologicOnco",
  "Obstetrics",
  "ObstetricsandGynecology",
  "Oncology",
  "Ophthalmology",
  "Orthopedics",
  "Orthopedics-Reconstructive",
  "Osteopath",
  "Otolaryngology",
  "OutreachServices",
  "Pathology",
  "Pediatrics",
  "Pediatrics-AllergyandImmunology",
  "Pediatrics-CriticalCare",
  "Pediatrics-EmergencyMedicine",
  "Pediatrics-Endocrinology",
  "Pediatrics-Hematology-Oncology",
  "Pediatrics-InfectiousDiseases",
  "Pediatrics-Neurology",
  "Pediatrics-Pulmonology",
  "Perinatology",
  "PhysicalMedicineandRehabilitation",
  "PhysicianNotFound",
  "Podiatry",
  "Proctology",
  "Psychiatry",
  "Psychiatry-Addictive",
  "Psychiatry-Child/Adolescent",
  "Psychology",
  "Pulmonology",
  "Radiologist",
  "Radiology",
  "Resident",
  "Rheumatology",
  "Speech",
  "SportsMedicine",
  "Surgeon",
  "Surgery-Cardiovascular",
  "Surgery-Cardiovascular/Thoracic",
  "Surgery-Colon&Rectal",
  "Surgery-General",
  "Surgery-Maxillofacial",
  "Surgery-Neuro",
  "Surgery-Pediatric",
  "Surgery-Plastic",
  "Surgery-PlasticwithinHeadandNeck",
  "Surgery-Thoracic",
  "Surgery-Vascular",
  "SurgicalSpecialty",
  "Urology",
] as const;
