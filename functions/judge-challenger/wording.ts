import type { Estimate, Task } from "@perennial/contracts";

/** Numbers as a verdict says them: the same on every machine, whatever its locale. */
export const count = (value: number): string => value.toLocaleString("en-US");
export const metric = (value: number | null): string =>
  value === null || !Number.isFinite(value) ? "undefined" : value.toFixed(4);
export const signed = (value: number | null): string =>
  value !== null && value > 0 ? `+${metric(value)}` : metric(value);
export const percent = (share: number): string => `${Number((share * 100).toPrecision(2))} %`;
export const plural = (value: number, noun: string): string =>
  `${count(value)} ${noun}${value === 1 ? "" : "s"}`;

/** JSON has no NaN: an estimate that isn't defined is null. */
export function toEstimate(value: number, lower: number, upper: number): Estimate {
  const defined = (number: number) => (Number.isFinite(number) ? number : null);
  return { value: defined(value), lower: defined(lower), upper: defined(upper) };
}

/** A single figure, measured without an interval. */
export const figure = (value: number): Estimate => toEstimate(value, Number.NaN, Number.NaN);

/** What a task's classes are called, in the order of `classRows`; a quantity has none. */
export function classNames(task: Task): readonly string[] {
  if (task.kind === "binary") return ["negative", "positive"];
  return task.kind === "multiclass" ? task.classes.map(({ name }) => name) : [];
}

/** Unit of a task's metrics, with the space before it; most have none. */
export const unitOf = (task: Task): string => (task.kind === "regression" ? ` ${task.unit}` : "");
