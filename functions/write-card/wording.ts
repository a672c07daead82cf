import type { Estimate } from "@perennial/contracts";

/** Numbers as a card says them: the same on every machine, whatever its locale. */
export const count = (value: number): string => value.toLocaleString("en-US");

/** Four digits after the point: what two models of these sizes can differ by. */
export const figure = (value: number | null): string => (value === null ? "undefined" : value.toFixed(4));

export const share = (value: number | null): string =>
  value === null ? "undefined" : `${(100 * value).toFixed(1)} %`;

/** A value with its 95 % interval, where it has one; the unit stands once. */
export function estimate(
  { value, lower, upper }: Estimate,
  show: (value: number | null) => string = figure,
  showEnd = show,
): string {
  return lower === null || upper === null
    ? show(value)
    : `${show(value)} (${showEnd(lower)} to ${showEnd(upper)})`;
}

export const plural = (value: number, noun: string): string =>
  `${count(value)} ${noun}${value === 1 ? "" : "s"}`;

/** `a, b and c`, or with another last conjunction. */
export function listed(words: readonly string[], conjunction = "and"): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} ${conjunction} ${last}`;
}
