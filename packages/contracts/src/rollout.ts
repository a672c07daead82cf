import { z } from "zod";
import { Share } from "./names.ts";
import type { ServingMode } from "./serving.ts";

const waitSeconds = z.int().min(0).max(3600);

/** How requests move from the champion to the challenger. */
export const Strategy = z.discriminatedUnion("kind", [
  /** All of them, once the new fleet is healthy. */
  z.strictObject({ kind: z.literal("all-at-once") }),
  /** A share first, and after a wait the rest. SageMaker takes at most half for a canary. */
  z.strictObject({ kind: z.literal("canary"), percent: z.int().min(1).max(50), waitSeconds }),
  /** Step by step, with a wait after each. SageMaker's steps are 10 to 50 percent. */
  z.strictObject({ kind: z.literal("linear"), stepPercent: z.int().min(10).max(50), waitSeconds }),
  /** Copies of requests reach the challenger, whose answers nobody sees, until it answered enough of them. */
  z.strictObject({
    kind: z.literal("shadow"),
    /** Copies that the challenger must have answered before it is promoted. */
    requests: z.int().min(1).max(1_000_000),
    /** Longest wait for them; then the champion stays. */
    maxMinutes: z
      .int()
      .min(1)
      .max(7 * 24 * 60),
    /** Percent of the requests that are copied. */
    samplePercent: z.int().min(1).max(100),
  }),
  /** Both answer, each to its share, until the outcomes tell which one is better. */
  z.strictObject({
    kind: z.literal("experiment"),
    /** Share of the requests that the challenger answers. */
    share: z.number().min(0.01).max(0.5),
    /** Column whose value always meets the same model; null leaves each request to chance. */
    stickyBy: z.string().nullable().default(null),
    /** Rate of wrong promotions, whenever and however often somebody looks. */
    alpha: z.number().min(0.001).max(0.2).default(0.05),
    /** Gain in the loss of one prediction that is worth finding: it says how many labels the experiment needs. */
    worthwhileGain: z.number().positive(),
    /** Longest that it runs; then the champion stays. */
    maxDays: z.int().min(1).max(180),
  }),
]);
export type Strategy = z.output<typeof Strategy>;
export type StrategyKind = Strategy["kind"];

/** Strategies that put both models in service first. */
export type TrialStrategy = Extract<Strategy, { kind: "shadow" | "experiment" }>;
export const isTrial = (strategy: Strategy): strategy is TrialStrategy =>
  strategy.kind === "shadow" || strategy.kind === "experiment";

/** What a serving mode can be rolled out by: guardrails, shadows and splits exist for real-time endpoints only. */
export const SUPPORTED_STRATEGIES: Readonly<Record<ServingMode, readonly StrategyKind[]>> = {
  realtime: ["all-at-once", "canary", "linear", "shadow", "experiment"],
  serverless: ["all-at-once"],
  lambda: ["all-at-once", "canary", "linear"],
};

/** What a model has to keep to before it counts as verified. */
const Guards = z.strictObject({
  /** Requests, probes among them, that it has to have answered. With fewer nothing is known, and it isn't promoted. */
  minRequests: z.int().min(1).max(100_000).default(20),
  /** Most that its 99th percentile of model latency may be, in milliseconds … */
  p99Millis: z.number().positive().default(500),
  /** … and how many times that of the fleet before it. */
  p99Ratio: z.number().min(1).default(3),
  /** Share of requests that it may refuse beyond what the fleet before it refused. */
  refusedShare: Share.default(0.05),
  /** Distance between its mean prediction and that of the model before it, in standard deviations of the latter's predictions. */
  meanShift: z.number().positive().default(0.5),
});
export type Guards = z.output<typeof Guards>;

/** How a model is put in service. */
export const Rollout = z.strictObject({
  strategy: Strategy.default({ kind: "all-at-once" }),
  guards: Guards.prefault({}),
  /** Synthetic requests a minute while a rollout is on trial: they make up for quiet hours. */
  probesPerMinute: z.int().min(1).max(600).default(60),
});
export type Rollout = z.output<typeof Rollout>;

/** What the inference id of a synthetic request begins with; whatever reads captured requests leaves it out. */
export const PROBE_PREFIX = "probe-";

/** Least requests of a fleet that its 99th percentile of latency is compared by: of fewer it is the slowest one. */
export const COMPARABLE_REQUESTS = 100;

/** Share of the permitted latency up to which fleets aren't compared: there their machines differ more than their models. */
export const NEGLIGIBLE_LATENCY = 0.1;
