// Written by `npm run emit` from the workload's spec. Change the spec, not this file.

/** Win, draw or loss of Real Madrid: Probabilities that Real Madrid wins, draws or loses, from the 140 prepared rows that a published model rests on. For comparison alone. */
export interface MatchOutcomeRealMadridRecord {
  /** 1 at home, 0 away. A whole number from 0 to 1. */
  venue_code: number;
  /** Number of the opponent in a list of 27 names. A whole number from 0 to 26. */
  opp_code: number;
  /** Hour of the kick-off. A whole number from 0 to 23. */
  hour: number;
  /** Weekday, Monday 0. A whole number from 0 to 6. */
  day_code: number;
  /** Goals, mean of the five matches before; the team. A number from 0 to 15. */
  gf_rolling: number;
  /** Goals conceded, mean of the five matches before; the team. A number from 0 to 15. */
  ga_rolling: number;
  /** Shots, mean of the five matches before; the team. A number from 0 to 60. */
  sh_rolling: number;
  /** Shots on target, mean of the five matches before; the team. A number from 0 to 60. */
  sot_rolling: number;
  /** Distance of the shots, in yards, mean of the five matches before; the team. A number from 0 to 120. */
  dist_rolling: number;
  /** Shots from free kicks, mean of the five matches before; the team. A number from 0 to 20. */
  fk_rolling: number;
  /** Penalties scored, mean of the five matches before; the team. A number from 0 to 10. */
  pk_rolling: number;
  /** Penalties taken, mean of the five matches before; the team. A number from 0 to 10. */
  pkatt_rolling: number;
  /** Goals, mean of the five matches before; another team, see README.md. A number from 0 to 15. */
  opp_gf_rolling: number;
  /** Goals conceded, mean of the five matches before; another team, see README.md. A number from 0 to 15. */
  opp_ga_rolling: number;
  /** Shots, mean of the five matches before; another team, see README.md. A number from 0 to 60. */
  opp_sh_rolling: number;
  /** Shots on target, mean of the five matches before; another team, see README.md. A number from 0 to 60. */
  opp_sot_rolling: number;
  /** Distance of the shots, in yards, mean of the five matches before; another team, see README.md. A number from 0 to 120. */
  opp_dist_rolling: number;
  /** Shots from free kicks, mean of the five matches before; another team, see README.md. A number from 0 to 20. */
  opp_fk_rolling: number;
  /** Penalties scored, mean of the five matches before; another team, see README.md. A number from 0 to 10. */
  opp_pk_rolling: number;
  /** Penalties taken, mean of the five matches before; another team, see README.md. A number from 0 to 10. */
  opp_pkatt_rolling: number;
}

export interface MatchOutcomeRealMadrid {
  record: MatchOutcomeRealMadridRecord;
  task: { kind: "multiclass"; classes: ["loss", "draw", "win"] };
}
