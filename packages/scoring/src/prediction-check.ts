import type { ManifestTask } from "@perennial/contracts";

/** How far the probabilities of a row may add up to another sum than 1: float32 carries seven digits. */
const SUM_TOLERANCE = 1e-4;

/** What is wrong with one row of predictions, or undefined where nothing is. `start` is the place of its first value. */
export type PredictionCheck = (predictions: ArrayLike<number>, start: number) => WrongPrediction | undefined;

export interface WrongPrediction {
  found: string;
  expected: string;
}

/** A check made once for what a model answers, so that checking a row looks nothing up. */
export function predictionCheck(task: ManifestTask): PredictionCheck {
  if (task.kind === "binary") return checkProbability;
  if (task.kind === "regression") return quantityCheck(task);
  return probabilitiesCheck(task.classes.length);
}

/**
 * Rows whose prediction is NaN, or nothing that the task allows.
 *
 * @param predictions row by row, as `Model.score` answers.
 */
export function countInvalid(task: ManifestTask, predictions: ArrayLike<number>, columns: number): number {
  const check = predictionCheck(task);
  let invalid = 0;
  for (let start = 0; start < predictions.length; start += columns) {
    if (check(predictions, start) !== undefined) invalid += 1;
  }
  return invalid;
}

function checkProbability(predictions: ArrayLike<number>, start: number): WrongPrediction | undefined {
  const probability = predictions[start] ?? Number.NaN;
  if (probability >= 0 && probability <= 1) return undefined;
  return { found: String(probability), expected: "a probability from 0 to 1" };
}

function probabilitiesCheck(classes: number): PredictionCheck {
  return (predictions, start) => {
    let sum = 0;
    for (let index = start; index < start + classes; index += 1) {
      const wrong = checkProbability(predictions, index);
      if (wrong !== undefined) return wrong;
      sum += predictions[index] ?? 0;
    }
    if (Math.abs(sum - 1) <= SUM_TOLERANCE) return undefined;
    return { found: `probabilities that add up to ${sum.toFixed(4)}`, expected: "a sum of 1" };
  };
}

function quantityCheck({ min, max }: Extract<ManifestTask, { kind: "regression" }>): PredictionCheck {
  // The graph holds its answers to the limits as float32 has them.
  const [least, most] = [Math.fround(min), Math.fround(max)];
  return (predictions, start) => {
    const [estimate, lower, upper] = [predictions[start], predictions[start + 1], predictions[start + 2]];
    if (estimate === undefined || lower === undefined || upper === undefined) {
      return { found: "less than three values", expected: "an estimate and the ends of its interval" };
    }
    // Asked as "not in order" so that NaN is refused too.
    if (!(least <= lower && lower <= estimate && estimate <= upper && upper <= most)) {
      return {
        found: `${estimate}, from ${lower} to ${upper},`,
        expected: `an estimate within its interval, both from ${min} to ${max}`,
      };
    }
    return undefined;
  };
}
