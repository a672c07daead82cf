-- One row per injury. A player who changes clubs is listed under both of them: 999 rows repeat player, first day and injury,
-- and the first of each is kept. The spellings of an injury differ in upper and lower case alone.
WITH listed AS (
  SELECT
    player_id || ' ' || started || ' ' || injury AS row_id,
    *
  FROM (
    SELECT
      player_id,
      LOWER(TRIM("Injury")) AS injury,
      -- 1/28/2021 becomes 2021-01-28.
      SPLIT_PART(injury_from_parsed, '/', 3) || '-' || LPAD(SPLIT_PART(injury_from_parsed, '/', 1), 2, '0')
        || '-' || LPAD(SPLIT_PART(injury_from_parsed, '/', 2), 2, '0') AS started,
      SPLIT_PART(injury_until_parsed, '/', 3) || '-' || LPAD(SPLIT_PART(injury_until_parsed, '/', 1), 2, '0')
        || '-' || LPAD(SPLIT_PART(injury_until_parsed, '/', 2), 2, '0') AS ended,
      SPLIT_PART("Days", ' ', 1) AS days,
      player_age AS age,
      player_position AS position,
      league,
      file_row
    FROM files
  ) AS parsed
),

numbered AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY row_id ORDER BY file_row) AS listing
  FROM listed
)

SELECT row_id, player_id, injury, started, ended, days, age, position, league
FROM numbered
WHERE listing = 1
