-- What is known of a player's injuries and illnesses after each of them has ended: before that, nobody knows how long it takes.
WITH ended AS (
  SELECT
    player_id,
    ended,
    DATE_DIFF('day', CAST('1970-01-01' AS DATE), CAST(ended AS DATE)) AS last_day,
    COUNT(*) AS injuries,
    SUM(CAST(days AS BIGINT)) AS days,
    MAX(CAST(days AS BIGINT)) AS longest
  FROM source
  GROUP BY player_id, ended
)

SELECT
  player_id,
  ended AS valid_from,
  LEAD(ended) OVER (PARTITION BY player_id ORDER BY ended) AS valid_to,
  last_day,
  longest AS last_days,
  CAST(SUM(injuries) OVER two_years AS BIGINT) AS injuries_in_2_years,
  CAST(SUM(days) OVER two_years AS BIGINT) AS days_in_2_years,
  MAX(longest) OVER two_years AS longest_in_2_years
FROM ended
WINDOW two_years AS (PARTITION BY player_id ORDER BY last_day RANGE BETWEEN 730 PRECEDING AND CURRENT ROW)
