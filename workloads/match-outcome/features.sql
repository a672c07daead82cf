-- Adds the form of both teams as it stood before the match.
--
-- A state older than 800 days, two years out of the league, is not used: here as at the endpoint, where `maxAge` of the spec
-- says the same. Such a team, like one that was never there, has no form.
SELECT
  source.*,
  own.attack AS team_attack,
  own.defence AS team_defence,
  own.strength AS team_strength,
  own.shot_attack AS team_shot_attack,
  own.shot_defence AS team_shot_defence,
  own.matches AS team_matches,
  own.surprise_10 AS team_surprise_10,
  own.shot_surprise_10 AS team_shot_surprise_10,
  own.goals_for_5 AS team_goals_for_5,
  own.goals_against_5 AS team_goals_against_5,
  own.shots_for_5 AS team_shots_for_5,
  own.shots_against_5 AS team_shots_against_5,
  own.on_target_for_5 AS team_on_target_for_5,
  own.on_target_against_5 AS team_on_target_against_5,
  other.attack AS opponent_attack,
  other.defence AS opponent_defence,
  other.strength AS opponent_strength,
  other.shot_attack AS opponent_shot_attack,
  other.shot_defence AS opponent_shot_defence,
  other.matches AS opponent_matches,
  other.surprise_10 AS opponent_surprise_10,
  other.shot_surprise_10 AS opponent_shot_surprise_10,
  other.goals_for_5 AS opponent_goals_for_5,
  other.goals_against_5 AS opponent_goals_against_5,
  other.shots_for_5 AS opponent_shots_for_5,
  other.shots_against_5 AS opponent_shots_against_5,
  other.on_target_for_5 AS opponent_on_target_for_5,
  other.on_target_against_5 AS opponent_on_target_against_5
FROM source
LEFT JOIN team_form AS own
  ON own.team = source.team
  AND own.valid_from < source.date
  AND (own.valid_to >= source.date OR own.valid_to IS NULL)
  AND DATE_DIFF('day', CAST(own.valid_from AS DATE), CAST(source.date AS DATE)) <= 800
LEFT JOIN team_form AS other
  ON other.team = source.opponent
  AND other.valid_from < source.date
  AND (other.valid_to >= source.date OR other.valid_to IS NULL)
  AND DATE_DIFF('day', CAST(other.valid_from AS DATE), CAST(source.date AS DATE)) <= 800
