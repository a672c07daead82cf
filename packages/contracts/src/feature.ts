import { z } from "zod";

const name = z.string().regex(/^[a-z][a-z0-9_]*$/, "expected snake_case");
const column = z.string().min(1);
/** Groups of codes; a code belongs to the first that holds it. */
const codeGroups = z
  .array(
    z.strictObject({
      name,
      /** Inclusive ranges of three-digit numeric categories, [390, 459]. */
      ranges: z.array(z.tuple([z.int().min(0).max(999), z.int().min(0).max(999)])),
      /** First letters of codes that aren't numbers: "V", "E". */
      letters: z.array(z.string().length(1)),
    }),
  )
  .min(1);

/**
 * A row-level feature: a pure function of one record that travels inside the model's graph. Each kind states how many
 * float32 columns it makes and what a missing value becomes (NaN, for which a tree learns a direction).
 */
export const Feature = z.discriminatedUnion("kind", [
  /** One column: the number as it stands (a date: days since 1970-01-01); missing is NaN. */
  z.strictObject({ kind: z.literal("number"), name, column }),
  /** One column: the level's place in `order`, from 0; missing or unlisted is NaN. */
  z.strictObject({ kind: z.literal("ordinal"), name, column, order: z.array(z.string()).min(2) }),
  /** A column per level, 1 where the value is that level; a missing or unlisted one is 0 in all of them. */
  z.strictObject({ kind: z.literal("oneHot"), name, column, levels: z.array(z.string()).min(1) }),
  /** One column: 1 where the value is one of `levels`, 0 where it is another one or missing. */
  z.strictObject({ kind: z.literal("indicator"), name, column, levels: z.array(z.string()).min(1) }),
  /** One column: 1 where the value is missing, else 0. */
  z.strictObject({ kind: z.literal("missing"), name, column }),
  /** One column: of `columns`, how many hold one of `levels`. */
  z.strictObject({
    kind: z.literal("count"),
    name,
    columns: z.array(column).min(1),
    levels: z.array(z.string()).min(1),
  }),
  /** One column: the sum of the numbers; NaN where one is missing. */
  z.strictObject({ kind: z.literal("sum"), name, columns: z.array(column).min(2) }),
  /** One column: ln(1 + x); NaN where the number is missing or not above -1. */
  z.strictObject({ kind: z.literal("log"), name, column }),
  /** One column: numerator / denominator; NaN where one is missing or the denominator is 0. */
  z.strictObject({ kind: z.literal("ratio"), name, numerator: column, denominator: column }),
  /** One column: minuend - subtrahend; NaN where one is missing. */
  z.strictObject({ kind: z.literal("difference"), name, minuend: column, subtrahend: column }),
  /** One column: (x + offset) mod period, from 0; of a date with period 7 and offset 3 the weekday, Monday 0. */
  z.strictObject({
    kind: z.literal("cycle"),
    name,
    column,
    period: z.number().positive(),
    offset: z.number().min(0),
  }),
  /** One column: the product of features declared before it that make one column each. */
  z.strictObject({ kind: z.literal("product"), name, factors: z.array(z.string()).min(2) }),
  /**
   * A column per group, 1 where the code's part before the point lies in the group; a missing code is 0 in all of them.
   * A code in no group counts as `other`.
   */
  z.strictObject({
    kind: z.literal("codeGroup"),
    name,
    column,
    groups: codeGroups,
    other: name,
  }),
  /**
   * A column per group: of `columns`, how many hold a code whose part before the point lies in the group. A code that is
   * missing or in no group counts nowhere.
   */
  z.strictObject({
    kind: z.literal("codeCount"),
    name,
    columns: z.array(column).min(1),
    groups: codeGroups,
  }),
  /** One column: 1 where the code starts with one of `prefixes`, else 0. "250." matches 250.83 and not 2501. */
  z.strictObject({
    kind: z.literal("codePrefix"),
    name,
    column,
    prefixes: z.array(z.string().min(1)).min(1),
  }),
]);

export type Feature = z.output<typeof Feature>;

/** Columns of the record that `feature` reads itself; a product reads them through its factors. */
export function columnsUsed(feature: Feature): readonly string[] {
  if (feature.kind === "product") return [];
  if (feature.kind === "count" || feature.kind === "sum" || feature.kind === "codeCount")
    return feature.columns;
  if (feature.kind === "ratio") return [feature.numerator, feature.denominator];
  if (feature.kind === "difference") return [feature.minuend, feature.subtrahend];
  return [feature.column];
}
