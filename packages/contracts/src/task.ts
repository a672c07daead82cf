import { z } from "zod";

const target = z.string().min(1);
const probability = z.number().gt(0).lt(1);

/** One of two outcomes, answered as a calibrated probability. */
const BinaryTask = z.strictObject({
  kind: z.literal("binary"),
  /** Column of the source that holds the outcome, and its levels that count as positive and as negative. */
  target,
  positive: z.array(z.string()).min(1),
  negative: z.array(z.string()).min(1),
  /** Name of the positive outcome, as answers and cards state it. */
  outcome: z.string().min(1),
  /** Probability that the baseline champion answers with before anything was trained. */
  prior: probability,
  /** How the decision threshold is set on the calibration rows: it flags this share, or has the largest F1. */
  threshold: z.union([
    z.strictObject({ flaggedShare: probability }),
    z.strictObject({ maximise: z.literal("f1") }),
  ]),
});

/** One of several outcomes in an order (loss, draw, win), answered as calibrated probabilities. */
const MulticlassTask = z
  .strictObject({
    kind: z.literal("multiclass"),
    target,
    /** The outcomes in their order, by which the ranked probability score counts how far an answer is off. */
    classes: z
      .array(
        z.strictObject({
          name: z.string().regex(/^[a-z][a-z0-9_]*$/, "expected snake_case"),
          /** Levels of the target that mean this class. */
          levels: z.array(z.string()).min(1),
          /** Probability that the baseline champion answers with before anything was trained. */
          prior: probability,
        }),
      )
      .min(3)
      .max(50),
  })
  .refine(({ classes }) => Math.abs(classes.reduce((sum, { prior }) => sum + prior, 0) - 1) < 1e-9, {
    path: ["classes"],
    error: "the priors must add up to 1",
  });

/** A quantity, answered with a prediction interval. */
const RegressionTask = z
  .strictObject({
    kind: z.literal("regression"),
    target,
    /** Unit of the target, as answers and cards state it: "days". */
    unit: z.string().min(1),
    /** Smallest and largest value that the target can have. Estimates and intervals are held to them. */
    min: z.number(),
    max: z.number(),
    /** Share of outcomes that the prediction interval is to hold. */
    coverage: z.number().min(0.5).max(0.99),
    /** What the baseline champion answers with before anything was trained: the median, and the ends of the interval. */
    prior: z.strictObject({ median: z.number(), lower: z.number(), upper: z.number() }),
  })
  .refine(
    ({ min, max, prior: { lower, median, upper } }) =>
      min <= lower && lower <= median && median <= upper && upper <= max,
    { path: ["prior"], error: "expected min ≤ lower ≤ median ≤ upper ≤ max" },
  );

/** What is predicted. */
export const Task = z.discriminatedUnion("kind", [BinaryTask, MulticlassTask, RegressionTask]);
export type Task = z.output<typeof Task>;
export type TaskKind = Task["kind"];
