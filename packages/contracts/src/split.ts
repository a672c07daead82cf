import { z } from "zod";
import { Day } from "./column.ts";

/** Parts of the data. The holdout is sealed from training; no gate reads the audit part. */
export const PARTS = ["train", "validation", "calibration", "holdout", "audit"] as const;
export type Part = (typeof PARTS)[number];

/** Column whose rows stay together, such as the patient. */
const group = z.string();

/** Groups are dealt to the parts by a hash. */
const HashSplit = z
  .strictObject({
    by: z.literal("hash"),
    group,
    /** Salt of the hash. Fixed before any model is seen, never changed for a better figure. */
    salt: z.string().min(8),
    shares: z.strictObject(
      Object.fromEntries(PARTS.map((part) => [part, z.number().gt(0).lt(1)])) as Record<Part, z.ZodNumber>,
    ),
  })
  .refine(({ shares }) => Math.abs(Object.values(shares).reduce((sum, share) => sum + share, 0) - 1) < 1e-9, {
    path: ["shares"],
    error: "the shares must add up to 1",
  });

const moment = z.union([Day, z.number()]);

/** The past teaches, what came after it judges. */
const TimeSplit = z
  .strictObject({
    by: z.literal("time"),
    group,
    /** Value of `source.time` at which each part starts, ascending; what lies before all of them is for training. */
    starts: z.strictObject({ validation: moment, calibration: moment, holdout: moment, audit: moment }),
  })
  .refine(
    ({ starts }) => {
      const values = PARTS.flatMap((part) => (part === "train" ? [] : [starts[part]]));
      return values.every((value, index) => index === 0 || (values[index - 1] ?? value) < value);
    },
    { path: ["starts"], error: "expected validation < calibration < holdout < audit" },
  );

/** A column of the source names each row's part: for a split that somebody else has made. */
const ColumnSplit = z.strictObject({ by: z.literal("column"), group, column: z.string() });

export const Split = z.discriminatedUnion("by", [HashSplit, TimeSplit, ColumnSplit]);
export type Split = z.output<typeof Split>;
