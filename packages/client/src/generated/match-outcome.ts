// Written by `npm run emit` from the workload's spec. Change the spec, not this file.

/** Win, draw or loss: Probabilities that a team of the Spanish first division wins, draws or loses a match, answered before it begins. */
export interface MatchOutcomeRecord {
  /** Team whose result is asked for. Other texts count as unseen. */
  team: "Alaves" | "Albacete" | "Almeria" | "Ath Bilbao" | "Ath Madrid" | "Barcelona" | "Betis" | "Cadiz" | "Celta" | "Compostela" | "Cordoba" | "Eibar" | "Elche" | "Espanol" | "Extremadura" | "Getafe" | "Gimnastic" | "Girona" | "Granada" | "Hercules" | "Huesca" | "La Coruna" | "Las Palmas" | "Leganes" | "Lerida" | "Levante" | "Logrones" | "Malaga" | "Mallorca" | "Merida" | "Murcia" | "Numancia" | "Osasuna" | "Oviedo" | "Real Madrid" | "Recreativo" | "Salamanca" | "Santander" | "Sevilla" | "Sociedad" | "Sp Gijon" | "Tenerife" | "Valencia" | "Valladolid" | "Vallecano" | "Villarreal" | "Xerez" | "Zaragoza" | (string & {});
  /** The other team. Other texts count as unseen. */
  opponent: "Alaves" | "Albacete" | "Almeria" | "Ath Bilbao" | "Ath Madrid" | "Barcelona" | "Betis" | "Cadiz" | "Celta" | "Compostela" | "Cordoba" | "Eibar" | "Elche" | "Espanol" | "Extremadura" | "Getafe" | "Gimnastic" | "Girona" | "Granada" | "Hercules" | "Huesca" | "La Coruna" | "Las Palmas" | "Leganes" | "Lerida" | "Levante" | "Logrones" | "Malaga" | "Mallorca" | "Merida" | "Murcia" | "Numancia" | "Osasuna" | "Oviedo" | "Real Madrid" | "Recreativo" | "Salamanca" | "Santander" | "Sevilla" | "Sociedad" | "Sp Gijon" | "Tenerife" | "Valencia" | "Valladolid" | "Vallecano" | "Villarreal" | "Xerez" | "Zaragoza" | (string & {});
  /** Whether the team plays at home or away. */
  venue: "home" | "away";
  /** Day of the match. A day such as 2026-01-31, from 1993-01-01 to 2099-12-31. */
  date: string;
  /** Goals scored, the latest matches counting most, as if on neutral ground; the team. A number from 0 to 15 (goals a match). Looked up where it is left out. */
  team_attack?: number | null | undefined;
  /** Goals conceded, the latest matches counting most, as if on neutral ground; the team. A number from 0 to 15 (goals a match). Looked up where it is left out. */
  team_defence?: number | null | undefined;
  /** Attack less defence; the team. A number from -15 to 15 (goals a match). Looked up where it is left out. */
  team_strength?: number | null | undefined;
  /** Shots on target, the latest matches counting most, as if on neutral ground; the team. A number from 0 to 60 (shots a match). Looked up where it is left out. */
  team_shot_attack?: number | null | undefined;
  /** Shots on target allowed, the latest matches counting most, as if on neutral ground; the team. A number from 0 to 60 (shots a match). Looked up where it is left out. */
  team_shot_defence?: number | null | undefined;
  /** Matches that the ratings rest on: the latest 114 at most; the team. A whole number from 1 to 114 (matches). Looked up where it is left out. */
  team_matches?: number | null | undefined;
  /** How much better the last ten matches went than both teams' ratings had it; the team. A number from -15 to 15 (goals a match). Looked up where it is left out. */
  team_surprise_10?: number | null | undefined;
  /** How much better the last ten matches went in shots on target than both teams' ratings had it; the team. A number from -60 to 60 (shots a match). Looked up where it is left out. */
  team_shot_surprise_10?: number | null | undefined;
  /** Goals scored in the last five matches; the team. A number from 0 to 15 (goals a match). Looked up where it is left out. */
  team_goals_for_5?: number | null | undefined;
  /** Goals conceded in the last five matches; the team. A number from 0 to 15 (goals a match). Looked up where it is left out. */
  team_goals_against_5?: number | null | undefined;
  /** Shots in the last five matches; the team. A number from 0 to 60 (shots a match). Looked up where it is left out. */
  team_shots_for_5?: number | null | undefined;
  /** Shots allowed in the last five matches; the team. A number from 0 to 60 (shots a match). Looked up where it is left out. */
  team_shots_against_5?: number | null | undefined;
  /** Shots on target in the last five matches; the team. A number from 0 to 60 (shots a match). Looked up where it is left out. */
  team_on_target_for_5?: number | null | undefined;
  /** Shots on target allowed in the last five matches; the team. A number from 0 to 60 (shots a match). Looked up where it is left out. */
  team_on_target_against_5?: number | null | undefined;
  /** Goals scored, the latest matches counting most, as if on neutral ground; the opponent. A number from 0 to 15 (goals a match). Looked up where it is left out. */
  opponent_attack?: number | null | undefined;
  /** Goals conceded, the latest matches counting most, as if on neutral ground; the opponent. A number from 0 to 15 (goals a match). Looked up where it is left out. */
  opponent_defence?: number | null | undefined;
  /** Attack less defence; the opponent. A number from -15 to 15 (goals a match). Looked up where it is left out. */
  opponent_strength?: number | null | undefined;
  /** Shots on target, the latest matches counting most, as if on neutral ground; the opponent. A number from 0 to 60 (shots a match). Looked up where it is left out. */
  opponent_shot_attack?: number | null | undefined;
  /** Shots on target allowed, the latest matches counting most, as if on neutral ground; the opponent. A number from 0 to 60 (shots a match). Looked up where it is left out. */
  opponent_shot_defence?: number | null | undefined;
  /** Matches that the ratings rest on: the latest 114 at most; the opponent. A whole number from 1 to 114 (matches). Looked up where it is left out. */
  opponent_matches?: number | null | undefined;
  /** How much better the last ten matches went than both teams' ratings had it; the opponent. A number from -15 to 15 (goals a match). Looked up where it is left out. */
  opponent_surprise_10?: number | null | undefined;
  /** How much better the last ten matches went in shots on target than both teams' ratings had it; the opponent. A number from -60 to 60 (shots a match). Looked up where it is left out. */
  opponent_shot_surprise_10?: number | null | undefined;
  /** Goals scored in the last five matches; the opponent. A number from 0 to 15 (goals a match). Looked up where it is left out. */
  opponent_goals_for_5?: number | null | undefined;
  /** Goals conceded in the last five matches; the opponent. A number from 0 to 15 (goals a match). Looked up where it is left out. */
  opponent_goals_against_5?: number | null | undefined;
  /** Shots in the last five matches; the opponent. A number from 0 to 60 (shots a match). Looked up where it is left out. */
  opponent_shots_for_5?: number | null | undefined;
  /** Shots allowed in the last five matches; the opponent. A number from 0 to 60 (shots a match). Looked up where it is left out. */
  opponent_shots_against_5?: number | null | undefined;
  /** Shots on target in the last five matches; the opponent. A number from 0 to 60 (shots a match). Looked up where it is left out. */
  opponent_on_target_for_5?: number | null | undefined;
  /** Shots on target allowed in the last five matches; the opponent. A number from 0 to 60 (shots a match). Looked up where it is left out. */
  opponent_on_target_against_5?: number | null | undefined;
}

export interface MatchOutcome {
  record: MatchOutcomeRecord;
  task: { kind: "multiclass"; classes: ["loss", "draw", "win"] };
}
