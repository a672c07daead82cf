import { z } from "zod";
import { Share } from "./names.ts";

const described = { description: z.string().min(1) };

const Category = z.strictObject({
  type: z.literal("category"),
  ...described,
  /** Known levels, as text. A number in a record is read as its text, so that codes may come as either. */
  levels: z.array(z.string().min(1)).min(1),
  /** Whether a level that isn't listed is refused (true) or reaches the model as "unseen" (false). */
  closed: z.boolean().default(false),
  required: z.boolean().default(false),
});

const Code = z.strictObject({
  type: z.literal("code"),
  ...described,
  /** Regular expression that the whole text must match, in the syntax that JavaScript and Python share. */
  pattern: z.string().min(1),
  required: z.boolean().default(false),
});

const Numeric = z.strictObject({
  type: z.enum(["integer", "number"]),
  ...described,
  /** Smallest and largest value accepted, inclusive, in `unit`. */
  min: z.number(),
  max: z.number(),
  unit: z.string().optional(),
  required: z.boolean().default(false),
});

/** A day of the calendar, ISO 8601. */
export const Day = z.iso.date({ error: "expected a day such as 2026-01-31" });

/** A day; the graph reads it as a number, the days since 1970-01-01. */
const DateColumn = z.strictObject({
  type: z.literal("date"),
  ...described,
  /** First and last day accepted. */
  min: Day,
  max: Day,
  required: z.boolean().default(false),
});

/** What a column of a record may hold. */
export const Column = z.discriminatedUnion("type", [Category, Code, Numeric, DateColumn]);
export type Column = z.output<typeof Column>;

/** A column that `features.sql` adds to a record, such as a count over the same patient's earlier encounters. */
export const DerivedColumn = z.strictObject({
  ...Numeric.omit({ required: true }).shape,
  /**
   * Share of the training rows in which the value is withheld (by a hash of the key), so that the model also learns to
   * answer callers who leave it out.
   */
  withheldShare: Share,
});
export type DerivedColumn = z.output<typeof DerivedColumn>;
