import { defineWorkload } from "@perennial/contracts";
import { examples } from "./examples.ts";
import { derived, features, lookups } from "./form.ts";
import { TEAMS } from "./teams.ts";

const team = { type: "category", levels: TEAMS, required: true } as const;
const afterwards = "known after the match; the form of later ones is made of it";

export default defineWorkload({
  name: "match-outcome",
  title: "Win, draw or loss",
  description:
    "Probabilities that a team of the Spanish first division wins, draws or loses a match, answered before it begins.",

  source: {
    path: "data/la_liga_matches_1993_2026.csv.gz",
    licence: "ODC PDDL 1.0, as stated by datasets/football-datasets; collected by football-data.co.uk",
    citation: "football-data.co.uk, results of the Spanish first division, seasons 1993-94 to 2025-26",
    missingMarkers: [],
    rows: {
      columns: [
        "Season",
        "Date",
        "HomeTeam",
        "AwayTeam",
        "FTHG",
        "FTAG",
        "FTR",
        "HTHG",
        "HTAG",
        "HTR",
        "Referee",
        "HS",
        "AS",
        "HST",
        "AST",
        "HF",
        "AF",
        "HC",
        "AC",
        "HY",
        "AY",
        "HR",
        "AR",
      ],
    },
    minRows: 10_000,
    key: "row_id",
    time: "date",
    unused: {
      row_id: "identifies the match and the side that it is seen from",
      match_id: "identifies the match",
      season: "says no more than the date",
      result: "the outcome",
      goals_for: afterwards,
      goals_against: afterwards,
      shots_for: afterwards,
      shots_against: afterwards,
      on_target_for: afterwards,
      on_target_against: afterwards,
    },
    columns: {
      team: { ...team, description: "Team whose result is asked for" },
      opponent: { ...team, description: "The other team" },
      venue: {
        type: "category",
        description: "Whether the team plays at home or away",
        levels: ["home", "away"],
        closed: true,
        required: true,
      },
      date: {
        type: "date",
        description: "Day of the match",
        min: "1993-01-01",
        max: "2099-12-31",
        required: true,
      },
    },
    excluded: [],
  },

  derived,

  entities: {
    team_form: {
      description: "A team's ratings and its form over the latest matches",
      key: "team",
      maxAge: 800,
      lookups,
    },
  },

  task: {
    kind: "multiclass",
    target: "result",
    classes: [
      { name: "loss", levels: ["loss"], prior: 0.37 },
      { name: "draw", levels: ["draw"], prior: 0.26 },
      { name: "win", levels: ["win"], prior: 0.37 },
    ],
  },

  // Two seasons each. The days lie between seasons; they were written down before the first model.
  split: {
    by: "time",
    group: "match_id",
    starts: {
      validation: "2018-08-01",
      calibration: "2020-08-01",
      holdout: "2022-08-01",
      audit: "2024-08-01",
    },
  },

  features,
  examples,

  algorithms: [
    { kind: "linear", hyperparameters: { alpha: 300, max_iter: 2000, seed: 2026 } },
    {
      kind: "xgboost",
      hyperparameters: {
        num_round: 400,
        early_stopping_rounds: 40,
        max_depth: 2,
        eta: 0.04,
        min_child_weight: 60,
        subsample: 0.7,
        colsample_bytree: 0.3,
        reg_lambda: 20,
        reg_alpha: 0,
        gamma: 0,
        max_bin: 64,
        seed: 2026,
      },
      space: {
        max_depth: { type: "int", min: 1, max: 4 },
        eta: { type: "float", min: 0.01, max: 0.2, log: true },
        min_child_weight: { type: "float", min: 1, max: 200, log: true },
        subsample: { type: "float", min: 0.5, max: 1 },
        colsample_bytree: { type: "float", min: 0.2, max: 1 },
        reg_lambda: { type: "float", min: 1, max: 100, log: true },
      },
    },
  ],

  search: {
    trials: 40,
    minutes: 5,
    folds: 0,
    pruning: { minRounds: 40, reductionFactor: 3 },
    seed: 2026,
  },

  gate: {
    primary: "rps",
    alpha: 0.05,
    looks: 52,
    replicates: 1000,
    minRows: 1000,
    slices: { columns: ["venue"], minPerClass: 100, margin: 0.01 },
    calibration: { slope: [0.7, 1.3], meanZ: 3.5 },
    budgets: { scoreMicros: 500, artifactMiB: 20 },
  },

  retraining: { coolDownMinutes: 15, dailyBudget: 6, timeoutMinutes: 60 },
  serving: { mode: "realtime", maxRecords: 1000, maxBodyKiB: 1024 },
  monitoring: { capturePercent: 100, driftedShare: 0.3 },
});
