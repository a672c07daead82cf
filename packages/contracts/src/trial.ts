import { z } from "zod";
import { ExecutionName, Instant, S3Uri, WorkloadName } from "./names.ts";
import { ProbeTally } from "./verification.ts";

/** Production variants by the model behind them. Outside a trial there is the champion's alone. */
export const VARIANTS = { champion: "primary", challenger: "challenger" } as const;

/** What `observe-trial` receives; it answers with a `Verification`, in which `insufficient` lets the trial go on. */
export const TrialRequest = z.strictObject({
  workload: WorkloadName,
  execution: ExecutionName,
  endpointName: z.string(),
  specUri: S3Uri,
  /** Since when both models have been in service. */
  startedAt: Instant,
  /** The champion. */
  from: z.object({ version: z.int().min(0) }),
  /** The challenger. */
  version: z.int().positive(),
  /** Configuration that has both models as variants. */
  endpointConfigName: z.string(),
  /** What the probes of this rollout found so far. */
  tally: ProbeTally,
  /** How often it was looked at before. */
  round: z.int().min(0),
});
export type TrialRequest = z.output<typeof TrialRequest>;

/**
 * The trial that is under way: one item a workload, written and removed by the rollout alone. While it is there, the endpoint
 * has a variant for either model.
 */
export const Trial = z.strictObject({
  workload: WorkloadName,
  execution: ExecutionName,
  kind: z.enum(["shadow", "experiment"]),
  /** Share of the requests that the challenger answers; of a shadow, that are copied to it. */
  share: z.number().min(0.01).max(1),
  /** Column whose value always meets the same model; null where each request is left to chance. */
  stickyBy: z.string().nullable(),
  /** Versions of champion and challenger. */
  from: z.int().min(0),
  to: z.int().positive(),
  startedAt: Instant,
  /** Fencing token under which it was written; a smaller one is refused. */
  token: z.int().positive(),
});
export type Trial = z.output<typeof Trial>;
