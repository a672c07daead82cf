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
  specUri: S3Uri,
  /** What the probes of this rollout found so far. */
  tally: ProbeTally,
};
const ofEndpoint = { endpointName: z.string() };
/** Alias, or number of a published version: who of a function is asked. */
const Qualifier = z.string().regex(/^[\w-]{1,128}$/, "expected an alias or a version's number");
const ofFunction = { functionName: z.string(), qualifier: Qualifier };

/** How many to send. */
const requests = z.int().min(1).max(600);

/** What `probe-endpoint` receives: whom to ask is an endpoint or a function. */
export const ProbeRequest = z.union([
  z.strictObject({ ...asked, ...ofEndpoint, requests }),
  z.strictObject({ ...asked, ...ofFunction, requests }),
]);
export type ProbeRequest = z.output<typeof ProbeRequest>;

const verified = {
  ...asked,
  startedAt: Instant,
  /** What answered before; of a function, `endpointConfigName` is the number of the published version. */
  from: z.object({ version: z.int().min(0), endpointConfigName: z.string() }),
  /** What is to answer now. */
  version: z.int().positive(),
  endpointConfigName: z.string(),
  cause: Cause,
  /** How often it was looked at before. */
  round: z.int().min(0),
};

/** What `verify-rollout` receives: what is verified answers behind an endpoint or as a function. */
export const VerificationRequest = z.union([
  z.strictObject({ ...verified, ...ofEndpoint }),
  z.strictObject({ ...verified, ...ofFunction }),
]);
export type VerificationRequest = z.output<typeof VerificationRequest>;
