// Written by `npm run emit` from the workload's spec. Change the spec, not this file.

/** Any readmission: Probability that a patient with diabetes is ever admitted again after leaving hospital, answered at discharge. */
export interface HealthPredictRecord {
  /** Race as recorded. Other texts count as unseen. */
  race?: "Caucasian" | "AfricanAmerican" | "Hispanic" | "Asian" | "Other" | (string & {}) | null | undefined;
  /** Sex as recorded. */
  gender: "Female" | "Male" | "Unknown/Invalid";
  /** Age in bands of ten years. */
  age: "[0-10)" | "[10-20)" | "[20-30)" | "[30-40)" | "[40-50)" | "[50-60)" | "[60-70)" | "[70-80)" | "[80-90)" | "[90-100)";
  /** Type of admission, code of IDs_mapping: 1 emergency, 2 urgent, 3 elective …. */
  admission_type_id: "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;
  /** Where the patient went, code of IDs_mapping: 1 home, 3 skilled nursing facility …. Not answered for 11, 19, 20, 21: the patient died: there is no readmission to foresee. Not answered for 13, 14: the patient went to a hospice: a readmission isn't what care aims to avoid. */
  discharge_disposition_id: "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "10" | "11" | "12" | "13" | "14" | "15" | "16" | "17" | "18" | "19" | "20" | "21" | "22" | "23" | "24" | "25" | "26" | "27" | "28" | "29" | "30" | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 | 16 | 17 | 18 | 19 | 20 | 21 | 22 | 23 | 24 | 25 | 26 | 27 | 28 | 29 | 30;
  /** Where the patient came from, code of IDs_mapping: 1 referral, 7 emergency room …. */
  admission_source_id: "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "10" | "11" | "12" | "13" | "14" | "15" | "16" | "17" | "18" | "19" | "20" | "21" | "22" | "23" | "24" | "25" | "26" | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 | 16 | 17 | 18 | 19 | 20 | 21 | 22 | 23 | 24 | 25 | 26;
  /** Length of the stay. A whole number from 1 to 14 (days). */
  time_in_hospital: number;
  /** Specialty of the admitting physician. Other texts count as unseen. */
  medical_specialty?: "AllergyandImmunology" | "Anesthesiology" | "Anesthesiology-Pediatric" | "Cardiology" | "Cardiology-Pediatric" | "DCPTEAM" | "Dentistry" | "Dermatology" | "Emergency/Trauma" | "Endocrinology" | "Endocrinology-Metabolism" | "Family/GeneralPractice" | "Gastroenterology" | "Gynecology" | "Hematology" | "Hematology/Oncology" | "Hospitalist" | "InfectiousDiseases" | "InternalMedicine" | "Nephrology" | "Neurology" | "Neurophysiology" | "Obsterics&Gynecology-GynecologicOnco" | "Obstetrics" | "ObstetricsandGynecology" | "Oncology" | "Ophthalmology" | "Orthopedics" | "Orthopedics-Reconstructive" | "Osteopath" | "Otolaryngology" | "OutreachServices" | "Pathology" | "Pediatrics" | "Pediatrics-AllergyandImmunology" | "Pediatrics-CriticalCare" | "Pediatrics-EmergencyMedicine" | "Pediatrics-Endocrinology" | "Pediatrics-Hematology-Oncology" | "Pediatrics-InfectiousDiseases" | "Pediatrics-Neurology" | "Pediatrics-Pulmonology" | "Perinatology" | "PhysicalMedicineandRehabilitation" | "PhysicianNotFound" | "Podiatry" | "Proctology" | "Psychiatry" | "Psychiatry-Addictive" | "Psychiatry-Child/Adolescent" | "Psychology" | "Pulmonology" | "Radiologist" | "Radiology" | "Resident" | "Rheumatology" | "Speech" | "SportsMedicine" | "Surgeon" | "Surgery-Cardiovascular" | "Surgery-Cardiovascular/Thoracic" | "Surgery-Colon&Rectal" | "Surgery-General" | "Surgery-Maxillofacial" | "Surgery-Neuro" | "Surgery-Pediatric" | "Surgery-Plastic" | "Surgery-PlasticwithinHeadandNeck" | "Surgery-Thoracic" | "Surgery-Vascular" | "SurgicalSpecialty" | "Urology" | (string & {}) | null | undefined;
  /** Laboratory tests during the stay. A whole number from 0 to 300 (tests). */
  num_lab_procedures: number;
  /** Procedures other than laboratory tests during the stay. A whole number from 0 to 50 (procedures). */
  num_procedures: number;
  /** Different medications given during the stay. A whole number from 0 to 200 (medications). */
  num_medications: number;
  /** Outpatient visits in the year before. A whole number from 0 to 200 (visits). */
  number_outpatient: number;
  /** Emergency visits in the year before. A whole number from 0 to 200 (visits). */
  number_emergency: number;
  /** Inpatient stays in the year before. A whole number from 0 to 200 (visits). */
  number_inpatient: number;
  /** Primary diagnosis, ICD-9. A text that matches (\d{1,3}|V\d{1,2}|E\d{3})(\.\d{1,2})? */
  diag_1?: string | null | undefined;
  /** Secondary diagnosis, ICD-9. A text that matches (\d{1,3}|V\d{1,2}|E\d{3})(\.\d{1,2})? */
  diag_2?: string | null | undefined;
  /** Additional secondary diagnosis, ICD-9. A text that matches (\d{1,3}|V\d{1,2}|E\d{3})(\.\d{1,2})? */
  diag_3?: string | null | undefined;
  /** Diagnoses on record. A whole number from 0 to 50 (diagnoses). */
  number_diagnoses: number;
  /** Range of the glucose serum test; None: not measured. */
  max_glu_serum?: "None" | "Norm" | ">200" | ">300" | null | undefined;
  /** Range of the HbA1c test; None: not measured. */
  A1Cresult?: "None" | "Norm" | ">7" | ">8" | null | undefined;
  /** Whether metformin was prescribed and its dose changed. */
  metformin?: "No" | "Down" | "Steady" | "Up" | null | undefined;
  /** Whether repaglinide was prescribed and its dose changed. */
  repaglinide?: "No" | "Down" | "Steady" | "Up" | null | undefined;
  /** Whether nateglinide was prescribed and its dose changed. */
  nateglinide?: "No" | "Down" | "Steady" | "Up" | null | undefined;
  /** Whether glimepiride was prescribed and its dose changed. */
  glimepiride?: "No" | "Down" | "Steady" | "Up" | null | undefined;
  /** Whether glipizide was prescribed and its dose changed. */
  glipizide?: "No" | "Down" | "Steady" | "Up" | null | undefined;
  /** Whether glyburide was prescribed and its dose changed. */
  glyburide?: "No" | "Down" | "Steady" | "Up" | null | undefined;
  /** Whether pioglitazone was prescribed and its dose changed. */
  pioglitazone?: "No" | "Down" | "Steady" | "Up" | null | undefined;
  /** Whether rosiglitazone was prescribed and its dose changed. */
  rosiglitazone?: "No" | "Down" | "Steady" | "Up" | null | undefined;
  /** Whether acarbose was prescribed and its dose changed. */
  acarbose?: "No" | "Down" | "Steady" | "Up" | null | undefined;
  /** Whether insulin was prescribed and its dose changed. */
  insulin?: "No" | "Down" | "Steady" | "Up" | null | undefined;
  /** Whether glyburide-metformin was prescribed and its dose changed. */
  "glyburide-metformin"?: "No" | "Down" | "Steady" | "Up" | null | undefined;
  /** Whether any diabetes medication was changed (Ch). */
  change?: "No" | "Ch" | null | undefined;
  /** Whether any diabetes medication was prescribed. */
  diabetesMed?: "No" | "Yes" | null | undefined;
}

export interface HealthPredict {
  record: HealthPredictRecord;
  task: { kind: "binary" };
}
