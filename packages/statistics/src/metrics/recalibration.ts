import { clusterStandardError } from "../cluster-standard-error.ts";
import type { Groups } from "../groups.ts";
import { type Estimate, normalEstimate } from "../interval.ts";
import { type BinaryRows, requireProbabilities } from "./binary-rows.ts";

/** How far predicted probabilities can be taken at their word. */
export interface CalibrationReport {
  /** 1 is calibrated; below 1 the predictions are too extreme, above 1 too timid. NaN where it has no finite value. */
  readonly slope: Estimate;
  /** The intercept fitted together with the slope: 0 is calibrated. */
  readonly intercept: Estimate;
  readonly meanPredicted: number;
  readonly observedRate: number;
  /** Calibration in the large: mean predicted minus observed rate. */
  readonly meanDifference: Estimate;
}

/** Probabilities are kept this far from 0 and 1 before their logit is taken; a certain one would have none. */
const LOGIT_CLIP = 1e-12;
const MAX_STEPS = 50;
/** Newton's steps square their error: after one of this size, the next would be about 1e-12. */
const LAST_STEP = 1e-6;

/**
 * Logistic recalibration (Cox 1958; Van Calster et al. 2016, "A calibration hierarchy"): fits
 * logit P(label = 1) = intercept + slope · logit(probability) by Newton's method. Standard errors allow for rows of one group
 * depending on each other, and for the fit being wrong (sandwich estimator).
 *
 * Slope and intercept are NaN if the predictions are constant, if they separate the classes, or if a class is missing; all
 * is NaN if a score is.
 */
export function calibration(rows: BinaryRows, groups: Groups, confidence = 0.95): CalibrationReport {
  const { positives } = requireProbabilities(rows);
  const { labels, scores } = rows;
  const count = labels.length;
  const meanPredicted = scores.reduce((sum, score) => sum + score, 0) / count;
  const observedRate = positives / count;
  const meanDifference = meanPredicted - observedRate;
  const deviations = scores.map((score, row) => (score - labels[row]! - meanDifference) / count);
  const { intercept, slope } = recalibrate(rows, groups);
  return {
    slope: normalEstimate(slope.value, slope.standardError, confidence),
    intercept: normalEstimate(intercept.value, intercept.standardError, confidence),
    meanPredicted,
    observedRate,
    meanDifference: normalEstimate(meanDifference, clusterStandardError(deviations, groups), confidence),
  };
}

interface Coefficient {
  readonly value: number;
  readonly standardError: number;
}

interface Recalibration {
  readonly intercept: Coefficient;
  readonly slope: Coefficient;
}

const UNDEFINED: Coefficient = { value: Number.NaN, standardError: Number.NaN };

function recalibrate({ labels, scores }: BinaryRows, groups: Groups): Recalibration {
  const logits = scores.map((score) => {
    const clipped = Math.min(Math.max(score, LOGIT_CLIP), 1 - LOGIT_CLIP);
    return Math.log(clipped) - Math.log1p(-clipped);
  });
  const isConstant = logits.every((logit) => logit === logits[0]);
  const fit = isConstant ? undefined : newton(labels, logits);
  if (fit === undefined) return { intercept: UNDEFINED, slope: UNDEFINED };

  // Each row's influence on the coefficients: the inverse information times its score.
  const { intercept, slope, information } = fit;
  const ofIntercept = new Float64Array(labels.length);
  const ofSlope = new Float64Array(labels.length);
  for (let row = 0; row < labels.length; row++) {
    const residual = labels[row]! - logistic(intercept + slope * logits[row]!);
    [ofIntercept[row], ofSlope[row]] = solve(information, residual, residual * logits[row]!);
  }
  return {
    intercept: { value: intercept, standardError: clusterStandardError(ofIntercept, groups) },
    slope: { value: slope, standardError: clusterStandardError(ofSlope, groups) },
  };
}

/** The symmetric 2 × 2 information matrix. */
interface Information {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

interface Fit {
  readonly intercept: number;
  readonly slope: number;
  readonly information: Information;
}

/** Undefined if there is no finite maximum: the classes are separated, one is missing, or a logit is NaN. */
function newton(labels: Uint8Array, logits: Float64Array): Fit | undefined {
  let intercept = 0;
  let slope = 1;
  let fit = evaluate(labels, logits, intercept, slope);
  for (let step = 0; step < MAX_STEPS; step++) {
    const [toIntercept, toSlope] = solve(fit.information, fit.gradient[0], fit.gradient[1]);
    if (!Number.isFinite(toIntercept) || !Number.isFinite(toSlope)) return undefined;
    // Taken without asking the likelihood, which no longer tells such steps from rounding.
    if (Math.abs(toIntercept) < LAST_STEP && Math.abs(toSlope) < LAST_STEP) {
      const end = { intercept: intercept + toIntercept, slope: slope + toSlope };
      return { ...end, information: evaluate(labels, logits, end.intercept, end.slope).information };
    }
    // Written as "not improved" so that a NaN likelihood halves too, and ends in undefined.
    let share = 1;
    let next = evaluate(labels, logits, intercept + toIntercept, slope + toSlope);
    while (!(next.logLikelihood >= fit.logLikelihood) && share > 1e-9) {
      share /= 2;
      next = evaluate(labels, logits, intercept + share * toIntercept, slope + share * toSlope);
    }
    intercept += share * toIntercept;
    slope += share * toSlope;
    fit = next;
  }
  return undefined;
}

interface Evaluated {
  readonly logLikelihood: number;
  readonly gradient: readonly [number, number];
  readonly information: Information;
}

function evaluate(labels: Uint8Array, logits: Float64Array, intercept: number, slope: number): Evaluated {
  let logLikelihood = 0;
  let [toIntercept, toSlope, a, b, c] = [0, 0, 0, 0, 0];
  for (let row = 0; row < labels.length; row++) {
    const logit = logits[row]!;
    const eta = intercept + slope * logit;
    const probability = logistic(eta);
    const residual = labels[row]! - probability;
    const weight = probability * (1 - probability);
    // ln(1 + eⁿ) without overflow.
    logLikelihood += labels[row]! * eta - Math.max(eta, 0) - Math.log1p(Math.exp(-Math.abs(eta)));
    toIntercept += residual;
    toSlope += residual * logit;
    a += weight;
    b += weight * logit;
    c += weight * logit * logit;
  }
  return { logLikelihood, gradient: [toIntercept, toSlope], information: { a, b, c } };
}

function solve({ a, b, c }: Information, first: number, second: number): [number, number] {
  const determinant = a * c - b * b;
  return [(c * first - b * second) / determinant, (a * second - b * first) / determinant];
}

function logistic(eta: number): number {
  return 1 / (1 + Math.exp(-eta));
}
