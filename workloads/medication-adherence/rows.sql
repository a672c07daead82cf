-- The file has no key and no member id. Each distinct row is a claim: 13 of the 24,084 rows repeat another one in
-- everything and are dropped. Its key is a hash of what it says, so that it stays the same wherever the row stands.
--
-- `profile` is what can be told of the member whose claim it is: rows of one member share age, contribution and sex. The
-- diagnosis isn't in it, since a member with both diagnoses has a row for each (3,488 rows of either).
SELECT
  md5(
    concat_ws(
      ',', ADHERENCE, AGE, ANNUALCONTRIBUTION, ANNUALCLAIMAMOUNT, UNITSTOTAL, GENDER_M, SCHEMETYPE_MEDIUM,
      SCHEMETYPE_PREMIUM, DIAGNOSIS_HYPERTENSION, COVERTYPE_STANDARD, COMORBIDITY_NO_COMORBIDITY,
      COMPLICATIONDEVELOPMENT_NO_COMPLICATION
    )
  ) AS claim,
  MIN(file_row) AS claim_row,
  concat_ws('/', AGE, ANNUALCONTRIBUTION, GENDER_M) AS profile,
  ADHERENCE,
  AGE,
  ANNUALCONTRIBUTION,
  ANNUALCLAIMAMOUNT,
  UNITSTOTAL,
  GENDER_M,
  SCHEMETYPE_MEDIUM,
  SCHEMETYPE_PREMIUM,
  DIAGNOSIS_HYPERTENSION,
  COVERTYPE_STANDARD,
  COMORBIDITY_NO_COMORBIDITY,
  COMPLICATIONDEVELOPMENT_NO_COMPLICATION
FROM files
GROUP BY
  ADHERENCE,
  AGE,
  ANNUALCONTRIBUTION,
  ANNUALCLAIMAMOUNT,
  UNITSTOTAL,
  GENDER_M,
  SCHEMETYPE_MEDIUM,
  SCHEMETYPE_PREMIUM,
  DIAGNOSIS_HYPERTENSION,
  COVERTYPE_STANDARD,
  COMORBIDITY_NO_COMORBIDITY,
  COMPLICATIONDEVELOPMENT_NO_COMPLICATION
