import { z } from "zod";
import { StackName, WorkloadName } from "./names.ts";

/**
 * What a stack holds, as the program publishes it in the parameter `/perennial/<stack>/platform`: all that the command
 * line needs to find its way. Names only, no secrets.
 */
export const Platform = z.strictObject({
  stack: StackName,
  region: z.string(),
  accountId: z.string().regex(/^\d{12}$/),
  ledgerTable: z.string(),
  eventBus: z.string(),
  lakeBucket: z.string(),
  artifactBucket: z.string(),
  /** Table of the entities' latest states. */
  onlineTable: z.string(),
  /** ARN of the MLflow app that runs and versions are written to; absent where the stack has none. */
  trackingApp: z
    .string()
    .regex(/^arn:aws:sagemaker:[a-z0-9-]+:\d{12}:mlflow-app\/.+$/)
    .optional(),
  /** Where the HTTP API answers, and how callers show who they are; absent where the stack has none. */
  httpApi: z.strictObject({ url: z.url(), auth: z.enum(["key", "jwt", "iam"]) }).optional(),
  /** Log groups by what writes to them: a function's name, `training`, `processing`, `endpoint/<workload>` or `scoring/<workload>`. */
  logGroups: z.record(z.string(), z.string()),
  workloads: z.array(
    z.strictObject({
      name: WorkloadName,
      title: z.string(),
      /** Name of the endpoint that answers; where a function does, the function's. */
      endpoint: z.string(),
      /** Alias under which a function answers; absent where an endpoint does. */
      functionAlias: z.string().optional(),
      modelPackageGroup: z.string(),
      retrainStateMachineArn: z.string(),
      rolloutStateMachineArn: z.string(),
      specUri: z.string(),
      baselineUri: z.string(),
    }),
  ),
});
export type Platform = z.output<typeof Platform>;

export const platformParameter = (stack: string): string => `/perennial/${stack}/platform`;
