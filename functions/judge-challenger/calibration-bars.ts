import type { Calibration, Check, Estimate, Evaluation, Metrics, WorkloadSpec } from "@perennial/contracts";
import { figure, metric } from "./wording.ts";

export type Evaluated = Evaluation["challenger"];

/** A figure of one model that has to lie within fixed limits, whatever the champion's is. */
export interface Bar {
  readonly name: Check["name"];
  /** Place among the bars of its name, where there are several. */
  readonly place?: number;
  readonly measure: (model: Evaluated) => Estimate;
  /** NaN and null are never within. */
  readonly isReached: (value: number) => boolean;
  /** Whether a figure that isn't within could well be, for all that the rows say. */
  readonly cannotTell?: (measured: Estimate) => boolean;
  readonly describe: (model: Evaluated) => string;
  /** The figure alone, for the champion's beside the challenger's. */
  readonly show: (value: number) => string;
  readonly limit: string;
}

/** The bars for probabilities, class by class where there are several, or for prediction intervals. */
export function calibrationBars(metrics: Metrics, bar: WorkloadSpec["gate"]["calibration"]): Bar[] {
  if ("coverage" in bar) return [coverageBar(bar.coverage)];
  if (metrics.kind === "binary") return probabilityBars(bar, 0, "", binaryCalibration);
  if (metrics.kind === "regression") return [];
  return metrics.classes.flatMap(({ name }, place) =>
    probabilityBars(bar, place, `${name}: `, (model) => classCalibration(model, place)),
  );
}

type Calibrated = (model: Evaluated) => Calibration | undefined;

const binaryCalibration: Calibrated = ({ metrics }) =>
  metrics.kind === "binary" ? metrics.calibration : undefined;

const classCalibration = ({ metrics }: Evaluated, place: number): Calibration | undefined =>
  metrics.kind === "multiclass" ? metrics.classes[place]?.calibration : undefined;

const UNDEFINED = figure(Number.NaN);

function probabilityBars(
  { slope: range, meanZ }: { readonly slope: readonly [number, number]; readonly meanZ: number },
  place: number,
  prefix: string,
  calibrationOf: Calibrated,
): Bar[] {
  const [lowest, highest] = range;
  const errors = (z: number) => `${Math.abs(z).toFixed(1)} standard errors`;
  const slopeOf = (model: Evaluated) => calibrationOf(model)?.slope ?? UNDEFINED;
  return [
    {
      name: "calibration-slope",
      place,
      measure: slopeOf,
      isReached: (slope) => slope >= lowest && slope <= highest,
      cannotTell: (slope) => isTooWide(slope, range),
      describe: (model) =>
        `${prefix}the calibration slope is ${metric(slopeOf(model).value)}; ${lowest} to ${highest} is accepted`,
      show: metric,
      limit: `from ${lowest} to ${highest}`,
    },
    {
      name: "calibration-mean",
      place,
      measure: (model) => figure(calibrationOf(model)?.meanZ ?? Number.NaN),
      isReached: (z) => Math.abs(z) <= meanZ,
      describe: (model) => {
        const found = calibrationOf(model);
        const distance = found?.meanZ ?? null;
        return (
          `${prefix}the mean prediction ${metric(found?.meanPredicted ?? null)} lies ` +
          `${distance === null ? "an undefined distance" : errors(distance)} ` +
          `from the observed rate ${metric(found?.observedRate ?? null)}; ${meanZ} are accepted`
        );
      },
      show: errors,
      limit: `within ${meanZ} standard errors`,
    },
  ];
}

function coverageBar(range: readonly [number, number]): Bar {
  const [lowest, highest] = range;
  const share = (value: number) => `${(100 * value).toFixed(1)} %`;
  const limits = `${share(lowest)} to ${share(highest)}`;
  const coverageOf = ({ metrics }: Evaluated) =>
    metrics.kind === "regression" ? metrics.interval.coverage : UNDEFINED;
  return {
    name: "coverage",
    measure: coverageOf,
    isReached: (coverage) => coverage >= lowest && coverage <= highest,
    cannotTell: (coverage) => isTooWide(coverage, range),
    describe: (model) => {
      const { value } = coverageOf(model);
      return `the prediction intervals hold ${value === null ? "an undefined share" : share(value)} of the outcomes; ${limits} is accepted`;
    },
    show: share,
    limit: `from ${limits}`,
  };
}

/**
 * Whether the figure's interval is wider than the whole accepted range and reaches into it. Then a perfect model would miss
 * the range about as often as not, and missing it says nothing.
 */
function isTooWide({ lower, upper }: Estimate, [lowest, highest]: readonly [number, number]): boolean {
  if (lower === null || upper === null) return false;
  return upper - lower > highest - lowest && lower <= highest && upper >= lowest;
}
