import type { Manifest } from "@perennial/contracts";
import type { ArtifactParts } from "./artifact.ts";

const MATCH_INPUTS: Manifest["inputs"] = [
  { name: "team", index: 0, required: true, type: "category", levels: ["Arsenal", "Leeds"], closed: false },
  {
    name: "opponent",
    index: 1,
    required: true,
    type: "category",
    levels: ["Arsenal", "Leeds"],
    closed: false,
  },
  { name: "date", index: 0, required: true, type: "date", min: "2000-01-01", max: "2030-12-31" },
  { name: "form", index: 1, required: false, type: "number", min: 0, max: 3 },
  { name: "opponent_form", index: 2, required: false, type: "number", min: 0, max: 3 },
];

const lookup = (by: string, field: string): Manifest["lookups"][number] => ({
  entity: "team_form",
  by,
  at: "date",
  maxAge: 120,
  columns: { [field]: "points" },
});

/** Logits of loss, draw and win by the day (in days since 1970), the team's form and the opponent's. */
const MATCH_WEIGHTS = [
  [0.00001, 0, 0],
  [-1, 0, 1],
  [1, 0, -1],
];

/** Three classes from two looked-up forms; a missing form counts as 0. */
export const MATCH_ARTIFACT: ArtifactParts & { manifest: Partial<Manifest> } = {
  graph: {
    inputs: [
      { name: "strings", type: "string", shape: ["rows", 2] },
      { name: "numbers", type: "float32", shape: ["rows", 3] },
    ],
    outputs: [{ name: "prediction", type: "float32", shape: ["rows", 3] }],
    constants: {
      weights: { shape: [3, 3], values: MATCH_WEIGHTS.flat() },
      ifMissing: { shape: [1, 3], values: [0, 0, 0] },
    },
    nodes: [
      { type: "IsNaN", inputs: ["numbers"], output: "missing" },
      { type: "Where", inputs: ["missing", "ifMissing", "numbers"], output: "filled" },
      { type: "MatMul", inputs: ["filled", "weights"], output: "logits" },
      { type: "Softmax", inputs: ["logits"], output: "prediction" },
    ],
  },
  manifest: {
    workload: "test-match",
    task: {
      kind: "multiclass",
      classes: [
        { name: "loss", share: 0.4 },
        { name: "draw", share: 0.2 },
        { name: "win", share: 0.4 },
      ],
    },
    inputs: MATCH_INPUTS,
    ignored: ["venue"],
    excluded: [],
    lookups: [lookup("team", "form"), lookup("opponent", "opponent_form")],
    output: { name: "prediction", columns: 3 },
  },
};

/** What `MATCH_ARTIFACT` answers, worked out apart from it: probabilities of loss, draw and win. */
export function matchProbabilities(day: number, form: number, opponentForm: number): number[] {
  const logits = [0, 1, 2].map((column) =>
    [day, form, opponentForm].reduce(
      (sum, value, row) => sum + value * (MATCH_WEIGHTS[row]?.[column] ?? 0),
      0,
    ),
  );
  const powers = logits.map((logit) => Math.exp(logit));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/** Estimate 2 · severity + 4 days, from severity + 4 to 3 · severity + 4; above severity 12 it leaves the limits. */
export const DURATION_ARTIFACT: ArtifactParts & { manifest: Partial<Manifest> } = {
  graph: {
    inputs: [{ name: "numbers", type: "float32", shape: ["rows", 1] }],
    outputs: [{ name: "prediction", type: "float32", shape: ["rows", 3] }],
    constants: {
      weights: { shape: [1, 3], values: [2, 1, 3] },
      ifMissing: { shape: [1, 1], values: [0] },
      least: { shape: [1, 3], values: [4, 4, 4] },
    },
    nodes: [
      { type: "IsNaN", inputs: ["numbers"], output: "missing" },
      { type: "Where", inputs: ["missing", "ifMissing", "numbers"], output: "filled" },
      { type: "MatMul", inputs: ["filled", "weights"], output: "days" },
      { type: "Add", inputs: ["days", "least"], output: "prediction" },
    ],
  },
  manifest: {
    workload: "test-duration",
    task: { kind: "regression", unit: "days", min: 4, max: 40, coverage: 0.9, median: 12 },
    inputs: [{ name: "severity", index: 0, required: false, type: "number", min: -20, max: 20 }],
    ignored: [],
    excluded: [],
    output: { name: "prediction", columns: 3 },
  },
};
