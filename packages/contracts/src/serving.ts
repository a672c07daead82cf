import { z } from "zod";

const limits = {
  /** Most records of one request. */
  maxRecords: z.int().min(1).max(100_000),
};

/** SageMaker's limits on a body: 25 MiB for a real-time endpoint, 4 MiB for a serverless one. A Lambda takes 6 MB, and base64 adds a third. */
const bodyKiB = (most: number) => z.int().min(1).max(most);

const Range = {
  minInstances: z.int().min(1).max(100),
  maxInstances: z.int().min(1).max(100),
};

/** How many instances answer: as many as the requests need, within bounds that may follow the clock. */
const Capacity = z
  .strictObject({
    ...Range,
    /** Requests a minute that one instance is to answer; more of them bring another instance. */
    invocationsPerInstance: z.int().min(1),
    /** Other bounds from a time on (Application Auto Scaling's `cron(…)` or `rate(…)`, UTC). */
    schedules: z
      .array(
        z.strictObject({
          name: z.string().regex(/^[a-z][a-z0-9-]*$/, "expected lower case words joined by hyphens"),
          schedule: z.string().regex(/^(cron|rate|at)\(.+\)$/, "expected cron(…), rate(…) or at(…)"),
          ...Range,
        }),
      )
      .default([]),
  })
  .superRefine((capacity, context) => {
    for (const [path, { minInstances, maxInstances }] of [
      [[], capacity] as const,
      ...capacity.schedules.map((scheduled, index) => [["schedules", index], scheduled] as const),
    ]) {
      if (minInstances <= maxInstances) continue;
      const message = `expected at least minInstances (${minInstances})`;
      context.addIssue({ code: "custom", path: [...path, "maxInstances"], message });
    }
  });
export type Capacity = z.output<typeof Capacity>;

/** By what a workload's callers are answered. */
export const Serving = z.discriminatedUnion("mode", [
  z.strictObject({
    /** SageMaker instances that are always there. */
    mode: z.literal("realtime"),
    ...limits,
    maxBodyKiB: bodyKiB(25 * 1024),
    /** Null: the stack's number of instances, whatever is asked of them. */
    capacity: Capacity.nullable().default(null),
  }),
  z.strictObject({
    /** SageMaker's serverless endpoint: costs nothing while nobody asks, and answers late after that. No data capture. */
    mode: z.literal("serverless"),
    ...limits,
    maxBodyKiB: bodyKiB(4 * 1024),
    memoryMiB: z.literal([1024, 2048, 3072, 4096, 5120, 6144]),
    maxConcurrency: z.int().min(1).max(200),
  }),
  z.strictObject({
    /** A Lambda function with the ONNX runtime and no container. No data capture. */
    mode: z.literal("lambda"),
    ...limits,
    maxBodyKiB: bodyKiB(4 * 1024),
    memoryMiB: z.int().min(512).max(10_240),
  }),
]);
export type Serving = z.output<typeof Serving>;
export type ServingMode = Serving["mode"];
