import type { OnlineTableFault } from "@perennial/online";
import type { RecordFault } from "@perennial/scoring";
import {
  type Failure as FailureOf,
  failureOf as failureOfRequest,
  type FailureReason,
} from "@perennial/scoring/invocation";
import { ZodError } from "zod";

export type Failure = FailureOf<
  FailureReason | "malformed-event" | "body-too-large" | "online-table" | "function"
>;

/** More was asked than fits. */
class TooLarge extends Error {}
export const tooLarge = (message: string): Error => new TooLarge(`${message}; split it`);

/** Asked by its name: to import the class would load the table's client where nothing is looked up. */
const isTableFault = (error: unknown): error is OnlineTableFault =>
  error instanceof Error && error.name === ("OnlineTableFault" satisfies OnlineTableFault["name"]);

/** How to answer what wasn't predicted. No message of the function's own faults leaves it: those may quote a record. */
export function failureOf(error: unknown): Failure {
  const ofRequest = failureOfRequest(error);
  if (ofRequest !== undefined) return ofRequest;
  const none: readonly RecordFault[] = [];
  if (error instanceof ZodError) {
    const faults = error.issues.map(({ path, message }) => ({
      record: null,
      field: path.length === 0 ? null : path.join("."),
      message,
    }));
    const message =
      "the event is misshapen; expected body, with contentType, accept and inferenceId as needed";
    return { status: 400, reason: "malformed-event", message, faults };
  }
  if (error instanceof TooLarge) {
    return { status: 413, reason: "body-too-large", message: error.message, faults: none };
  }
  if (isTableFault(error)) {
    const message = `${error.message}; try again, or send the fields with the records`;
    return { status: 503, reason: "online-table", message, faults: none };
  }
  return {
    status: 500,
    reason: "function",
    message: "the function failed; its log holds where",
    faults: none,
  };
}
