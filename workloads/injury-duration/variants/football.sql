-- Adds what was known of the player when the injury began: states of injuries that had ended by then, none older than three
-- years (1,095 days, as `maxAge` of the spec).
SELECT
  source.*,
  past.last_day,
  past.last_days,
  past.injuries_in_2_years,
  past.days_in_2_years,
  past.longest_in_2_years
FROM source
LEFT JOIN player_injuries AS past
  ON past.player_id = source.player_id
  AND past.valid_from < source.started
  AND (past.valid_to >= source.started OR past.valid_to IS NULL)
  AND DATE_DIFF('day', CAST(past.valid_from AS DATE), CAST(source.started AS DATE)) <= 1095
