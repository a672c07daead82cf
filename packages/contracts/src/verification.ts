import { z } from "zod";
import { Cause } from "./trigger.ts";
import { ExecutionName, Instant, S3Uri, WorkloadName } from "./names.ts";

/** Answers of one model to the same few records: how many, and the moments of its first output. */
const Answers = z.strictObject({
  answered: z.int().min(0),
  refused: z.int().min(0),
  sum: z.number(),
  squares: z.number(),
});

/** What the probes of a rollout found, summed up over its rounds. */
export const ProbeTally = z.strictObject({
  sent: z.int().min(0),
  /** Probes that no model answered, or with something that is no answer. */
  failed: z.int().min(0),
  /** The last failure, in the endpoint's own words. */
  failure: z.string().nullable(),
  /** By the version that answered. */
  versions: z.record(z.string().regex(/^\d+$/), Answers),
});
export type ProbeTally = z.output<typeof ProbeTally>;

/** What was found about a model that has just gone into service. */
export const Verification = z.strictObject({
  /** `insufficient`: too little is known yet, so that it is looked at again. */
  status: z.enum(["passed", "failed", "insufficient"]),
  /** How often it was looked at, this time included. */
  round: z.int().min(1),
  /** What speaks against it, or what is missing; nothing where it passed. */
  reasons: z.array(z.string()),
  /** What was measured, in sentences with numbers. */
  summary: z.string(),
});
export type Verification = z.output<typeof Verification>;

const asked = {
  workload: WorkloadName,
  execution: ExecutionName,
  endpointName: z.string(),
  specUri: S3Uri,
  /** What the probes of this rollout found so far. */
  tally: ProbeTally,
};

/** What `probe-endpoint` receives. */
export const ProbeRequest = z.strictObject({
  ...asked,
  /** How many to send. */
  requests: z.int().min(1).max(600),
});
export type ProbeRequest = z.output<typeof ProbeRequest>;

/** What `verify-rollout` receives. */
export const VerificationRequest = z.strictObject({
  ...asked,
  startedAt: Instant,
  /** What answered before. */
  from: z.object({ version: z.int().min(0), endpointConfigName: z.string() }),
  /** What is to answer now. */
  version: z.int().positive(),
  endpointConfigName: z.string(),
  cause: Cause,
  /** How often it was looked at before. */
  round: z.int().min(0),
});
export type VerificationRequest = z.output<typeof VerificationRequest>;
