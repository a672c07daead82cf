import { randomUUID } from "node:crypto";
import type { FunctionDefinition } from "./definition.ts";
import type { Answer } from "./sandbox.ts";

/** What Lambda sends to the destination of events that a function failed on for good. */
export const failureRecord = (
  definition: FunctionDefinition,
  payload: string,
  answer: Answer,
  count: number,
  now: Date,
) => ({
  version: "1.0",
  timestamp: now.toISOString(),
  requestContext: {
    requestId: randomUUID(),
    functionArn: `${definition.arn}:$LATEST`,
    condition: "RetriesExhausted",
    approximateInvokeCount: count,
  },
  requestPayload: JSON.parse(payload) as unknown,
  responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
  responsePayload: JSON.parse(answer.payload) as unknown,
});

/** A failure in a line. */
export function describe(payload: string): string {
  const { errorType, errorMessage } = JSON.parse(payload) as { errorType?: string; errorMessage?: string };
  return `${errorType ?? "Error"}: ${errorMessage ?? payload}`;
}
