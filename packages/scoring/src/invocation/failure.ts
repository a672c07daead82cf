import { PredictionFault } from "../graph.ts";
import { InvalidRecords, type RecordFault } from "../record-fault.ts";
import { Refusal, type RefusalReason } from "./refusal.ts";

export type FailureReason = RefusalReason | "invalid-records" | "model";

/** How a request is answered that wasn't predicted. */
export interface Failure<Reason extends string = FailureReason> {
  readonly status: number;
  readonly reason: Reason;
  readonly message: string;
  readonly faults: readonly RecordFault[];
}

/** What to answer where the records or the model are at fault; undefined for what is whoever's who runs the model. */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof InvalidRecords) {
    return { status: 400, reason: "invalid-records", message: error.message, faults: error.faults };
  }
  if (error instanceof Refusal) {
    const { status, reason, message, detail } = error;
    const whole = detail === undefined ? message : `${message}: ${detail}`;
    return { status, reason, message: whole, faults: error.faults };
  }
  if (error instanceof PredictionFault) {
    return { status: 500, reason: "model", message: "the model failed on these records", faults: [] };
  }
  return undefined;
}
