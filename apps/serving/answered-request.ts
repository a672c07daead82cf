import type { FailureReason, MeasuredRequest } from "@perennial/scoring/invocation";

/** What is known of a request to the model when it has been answered; its duration goes to the last byte of the answer. */
export interface AnsweredRequest extends MeasuredRequest {
  /** Why it wasn't predicted; undefined where it was. */
  readonly reason: Reason | undefined;
}

/** Why a request wasn't predicted, in words that metrics count by. */
export type Reason =
  | FailureReason
  | "unready"
  | "overloaded"
  | "online-table"
  | "container"
  | "malformed-http"
  | "body-too-large";
