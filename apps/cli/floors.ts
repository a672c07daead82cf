import { readFile } from "node:fs/promises";
import { Estimate, type Metrics, parse, WorkloadName } from "@perennial/contracts";
import { z } from "zod";
import { CliFault, EXIT } from "./exit.ts";

const limit = z.number().optional();

/** What a figure of the audit part is to reach. */
const Floor = z.strictObject({
  workload: WorkloadName,
  /** Dotted path to the figure within the metrics: `interval.coverage`. */
  figure: z.string().min(1),
  /** What of it is held against the limits: the figure, or an end of its interval. */
  bound: z.enum(["value", "lower", "upper"]).default("value"),
  title: z.string().min(1),
  atLeast: limit,
  atMost: limit,
  above: limit,
});
export type Floor = z.output<typeof Floor>;

/** @throws {CliFault} where the file can't be read; {InvalidInput} with all faults of what it holds. */
export async function readFloors(path: string): Promise<Floor[]> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliFault(EXIT.usage, `The floors ${path} can't be read: ${reason}.`, { cause: error });
  }
  return parse(z.array(Floor), value, `floors ${path}`);
}

/**
 * The figure that a floor is about.
 *
 * @throws {CliFault} where the metrics have none of that name.
 */
export function figureOf({ workload, figure }: Floor, metrics: Metrics): Estimate {
  const found = figure
    .split(".")
    .reduce<unknown>(
      (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
      metrics,
    );
  const estimate = Estimate.safeParse(found);
  if (estimate.success) return estimate.data;
  throw new CliFault(
    EXIT.usage,
    `The floors name "${figure}" of ${workload}, but a ${metrics.kind} model has no such figure with an interval.`,
  );
}

/** Whether the figure reaches its floor. One that isn't defined doesn't. */
export function isReached({ bound, atLeast, atMost, above }: Floor, estimate: Estimate): boolean {
  const value = estimate[bound];
  if (value === null) return false;
  return (
    (atLeast === undefined || value >= atLeast) &&
    (atMost === undefined || value <= atMost) &&
    (above === undefined || value > above)
  );
}

/** `0.67 or more`, `lower end above 0`. */
export function floorText({ bound, atLeast, atMost, above }: Floor): string {
  const limits = [
    ...(atLeast === undefined
      ? []
      : [atMost === undefined ? `${atLeast} or more` : `${atLeast} to ${atMost}`]),
    ...(atMost === undefined || atLeast !== undefined ? [] : [`${atMost} or less`]),
    ...(above === undefined ? [] : [`above ${above}`]),
  ].join(", ");
  return bound === "value" ? limits : `${bound} end ${limits}`;
}
