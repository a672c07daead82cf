import { z } from "zod";

/** By what a workload's predictions are made, as `answer-http` finds it. */
export const PredictionTarget = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("endpoint"), endpointName: z.string(), maxBodyKiB: z.int().positive() }),
  z.strictObject({
    kind: z.literal("function"),
    functionName: z.string(),
    /** What of the function callers reach. */
    alias: z.string(),
    maxBodyKiB: z.int().positive(),
  }),
]);
export type PredictionTarget = z.output<typeof PredictionTarget>;

/** A request as API Gateway hands it to a function (AWS documentation, "Lambda proxy integrations"). */
export const HttpRequest = z.object({
  /** Path of the route, without the stage: `/v1/churn/predict`. */
  resource: z.string(),
  httpMethod: z.string(),
  /** Names as the caller wrote them; of a header that was sent twice the last value. */
  headers: z.record(z.string(), z.string()).nullable(),
  body: z.string().nullable(),
  isBase64Encoded: z.boolean(),
  requestContext: z.object({
    requestId: z.string(),
    /** Path as the caller asked for it, with the stage. */
    path: z.string(),
    domainName: z.string(),
  }),
});
export type HttpRequest = z.output<typeof HttpRequest>;

export const HttpAnswer = z.strictObject({
  statusCode: z.int().min(200).max(599),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
});
export type HttpAnswer = z.output<typeof HttpAnswer>;

/** What API Gateway asks a Lambda authorizer of the kind TOKEN. */
export const TokenRequest = z.object({
  type: z.literal("TOKEN"),
  /** Value of the header Authorization. */
  authorizationToken: z.string(),
  /** What is asked for: `arn:aws:execute-api:<region>:<account>:<api>/<stage>/<method>/<path>`. */
  methodArn: z.string().regex(/^arn:[\w-]+:execute-api:[^/]+\/[^/]+\/.+$/),
});
export type TokenRequest = z.output<typeof TokenRequest>;

/** What whoever sent the token may do. */
export const TokenDecision = z.strictObject({
  principalId: z.string(),
  policyDocument: z.strictObject({
    Version: z.literal("2012-10-17"),
    Statement: z.array(
      z.strictObject({
        Effect: z.literal("Allow"),
        Action: z.literal("execute-api:Invoke"),
        Resource: z.string(),
      }),
    ),
  }),
});
export type TokenDecision = z.output<typeof TokenDecision>;
