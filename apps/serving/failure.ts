import type { OnlineTableFault } from "@perennial/online";
import { type Failure, failureOf as failureOfRequest } from "@perennial/scoring/invocation";
import type { Reason } from "./answered-request.ts";
import { Overloaded } from "./pending-requests.ts";

/**
 * Asked by its name: to import the class would load the table's client, 20 MB of it, in every container that looks nothing
 * up.
 */
export const isTableFault = (error: unknown): error is OnlineTableFault =>
  error instanceof Error && error.name === ("OnlineTableFault" satisfies OnlineTableFault["name"]);

/** How a request is answered that wasn't predicted. */
export function failureOf(error: unknown, { maxBodyKiB }: { maxBodyKiB: number }): Failure<Reason> {
  const ofRequest = failureOfRequest(error);
  if (ofRequest !== undefined) return ofRequest;
  const faults: Failure["faults"] = [];
  if (error instanceof Overloaded)
    return { status: 503, reason: "overloaded", message: error.message, faults };
  if (isTableFault(error)) {
    const message = `${error.message}; try again, or send the fields with the records`;
    return { status: 503, reason: "online-table", message, faults };
  }
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    const message = `the body is larger than ${maxBodyKiB} KiB, the most that one request may be; split it`;
    return { status: 413, reason: "body-too-large", message, faults };
  }
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
  if (typeof status === "number" && status >= 400 && status < 500) {
    return { status, reason: "malformed-http", message: "the request is malformed HTTP", faults };
  }
  const message = "the container failed; its log holds where";
  return { status: 500, reason: "container", message, faults };
}
