import { z } from "zod";
import { Share } from "./names.ts";

const seed = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);
const column = z.string().min(1);

/** Rows that hold one of some levels, or a number in a range; both ends belong to it. A missing value is in neither. */
const Condition = z.union([
  z.strictObject({ column, levels: z.array(z.string()).min(1) }),
  z
    .strictObject({ column, min: z.number().optional(), max: z.number().optional() })
    .refine(({ min, max }) => min !== undefined || max !== undefined, { error: "expected min, max or both" }),
]);
export type ReplayCondition = z.output<typeof Condition>;

/** All of these hold. */
const where = z.array(Condition).min(1);

/** How a batch is taken from its file. Rows that the spec excludes are never taken: the endpoint would refuse them. */
const Take = z.discriminatedUnion("by", [
  /** Groups of the spec's split at random, each with all its rows, until `rows` are reached; the last group is cut short. */
  z.strictObject({ by: z.literal("group") }),
  /** Rows one after another as the file has them, after the first `skip`. */
  z.strictObject({ by: z.literal("order"), skip: z.int().min(0) }),
]);

/** What is done to the rows taken, one change after the other. */
const Change = z.discriminatedUnion("kind", [
  /**
   * Makes the share of rows that fulfil `where` what is asked: as many rows as are too many, chosen at random, give their
   * places to rows of the file that aren't in the batch and are of the other sort.
   */
  z.strictObject({ kind: z.literal("resample"), where, share: Share }),
  /**
   * Adds to numbers: a constant, or so many standard deviations of the file's column. What leaves the range of the spec's
   * column stops at its end; in an integer column the sum is rounded. A missing value stays missing.
   */
  z.strictObject({
    kind: z.literal("shift"),
    columns: z.array(column).min(1),
    by: z.union([z.strictObject({ standardDeviations: z.number() }), z.strictObject({ amount: z.number() })]),
  }),
  /** Turns the outcome of a share of the rows that fulfil `where`, chosen at random, into its opposite; binary tasks only. */
  z.strictObject({ kind: z.literal("flip"), where, share: Share }),
]);
export type ReplayChange = z.output<typeof Change>;

const Batch = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, "expected kebab-case"),
  description: z.string().min(1),
  /** What a monitor should find: nothing, other inputs, or other inputs and another relation to the outcome. */
  drift: z.enum(["none", "inputs", "inputs-and-outcome"]),
  /** Name of the file that the rows come from. */
  from: z.string().min(1),
  rows: z.int().positive(),
  take: Take,
  changes: z.array(Change),
  /** In which order the records are sent: by the spec's time column, or shuffled. */
  order: z.enum(["time", "shuffled"]),
  /** Of every choice that is left to chance in this batch. */
  seed,
});
export type ReplayBatch = z.output<typeof Batch>;

/** `replay/batches.json` of a workload: what reaches its endpoint, batch after batch, and when the outcomes follow. */
export const Replay = z
  .strictObject({
    /** CSV files by name, relative to the workload's folder, with the columns of the source. */
    files: z.record(
      z.string().min(1),
      z.string().regex(/^[\w./-]+\.csv(\.gz)?$/, "expected a file ending in .csv or .csv.gz"),
    ),
    /** Virtual time between the starts of two batches, and from a batch to its outcomes. */
    everyDays: z.number().positive(),
    labelsAfterDays: z.number().min(0),
    batches: z.array(Batch).min(1),
  })
  .superRefine(({ files, batches }, context) => {
    const names = new Set<string>();
    batches.forEach(({ name, from }, index) => {
      const fault = (field: string, message: string) => {
        context.addIssue({ code: "custom", path: ["batches", index, field], message, input: undefined });
      };
      if (!(from in files)) fault("from", `expected one of ${Object.keys(files).join(", ")}`);
      if (names.has(name)) fault("name", "another batch has this name");
      names.add(name);
    });
  });
export type Replay = z.output<typeof Replay>;
