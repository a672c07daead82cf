import type { Evaluation, Scores, Task, WorkloadSpec } from "@perennial/contracts";
import { countRowsByClass, createRandom, groupRows, measureTask } from "@perennial/statistics";
import { EXECUTION, GATE, HOLDOUT } from "./evaluations.ts";

export const MATCH_TASK: Extract<Task, { kind: "multiclass" }> = {
  kind: "multiclass",
  target: "result",
  classes: [
    { name: "loss", levels: ["L"], prior: 0.4 },
    { name: "draw", levels: ["D"], prior: 0.2 },
    { name: "win", levels: ["W"], prior: 0.4 },
  ],
};

export const MATCH_GATE: WorkloadSpec["gate"] = {
  ...GATE,
  primary: "rps",
  slices: { columns: ["venue"], minPerClass: 20, margin: 0.005 },
  calibration: { slope: [0.7, 1.4], meanZ: 3 },
};

export const STAY_TASK: Extract<Task, { kind: "regression" }> = {
  kind: "regression",
  target: "stay_days",
  unit: "days",
  min: 0,
  max: 60,
  coverage: 0.9,
  prior: { median: 20, lower: 5, upper: 50 },
};

export const STAY_GATE: WorkloadSpec["gate"] = {
  ...GATE,
  primary: "rmse",
  slices: { columns: ["venue"], minPerClass: 100, margin: 0.2 },
  calibration: { coverage: [0.86, 0.94] },
};

/** How much each model knows of what decides the outcome, or of how many rows: from 0 for nothing to 1. */
interface Knowledge {
  readonly champion: number;
  readonly challenger: number;
}

const ROWS = 1200;
const LEVELS = ["home", "away", "neutral"];

/** Rows whose signal is all that there is to know; every hundredth is at a neutral venue. */
function world() {
  const random = createRandom(21);
  const signals = Float64Array.from({ length: ROWS }, () => random.normal());
  const level = Array.from({ length: ROWS }, (_, row) => (row % 100 === 0 ? 2 : row % 2));
  const group = Array.from({ length: ROWS }, (_, row) => Math.floor(row / 2));
  return { random, signals, group, slices: { venue: { levels: LEVELS, level } } };
}

/** Loss, draw and win by a known signal; draws are one in five, whatever it is. */
const chances = (signal: number): number[] => {
  const win = 0.8 / (1 + Math.exp(-1.5 * signal));
  return [0.8 - win, 0.2, win];
};

/** Calibrated probabilities of three classes by two models that know more or less of the signal. */
export function matchScores({ champion, challenger }: Knowledge): Scores {
  const { random, signals, group, slices } = world();
  const label = Array.from(signals, (signal) => {
    const drawn = random.uniform();
    const [loss = 0, draw = 0] = chances(signal);
    return drawn < loss ? 0 : drawn < loss + draw ? 1 : 2;
  });
  // A slight, true variation of the draw, so that its calibration has a slope at all.
  const answers = (known: number) =>
    [...signals].flatMap((signal, row) => {
      // Of the other rows the model knows nothing, and answers as calibrated with what is so of all.
      const isKnown = ((row * 37) % 100) / 100 < known;
      const [loss = 0, draw = 0, win = 0] = chances(isKnown ? signal : 0);
      const shift = row % 2 === 0 ? 0.01 : -0.01;
      return [loss - shift / 2, draw + shift, win - shift / 2];
    });
  return { group, label, columns: 3, champion: answers(champion), challenger: answers(challenger), slices };
}

/** Estimates of days, with intervals of nine tenths, by two models that know more or less of the signal. */
export function stayScores({ champion, challenger }: Knowledge): Scores {
  const { random, signals, group, slices } = world();
  const label = Array.from(signals, (signal) => 25 + 4 * signal + 2 * random.normal());
  const answers = (known: number) => {
    const reach = 1.645 * Math.hypot(2, 4 * (1 - known));
    return [...signals].flatMap((signal) => {
      const estimate = 25 + 4 * known * signal;
      return [estimate, estimate - reach, estimate + reach];
    });
  };
  return { group, label, columns: 3, champion: answers(champion), challenger: answers(challenger), slices };
}

/** The evaluation of `scores`, its figures measured. */
export function taskEvaluation(task: typeof MATCH_TASK | typeof STAY_TASK, scores: Scores): Evaluation {
  const labels = Float64Array.from(scores.label);
  const groups = groupRows(scores.group);
  const manifestTask =
    task.kind === "regression"
      ? { ...task, median: task.prior.median }
      : { kind: task.kind, classes: task.classes.map(({ name, prior }) => ({ name, share: prior })) };
  const evaluated = (letter: string, predictions: readonly (number | null)[]): Evaluation["challenger"] => ({
    version: letter === "a" ? 3 : null,
    artifactVersion: letter.repeat(12),
    modelDataUrl: `s3://artifacts/${letter}/model.tar.gz`,
    artifactSha256: letter.repeat(64),
    artifactBytes: 2 ** 20,
    modelSha256: letter.repeat(64),
    metrics: measureTask(
      manifestTask,
      {
        labels,
        columns: scores.columns,
        predictions: Float64Array.from(predictions, (value) => value ?? Number.NaN),
      },
      { groups, seed: 1, replicates: 200 },
    ),
    scoreMicros: 40,
    invalidPredictions: scores.label.filter((_, row) =>
      predictions.slice(row * scores.columns, (row + 1) * scores.columns).includes(null),
    ).length,
  });
  return {
    workload: `test-${task.kind}`,
    execution: EXECUTION,
    holdout: {
      sha256: HOLDOUT,
      rows: labels.length,
      groups: groups.count,
      classRows: countRowsByClass(labels, task.kind === "regression" ? 0 : task.classes.length),
    },
    challenger: evaluated("b", scores.challenger),
    champion: evaluated("a", scores.champion),
    slices: [],
    scoresUri: `s3://artifacts/evaluations/test-${task.kind}/${EXECUTION}/scores.json`,
  };
}
