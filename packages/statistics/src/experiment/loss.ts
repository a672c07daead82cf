import type { Task } from "@perennial/contracts";
import { rpsPerRow } from "../metrics/class-losses.ts";
import { brierPerRow } from "../metrics/probability-losses.ts";
import { normalQuantile } from "../normal-distribution.ts";

/** The largest loss that one prediction can have: an experiment's promise rests on losses that have one. */
export const worstLossOf = (task: Task): number => (task.kind === "regression" ? task.max - task.min : 1);

/**
 * The loss of one prediction once its outcome is known, from 0 to {@link worstLossOf}: the squared error of a probability
 * (Brier), the ranked probability score of classes in order, the absolute error of a quantity. All three are least in
 * expectation for whoever says what is true.
 *
 * @param answer the task's outputs in their order: the probability; that of each class; the estimate. What follows is ignored.
 * @param outcome 1 or 0; the place of the class in the spec's order; the quantity.
 * @throws RangeError for an outcome that the task doesn't have.
 */
export function lossOf(task: Task, answer: readonly number[], outcome: number): number {
  switch (task.kind) {
    case "binary":
      if (outcome !== 0 && outcome !== 1) throw new RangeError(`outcome ${outcome}, expected 0 or 1`);
      return only(brierPerRow({ labels: Uint8Array.of(outcome), scores: Float64Array.of(answer[0] ?? NaN) }));
    case "multiclass": {
      const classes = task.classes.length;
      if (!(Number.isInteger(outcome) && outcome >= 0 && outcome < classes)) {
        throw new RangeError(`outcome ${outcome}, expected the place of a class, 0 to ${classes - 1}`);
      }
      const probabilities = Float64Array.from({ length: classes }, (_, place) => answer[place] ?? NaN);
      const loss = only(rpsPerRow({ labels: Int32Array.of(outcome), classes, probabilities }));
      // Probabilities are float32: their sums may miss 1 by so much.
      return Math.min(loss, 1);
    }
    case "regression":
      if (!Number.isFinite(outcome)) throw new RangeError(`outcome ${outcome}, expected a number`);
      // An outcome may lie outside of what the task foresees; a loss may not.
      return Math.min(Math.abs((answer[0] ?? NaN) - outcome), worstLossOf(task));
  }
}

/**
 * Variance of the loss of the model that always answers as was known before anything was trained: what an experiment's length
 * is estimated by until it has outcomes of its own.
 */
export function priorLossVariance(task: Task): number {
  switch (task.kind) {
    case "binary":
      return varianceOf([1 - task.prior, task.prior], (outcome) => lossOf(task, [task.prior], outcome));
    case "multiclass": {
      const priors = task.classes.map(({ prior }) => prior);
      return varianceOf(priors, (outcome) => lossOf(task, priors, outcome));
    }
    case "regression": {
      // As if outcomes were normal with this interval: the distance from their mean is then half-normal.
      const { lower, upper } = task.prior;
      const deviation = (upper - lower) / 2 / normalQuantile((1 + task.coverage) / 2);
      return deviation ** 2 * (1 - 2 / Math.PI);
    }
  }
}

function varianceOf(probabilities: readonly number[], loss: (outcome: number) => number): number {
  const mean = probabilities.reduce((sum, probability, outcome) => sum + probability * loss(outcome), 0);
  return probabilities.reduce(
    (sum, probability, outcome) => sum + probability * (loss(outcome) - mean) ** 2,
    0,
  );
}

const only = (values: Float64Array): number => values[0] ?? NaN;
