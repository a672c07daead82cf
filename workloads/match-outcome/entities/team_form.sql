-- A team's form after each of its matches: the state that holds from the day after the match until its next one.
--
-- Sums are of whole numbers, so that the same rows give the same digits on every engine and in every order; the one
-- division comes last. Shots are known from 2005-06 on, and so are the states that speak of them.
WITH played AS (
  SELECT
    team,
    opponent,
    date,
    CAST(goals_for AS BIGINT) AS goals_for,
    CAST(goals_against AS BIGINT) AS goals_against,
    CAST(shots_for AS BIGINT) AS shots_for,
    CAST(shots_against AS BIGINT) AS shots_against,
    CAST(on_target_for AS BIGINT) AS on_target_for,
    CAST(on_target_against AS BIGINT) AS on_target_against,
    -- Half of what playing at home is worth, in hundredths of a goal and of a shot on target (1993 to 2018: 23 and 58).
    CASE venue WHEN 'home' THEN 23 ELSE -23 END AS goals_at_home,
    CASE venue WHEN 'home' THEN 58 ELSE -58 END AS on_target_at_home
  FROM source
),

-- Sums over the latest matches. A match counts the more the later it was: six times within the last 10, then 5, 4, 2 times,
-- and once back to the 114th, three seasons ago.
summed AS (
  SELECT
    *,
    COUNT(*) OVER last_114 AS matches,
    COUNT(*) OVER last_10 + COUNT(*) OVER last_19 + 2 * COUNT(*) OVER last_38 + COUNT(*) OVER last_76
      + COUNT(*) OVER last_114 AS weight,
    COUNT(on_target_for) OVER last_10 + COUNT(on_target_for) OVER last_19 + 2 * COUNT(on_target_for) OVER last_38
      + COUNT(on_target_for) OVER last_76 + COUNT(on_target_for) OVER last_114 AS shot_weight,
    SUM(100 * goals_for - goals_at_home) OVER last_10 + SUM(100 * goals_for - goals_at_home) OVER last_19
      + 2 * SUM(100 * goals_for - goals_at_home) OVER last_38 + SUM(100 * goals_for - goals_at_home) OVER last_76
      + SUM(100 * goals_for - goals_at_home) OVER last_114 AS weighted_for,
    SUM(100 * goals_against + goals_at_home) OVER last_10 + SUM(100 * goals_against + goals_at_home) OVER last_19
      + 2 * SUM(100 * goals_against + goals_at_home) OVER last_38
      + SUM(100 * goals_against + goals_at_home) OVER last_76
      + SUM(100 * goals_against + goals_at_home) OVER last_114 AS weighted_against,
    SUM(100 * on_target_for - on_target_at_home) OVER last_10
      + SUM(100 * on_target_for - on_target_at_home) OVER last_19
      + 2 * SUM(100 * on_target_for - on_target_at_home) OVER last_38
      + SUM(100 * on_target_for - on_target_at_home) OVER last_76
      + SUM(100 * on_target_for - on_target_at_home) OVER last_114 AS weighted_on_target_for,
    SUM(100 * on_target_against + on_target_at_home) OVER last_10
      + SUM(100 * on_target_against + on_target_at_home) OVER last_19
      + 2 * SUM(100 * on_target_against + on_target_at_home) OVER last_38
      + SUM(100 * on_target_against + on_target_at_home) OVER last_76
      + SUM(100 * on_target_against + on_target_at_home) OVER last_114 AS weighted_on_target_against
  FROM played
  WINDOW
    last_10 AS (PARTITION BY team ORDER BY date ROWS BETWEEN 9 PRECEDING AND CURRENT ROW),
    last_19 AS (PARTITION BY team ORDER BY date ROWS BETWEEN 18 PRECEDING AND CURRENT ROW),
    last_38 AS (PARTITION BY team ORDER BY date ROWS BETWEEN 37 PRECEDING AND CURRENT ROW),
    last_76 AS (PARTITION BY team ORDER BY date ROWS BETWEEN 75 PRECEDING AND CURRENT ROW),
    last_114 AS (PARTITION BY team ORDER BY date ROWS BETWEEN 113 PRECEDING AND CURRENT ROW)
),

