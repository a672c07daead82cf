-- Adds the same patient's earlier encounters to each encounter. Only rows with a smaller encounter_id are read, so what
-- happens later never changes a row.
--
-- encounter_id stands for time: the ids of the ten years 1999 to 2008 run from 12,522 to 443,867,222 in order of
-- registration. The window is counted in ids, 88 million of them, which is about two years. Without a window the counts
-- would start at zero in 1999 and grow with the age of the data set instead of the state of the patient; with it, the
-- first two years still do.
--
-- Whether an earlier encounter was followed by a readmission (`readmitted`) is not used: it becomes known after the
-- next encounter has begun, and in 456 cases this column contradicts the encounters themselves.
--
-- The windows run over the few columns that they read, and the rows join what came out: sorting whole rows would take
-- two and a half times the memory (`make bench-features`).
WITH history AS (
  SELECT
    encounter_id,
    COUNT(*) OVER earlier AS prior_encounters,
    CAST(COALESCE(SUM(CAST(time_in_hospital AS BIGINT)) OVER earlier, 0) AS BIGINT) AS prior_days_in_hospital,
    CAST(COALESCE(SUM(CASE WHEN admission_type_id = '1' THEN 1 ELSE 0 END) OVER earlier, 0) AS BIGINT)
      AS prior_emergency_admissions,
    COALESCE(MAX(CAST(number_inpatient AS BIGINT)) OVER earlier, 0) AS prior_peak_inpatient
  FROM source
  WINDOW earlier AS (
    PARTITION BY patient_nbr
    ORDER BY CAST(encounter_id AS BIGINT)
    RANGE BETWEEN 88000000 PRECEDING AND 1 PRECEDING
  )
)
SELECT source.*, prior_encounters, prior_days_in_hospital, prior_emergency_admissions, prior_peak_inpatient
FROM source
JOIN history USING (encounter_id)
