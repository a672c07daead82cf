-- A match is one row of the file and two rows of the model: as the home team sees it, and as the visitor does.
--
-- Villarreal is spelled Villareal in 1998-99.
WITH matches AS (
  SELECT
    "Season" AS season,
    "Date" AS date,
    CASE WHEN "HomeTeam" = 'Villareal' THEN 'Villarreal' ELSE "HomeTeam" END AS home,
    CASE WHEN "AwayTeam" = 'Villareal' THEN 'Villarreal' ELSE "AwayTeam" END AS away,
    "FTHG" AS home_goals,
    "FTAG" AS away_goals,
    "FTR" AS winner,
    "HS" AS home_shots,
    "AS" AS away_shots,
    "HST" AS home_on_target,
    "AST" AS away_on_target
  FROM files
)
SELECT
  date || ' ' || home || ' - ' || away || ', home' AS row_id,
  date || ' ' || home || ' - ' || away AS match_id,
  season,
  date,
  home AS team,
  away AS opponent,
  'home' AS venue,
  CASE winner WHEN 'H' THEN 'win' WHEN 'D' THEN 'draw' WHEN 'A' THEN 'loss' END AS result,
  home_goals AS goals_for,
  away_goals AS goals_against,
  home_shots AS shots_for,
  away_shots AS shots_against,
  home_on_target AS on_target_for,
  away_on_target AS on_target_against
FROM matches
UNION ALL
SELECT
  date || ' ' || home || ' - ' || away || ', away' AS row_id,
  date || ' ' || home || ' - ' || away AS match_id,
  season,
  date,
  away AS team,
  home AS opponent,
  'away' AS venue,
  CASE winner WHEN 'A' THEN 'win' WHEN 'D' THEN 'draw' WHEN 'H' THEN 'loss' END AS result,
  away_goals AS goals_for,
  home_goals AS goals_against,
  away_shots AS shots_for,
  home_shots AS shots_against,
  away_on_target AS on_target_for,
  home_on_target AS on_target_against
FROM matches
