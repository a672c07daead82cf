import type { WorkloadSpecInput } from "@perennial/contracts";

const goals = { type: "number", unit: "goals a match", min: 0, max: 15 } as const;
const shots = { type: "number", unit: "shots a match", min: 0, max: 60 } as const;

/** What `entities/team_form.sql` says of a team. Limits are what football can mean, wider than what the source holds. */
const STATE = {
  attack: {
    ...goals,
    description: "Goals scored, the latest matches counting most, as if on neutral ground",
  },
  defence: {
    ...goals,
    description: "Goals conceded, the latest matches counting most, as if on neutral ground",
  },
  strength: {
    type: "number",
    unit: "goals a match",
    min: -15,
    max: 15,
    description: "Attack less defence",
  },
  shot_attack: {
    ...shots,
    description: "Shots on target, the latest matches counting most, as if on neutral ground",
  },
  shot_defence: {
    ...shots,
    description: "Shots on target allowed, the latest matches counting most, as if on neutral ground",
  },
  matches: {
    type: "integer",
    unit: "matches",
    min: 1,
    max: 114,
    description: "Matches that the ratings rest on: the latest 114 at most",
  },
  surprise_10: {
    type: "number",
    unit: "goals a match",
    min: -15,
    max: 15,
    description: "How much better the last ten matches went than both teams' ratings had it",
  },
  shot_surprise_10: {
    type: "number",
    unit: "shots a match",
    min: -60,
    max: 60,
    description:
      "How much better the last ten matches went in shots on target than both teams' ratings had it",
  },
  goals_for_5: { ...goals, description: "Goals scored in the last five matches" },
  goals_against_5: { ...goals, description: "Goals conceded in the last five matches" },
  shots_for_5: { ...shots, description: "Shots in the last five matches" },
  shots_against_5: { ...shots, description: "Shots allowed in the last five matches" },
  on_target_for_5: { ...shots, description: "Shots on target in the last five matches" },
  on_target_against_5: { ...shots, description: "Shots on target allowed in the last five matches" },
} as const;

const SIDES = ["team", "opponent"] as const;
type Side = (typeof SIDES)[number];
const names = Object.keys(STATE) as (keyof typeof STATE)[];

/** The state of both teams, as columns of a record. */
export const derived: WorkloadSpecInput["derived"] = Object.fromEntries(
  SIDES.flatMap((side) =>
    names.map((name) => {
      const { description, ...column } = STATE[name];
      return [`${side}_${name}`, { ...column, description: `${description}; the ${side}`, withheldShare: 0 }];
    }),
  ),
);

/** Which column of the record is filled from which of the state. */
export const lookups = SIDES.map((side: Side) => ({
  by: side,
  columns: Object.fromEntries(names.map((name) => [`${side}_${name}`, name])),
}));

const level = (name: keyof typeof STATE) =>
  SIDES.map((side) => ({ kind: "number" as const, name: `${side}_${name}`, column: `${side}_${name}` }));

const gap = (name: keyof typeof STATE) => ({
  kind: "difference" as const,
  name: `${name}_gap`,
  minuend: `team_${name}`,
  subtrahend: `opponent_${name}`,
});

/**
 * Of the ratings each team's own, because two strong attacks make fewer draws than two weak ones; of the short form, which
 * is noisier, the difference alone.
 */
export const features: WorkloadSpecInput["features"] = [
  { kind: "indicator", name: "at_home", column: "venue", levels: ["home"] },
  { kind: "missing", name: "team_unknown", column: "team_matches" },
  { kind: "missing", name: "opponent_unknown", column: "opponent_matches" },
  ...level("attack"),
  ...level("defence"),
  ...level("shot_attack"),
  ...level("shot_defence"),
  ...level("matches"),
  gap("strength"),
  // Uneven teams seldom draw, whichever is the stronger one.
  { kind: "product", name: "strength_gap_squared", factors: ["strength_gap", "strength_gap"] },
  gap("surprise_10"),
  gap("shot_surprise_10"),
  gap("goals_for_5"),
  gap("goals_against_5"),
  gap("shots_for_5"),
  gap("shots_against_5"),
  gap("on_target_for_5"),
  gap("on_target_against_5"),
];
