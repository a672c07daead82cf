import { defineWorkload } from "@perennial/contracts";
import league from "../workload.ts";

const MEASURES = {
  gf: { description: "Goals", max: 15 },
  ga: { description: "Goals conceded", max: 15 },
  sh: { description: "Shots", max: 60 },
  sot: { description: "Shots on target", max: 60 },
  dist: { description: "Distance of the shots, in yards", max: 120 },
  fk: { description: "Shots from free kicks", max: 20 },
  pk: { description: "Penalties scored", max: 10 },
  pkatt: { description: "Penalties taken", max: 10 },
};

const rolling = Object.fromEntries(
  [
    { prefix: "", side: "the team" },
    { prefix: "opp_", side: "another team, see README.md" },
  ].flatMap(({ prefix, side }) =>
    Object.entries(MEASURES).map(([name, { description, max }]) => [
      `${prefix}${name}_rolling`,
      {
        type: "number" as const,
        description: `${description}, mean of the five matches before; ${side}`,
        min: 0,
        max,
        required: true,
      },
    ]),
  ),
);

const columns = {
  venue_code: { type: "integer" as const, description: "1 at home, 0 away", min: 0, max: 1, required: true },
  opp_code: {
    type: "integer" as const,
    description: "Number of the opponent in a list of 27 names",
    min: 0,
    max: 26,
    required: true,
  },
  hour: { type: "integer" as const, description: "Hour of the kick-off", min: 0, max: 23, required: true },
  day_code: { type: "integer" as const, description: "Weekday, Monday 0", min: 0, max: 6, required: true },
  ...rolling,
};

export default defineWorkload({
  ...league,
  name: "match-outcome-real-madrid",
  title: "Win, draw or loss of Real Madrid",
  description:
    "Probabilities that Real Madrid wins, draws or loses, from the 140 prepared rows that a published model rests on. For comparison alone.",

  source: {
    path: "data/real_madrid.csv.gz",
    features: "variants/real-madrid.sql",
    licence:
      "MIT, as stated by the repository; figures collected from fbref.com, whose terms were not checked",
    citation: "Caephas/Real_Madrid_AI_Platform, commit 7f6b4f6, services/performance_prediction/data/split",
    missingMarkers: [],
    minRows: 100,
    key: "row",
    time: "row",
    unused: {
      row: "numbers the rows as the two files have them",
      target: "the outcome",
      part: "names the part",
    },
    columns,
    excluded: [],
  },

  derived: {},
  entities: {},

  task: {
    kind: "multiclass",
    target: "target",
    classes: [
      { name: "loss", levels: ["0"], prior: 0.15 },
      { name: "draw", levels: ["1"], prior: 0.2 },
      { name: "win", levels: ["2"], prior: 0.65 },
    ],
  },

  split: { by: "column", group: "row", column: "part" },
  features: Object.keys(columns).map((column) => ({ kind: "number", name: column, column })),
  examples: [
    {
      venue_code: 0,
      opp_code: 23,
      hour: 22,
      day_code: 2,
      gf_rolling: 2.4,
      ga_rolling: 0.6,
      sh_rolling: 15.8,
      sot_rolling: 5.4,
      dist_rolling: 18.34,
      fk_rolling: 0.6,
      pk_rolling: 0.6,
      pkatt_rolling: 0.6,
      opp_gf_rolling: 2,
      opp_ga_rolling: 1.2,
      opp_sh_rolling: 15.8,
      opp_sot_rolling: 4.2,
      opp_dist_rolling: 15.6,
      opp_fk_rolling: 0.6,
      opp_pk_rolling: 0,
      opp_pkatt_rolling: 0,
    },
  ],
  imbalance: "smote",

  algorithms: [
    {
      kind: "randomForest",
      hyperparameters: {
        n_estimators: 100,
        max_depth: 12,
        min_samples_split: 3,
        min_samples_leaf: 1,
        max_features: 0.22,
        seed: 2526,
      },
    },
  ],
  search: null,
  checks: { duplicateShare: 0.05 },
  gate: {
    ...league.gate,
    minRows: 10,
    slices: { columns: ["venue_code"], minPerClass: 100, margin: 0.1 },
  },
});
