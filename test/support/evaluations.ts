import type { BinaryMetrics, Evaluation, Metrics, Scores, Task, WorkloadSpec } from "@perennial/contracts";
import { createRandom } from "@perennial/statistics";

export const WORKLOAD = "test-readmission";
export const EXECUTION = "test-readmission-0123456789ab";
export const HOLDOUT = "c".repeat(64);

export const GATE: WorkloadSpec["gate"] = {
  primary: "rocAuc",
  alpha: 0.05,
  looks: 10,
  replicates: 400,
  minRows: 500,
  slices: { columns: ["ward"], minPerClass: 50, margin: 0.02 },
  calibration: { slope: [0.8, 1.25], meanZ: 3 },
  budgets: { scoreMicros: 500, artifactMiB: 20 },
};

/** The task of the tests' readmission workload. */
export const TASK: Task = {
  kind: "binary",
  target: "readmitted",
  positive: ["YES"],
  negative: ["NO"],
  outcome: "readmitted",
  prior: 0.1,
  threshold: { flaggedShare: 0.2 },
};

export const estimate = (value: number | null) => ({ value, lower: value, upper: value });

const METRICS: BinaryMetrics = {
  kind: "binary",
  rocAuc: estimate(0.7),
  averagePrecision: estimate(0.3),
  brier: estimate(0.09),
  brierSkill: estimate(0.05),
  logLoss: estimate(0.3),
  calibration: {
    slope: estimate(1),
    intercept: estimate(0),
    meanPredicted: 0.2,
    observedRate: 0.2,
    meanZ: 0.5,
    expectedError: 0.01,
    curve: [],
  },
  decision: {
    threshold: 0.5,
    prevalence: 0.2,
    flaggedShare: 0.1,
    precision: 0.3,
    recall: 0.2,
    f1: estimate(0.24),
    f1OfAllPositive: 0.33,
    f1Gain: estimate(-0.09),
  },
};

/** Metrics that have to be of one kind. */
export function metricsOf<Kind extends Metrics["kind"]>(
  kind: Kind,
  metrics: Metrics,
): Extract<Metrics, { kind: Kind }> {
  if (metrics.kind !== kind) throw new Error(`Metrics of a ${metrics.kind} task, expected ${kind}.`);
  return metrics as Extract<Metrics, { kind: Kind }>;
}

type Evaluated = Evaluation["challenger"];

const evaluated = (letter: string): Evaluated => ({
  version: letter === "a" ? 3 : null,
  artifactVersion: letter.repeat(12),
  modelDataUrl: `s3://artifacts/${letter}/model.tar.gz`,
  artifactSha256: letter.repeat(64),
  artifactBytes: 2 ** 20,
  modelSha256: letter.repeat(64),
  metrics: METRICS,
  scoreMicros: 40,
  invalidPredictions: 0,
});

/** An evaluated model whose calibration is `calibration`. */
export const calibrated = (calibration: {
  slope?: number | null;
  meanZ?: number | null;
}): Partial<Evaluated> => ({
  metrics: {
    ...METRICS,
    calibration: {
      ...METRICS.calibration,
      ...(calibration.slope === undefined ? {} : { slope: estimate(calibration.slope) }),
      ...(calibration.meanZ === undefined ? {} : { meanZ: calibration.meanZ }),
    },
  },
});

export interface World {
  rows: number;
  /** How far each model tells the classes apart, in standard deviations of its noise. */
  champion: number;
  challenger: number;
  /** A ward in which the challenger is worthless. */
  spoiltWard?: string;
}

/** Scores of two models of known skill on the same rows, 1 of 5 positive, two rows a group, wards "1" to "4" and missing. */
export function scoresOf({ rows, champion, challenger, spoiltWard }: World): Scores {
  const random = createRandom(7);
  const levels = ["1", "2", "3", "4"];
  const scores: Scores = { group: [], label: [], columns: 1, champion: [], challenger: [], slices: {} };
  const level: number[] = [];
  for (let row = 0; row < rows; row += 1) {
    const label = random.below(5) === 0 ? 1 : 0;
    // Ward "4" is rare.
    const ward = row % 100 === 0 ? 3 : row % 100 === 1 ? -1 : row % 3;
    const noise = random.normal();
    const skill = levels[ward] === spoiltWard ? 0 : challenger;
    scores.group.push(Math.floor(row / 2));
    scores.label.push(label);
    scores.champion.push(probability(champion * label + noise));
    scores.challenger.push(probability(skill * label + 0.9 * noise + 0.44 * random.normal()));
    level.push(ward);
  }
  scores.slices["ward"] = { levels, level };
  return scores;
}

/** The evaluation that goes with `scores`. */
export function evaluationOf(
  scores: Scores,
  change: { challenger?: Partial<Evaluated>; champion?: Partial<Evaluated> } = {},
): Evaluation {
  const rows = scores.label.length;
  const ofLabel = (wanted: number) => scores.label.filter((label) => label === wanted).length;
  const invalid = (column: readonly (number | null)[]) => column.filter((value) => value === null).length;
  return {
    workload: WORKLOAD,
    execution: EXECUTION,
    holdout: {
      sha256: HOLDOUT,
      rows,
      groups: new Set(scores.group).size,
      classRows: [ofLabel(0), ofLabel(1)],
    },
    challenger: {
      ...evaluated("b"),
      invalidPredictions: invalid(scores.challenger),
      ...change.challenger,
    },
    champion: { ...evaluated("a"), invalidPredictions: invalid(scores.champion), ...change.champion },
    slices: [],
    scoresUri: `s3://artifacts/evaluations/${WORKLOAD}/${EXECUTION}/scores.json`,
  };
}

/** Calibrated enough: what the margin says, brought to one positive in five. */
function probability(margin: number): number {
  return 1 / (1 + Math.exp(-(margin - 1.8)));
}
