/** What is known of a request to the model when it has been answered; nothing of what it held. */
export interface AnsweredRequest {
  readonly requestId: string;
  readonly status: number;
  /** Why it wasn't predicted; undefined where it was. */
  readonly reason: Reason | undefined;
  /** From its headers to the last byte of the answer. */
  readonly durationMicros: number;
  /** How many records were predicted. */
  readonly records: number;
  /** Sum of the first output over the records, and of its square. */
  readonly predictionSum: number;
  readonly predictionSquares: number;
}

/** Why a request wasn't predicted, in words that metrics count by. */
export type Reason =
  | "unready"
  | "overloaded"
  | "online-table"
  | "model"
  | "container"
  | "malformed-http"
  | "no-such-path"
  | "method"
  | "accept"
  | "content-type"
  | "body-too-large"
  | "too-many-records"
  | "unreadable-body"
  | "invalid-records"
  | "no-online-table";
