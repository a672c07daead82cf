import type { Calibration } from "@perennial/contracts";
import { wilsonInterval } from "@perennial/statistics";

/** A point of a curve, with the interval of what was observed where there is one. */
export interface PlotPoint {
  readonly x: number;
  readonly y: number;
  readonly lower: number;
  readonly upper: number;
}

/** Predictions beside what came true, for a person: what lies on the diagonal is as predicted. */
export interface Plot {
  readonly title: string;
  readonly xName: string;
  readonly yName: string;
  /** Both axes alike, from the first tick to the last. */
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
  readonly series: readonly { readonly name: string; readonly points: readonly PlotPoint[] }[];
}

/** The curve of one part of the data. */
export interface Curve {
  readonly name: string;
  readonly curve: Calibration["curve"];
}

const CONFIDENCE = 0.95;
/** About as many ticks as an axis is readable with. */
const TICKS = 5;

/** Predicted probabilities beside observed rates, with Wilson's intervals. */
export function calibrationPlot(curves: readonly Curve[], outcome: string): Plot {
  const series = curves.map(({ name, curve }) => ({
    name,
    points: curve.map(({ rows, predicted, observed }) => {
      const { lower, upper } = wilsonInterval(Math.round(observed * rows), rows, CONFIDENCE);
      return { x: predicted, y: observed, lower, upper };
    }),
  }));
  const of = outcome === "" ? "" : ` of ${outcome}`;
  const largest = Math.max(
    0,
    ...series.flatMap(({ points }) => points.flatMap(({ x, upper }) => [x, upper])),
  );
  return {
    title: `Calibration${of}`,
    xName: `mean predicted probability${of}`,
    yName: "observed rate",
    ticks: ticksOver(0, Math.min(1, largest)).map((at) => ({
      at,
      label: `${Number((100 * at).toFixed(6))} %`,
    })),
    series,
  };
}

/** Mean estimates beside mean outcomes. */
export function estimatePlot(curves: readonly Curve[], unit: string): Plot {
  const series = curves.map(({ name, curve }) => ({
    name,
    points: curve.map(({ predicted, observed }) => ({
      x: predicted,
      y: observed,
      lower: observed,
      upper: observed,
    })),
  }));
  const values = series.flatMap(({ points }) => points.flatMap(({ x, y }) => [x, y]));
  const ticks = ticksOver(values.length === 0 ? 0 : Math.min(...values), Math.max(1, ...values));
  return {
    title: "Estimates and outcomes",
    xName: `mean estimate, ${unit}`,
    yName: `mean outcome, ${unit}`,
    ticks: ticks.map((at) => ({ at, label: String(at) })),
    series,
  };
}

/** Round numbers that enclose a range: steps of 1, 2 or 5 times a power of ten. */
export function ticksOver(low: number, high: number): number[] {
  // A single value still needs an axis around it.
  const end = high > low ? high : low + 1;
  const range = end - low;
  const power = 10 ** Math.floor(Math.log10(range / TICKS));
  const step = ([1, 2, 5, 10].find((factor) => range / (factor * power) <= TICKS) ?? 10) * power;
  const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil(end / step - 1e-9)];
  // Rounded to the step's own digits: 3 · 0.1 would be 0.30000000000000004.
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  return Array.from({ length: last - first + 1 }, (_, index) =>
    Number(((first + index) * step).toFixed(digits)),
  );
}
