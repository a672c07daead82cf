import { defineWorkload } from "@perennial/contracts";
import { examples } from "../football-examples.ts";
import { columns, derived, features } from "../football-injury.ts";
import { ILLNESSES } from "../illnesses.ts";
import { muscleInjury } from "../muscle-injury.ts";

const { retraining, serving, monitoring, gate } = muscleInjury;

export default defineWorkload({
  name: "injury-duration-football",
  title: "Days out with any injury",
  description:
    "Days that a footballer of one of five leagues is out with an injury, with an interval, answered when the injury is reported.",

  source: {
    path: "data/european_football_injuries_2020_2025.csv.gz",
    licence: "unknown; Kaggle, European Football Injuries (2020-2025)",
    citation:
      "sananmuzaffarov, European Football Injuries (2020-2025), Kaggle, collected from Transfermarkt; rischa-sys/kaggledatasets, commit ce3377c2; names of players replaced by numbers",
    missingMarkers: [],
    rows: {
      sql: "variants/football.rows.sql",
      columns: [
        "Season",
        "Injury",
        "Days",
        "Games missed",
        "injury_from_parsed",
        "injury_until_parsed",
        "player_id",
        "player_age",
        "player_position",
        "club",
        "league",
      ],
    },
    features: "variants/football.sql",
    minRows: 5000,
    key: "row_id",
    time: "started",
    unused: {
      row_id: "identifies the injury",
      days: "the outcome",
      ended: "the outcome, as a day",
    },
    columns,
    excluded: [
      {
        column: "injury",
        levels: ILLNESSES,
        reason: "an illness, a quarantine or a rest, and no injury",
      },
    ],
  },

  derived,

  entities: {
    player_injuries: {
      description: "What is known of a player's absences that have ended",
      key: "player_id",
      maxAge: 1095,
      lookups: [
        {
          by: "player_id",
          columns: {
            last_day: "last_day",
            last_days: "last_days",
            injuries_in_2_years: "injuries_in_2_years",
            days_in_2_years: "days_in_2_years",
            longest_in_2_years: "longest_in_2_years",
          },
        },
      ],
    },
  },

  task: {
    kind: "regression",
    target: "days",
    unit: "days",
    min: 1,
    max: 1500,
    coverage: 0.9,
    prior: { median: 23, lower: 5, upper: 156 },
  },

  split: {
    by: "hash",
    group: "player_id",
    salt: "perennial/injury-duration-football-injuries/2026",
    shares: { train: 0.6, validation: 0.08, calibration: 0.1, holdout: 0.11, audit: 0.11 },
  },

  features,
  examples,

  algorithms: [
    {
      kind: "xgboost",
      hyperparameters: {
        num_round: 500,
        early_stopping_rounds: 50,
        max_depth: 3,
        eta: 0.05,
        min_child_weight: 10,
        subsample: 0.8,
        colsample_bytree: 0.5,
        reg_lambda: 5,
        reg_alpha: 0,
        gamma: 0,
        max_bin: 64,
        seed: 2026,
      },
      space: {
        max_depth: { type: "int", min: 2, max: 7 },
        eta: { type: "float", min: 0.02, max: 0.2, log: true },
        min_child_weight: { type: "int", min: 1, max: 60 },
        subsample: { type: "float", min: 0.5, max: 1 },
        colsample_bytree: { type: "float", min: 0.2, max: 1 },
        reg_lambda: { type: "float", min: 0.5, max: 30, log: true },
      },
    },
  ],

  search: {
    trials: 40,
    minutes: 5,
    folds: 5,
    pruning: { minRounds: 40, reductionFactor: 3 },
    seed: 2026,
  },

  gate: {
    ...gate,
    minRows: 800,
    slices: { columns: ["league"], minPerClass: 100, margin: 10 },
    calibration: { coverage: [0.86, 0.94] },
  },

  retraining,
  serving,
  monitoring,
});
