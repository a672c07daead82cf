import { z } from "zod";

/**
 * Name of a workload: lower case words joined by hyphens, 3 to 32 characters. Job, model and endpoint names are built
 * from it and SageMaker allows them 63.
 */
export const WorkloadName = z
  .string()
  .min(3)
  .max(32)
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "expected lower case words joined by hyphens");

/** SHA-256 in lower case hexadecimal. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, "expected 64 hexadecimal digits (SHA-256)");

/** An object in S3. */
export const S3Uri = z.string().regex(/^s3:\/\/[a-z0-9.-]{3,63}\/.+$/, "expected s3://bucket/key");

/** A moment in UTC, ISO 8601. */
export const Instant = z.iso.datetime({ error: "expected a UTC time such as 2026-01-31T02:00:00Z" });

/**
 * Name of a Step Functions execution. It ends in twelve hexadecimal digits that derive from what asked for it, so that
 * the same request can start only one.
 */
export const ExecutionName = z
  .string()
  .max(45)
  .regex(/^[a-z0-9-]+-[0-9a-f]{12}$/, "expected <workload>-<12 hexadecimal digits>");

/**
 * Name of a stack. Physical names begin with `perennial-<stack>-`, so that without hyphens no stack's names begin like
 * another's.
 */
export const StackName = z.string().regex(/^[a-z][a-z0-9]*$/, "expected lower case letters and digits");

/** A share of a whole, 0 to 1. */
export const Share = z.number().min(0).max(1);