-- Ratings in ten thousandths of a goal or shot a match. Each is drawn towards that of a promoted team (1.1 goals for and 1.5
-- against, 4 and 4.5 shots on target) with the weight of 16 matches of long ago, as long as a team has played few.
rated AS (
  SELECT
    *,
    CAST(FLOOR(CAST(100 * (weighted_for + 16 * 110) AS DOUBLE) / (weight + 16)) AS BIGINT) AS attack,
    CAST(FLOOR(CAST(100 * (weighted_against + 16 * 150) AS DOUBLE) / (weight + 16)) AS BIGINT) AS defence,
    CASE WHEN shot_weight > 0 THEN
      CAST(FLOOR(CAST(100 * (weighted_on_target_for + 16 * 400) AS DOUBLE) / (shot_weight + 16)) AS BIGINT)
    END AS shot_attack,
    CASE WHEN shot_weight > 0 THEN
      CAST(FLOOR(CAST(100 * (weighted_on_target_against + 16 * 450) AS DOUBLE) / (shot_weight + 16)) AS BIGINT)
    END AS shot_defence
  FROM summed
),

-- What each team was rated when the match began.
entered AS (
  SELECT
    *,
    LAG(attack - defence) OVER by_day AS strength_before,
    LAG(shot_attack - shot_defence) OVER by_day AS shot_strength_before
  FROM rated
  WINDOW by_day AS (PARTITION BY team ORDER BY date)
),

-- By how much a match went better than the ratings of both had it, in ten thousandths: this is where the strength of the
-- opponents counts. Goals beyond a margin of three say little more; a team without a rating counts as a promoted one.
surprised AS (
  SELECT
    own.*,
    10000 * GREATEST(-3, LEAST(3, own.goals_for - own.goals_against)) - 200 * own.goals_at_home
      - COALESCE(own.strength_before, -4000) + COALESCE(other.strength_before, -4000) AS surprise,
    10000 * (own.on_target_for - own.on_target_against) - 200 * own.on_target_at_home
      - COALESCE(own.shot_strength_before, -5000) + COALESCE(other.shot_strength_before, -5000) AS shot_surprise
  FROM entered AS own
  JOIN entered AS other ON other.team = own.opponent AND other.date = own.date
)

SELECT
  team,
  date AS valid_from,
  LEAD(date) OVER (PARTITION BY team ORDER BY date) AS valid_to,
  matches,
  attack / 10000.0E0 AS attack,
  defence / 10000.0E0 AS defence,
  (attack - defence) / 10000.0E0 AS strength,
  shot_attack / 10000.0E0 AS shot_attack,
  shot_defence / 10000.0E0 AS shot_defence,
  CAST(SUM(surprise) OVER last_10 AS DOUBLE) / (10000 * (COUNT(*) OVER last_10 + 3)) AS surprise_10,
  CAST(SUM(shot_surprise) OVER last_10 AS DOUBLE) / (10000 * (COUNT(shot_surprise) OVER last_10 + 3)) AS shot_surprise_10,
  CAST(SUM(goals_for) OVER last_5 AS DOUBLE) / COUNT(*) OVER last_5 AS goals_for_5,
  CAST(SUM(goals_against) OVER last_5 AS DOUBLE) / COUNT(*) OVER last_5 AS goals_against_5,
  CAST(SUM(shots_for) OVER last_5 AS DOUBLE) / COUNT(shots_for) OVER last_5 AS shots_for_5,
  CAST(SUM(shots_against) OVER last_5 AS DOUBLE) / COUNT(shots_against) OVER last_5 AS shots_against_5,
  CAST(SUM(on_target_for) OVER last_5 AS DOUBLE) / COUNT(on_target_for) OVER last_5 AS on_target_for_5,
  CAST(SUM(on_target_against) OVER last_5 AS DOUBLE) / COUNT(on_target_against) OVER last_5 AS on_target_against_5
FROM surprised
WINDOW
  last_5 AS (PARTITION BY team ORDER BY date ROWS BETWEEN 4 PRECEDING AND CURRENT ROW),
  last_10 AS (PARTITION BY team ORDER BY date ROWS BETWEEN 9 PRECEDING AND CURRENT ROW)
