import { EndpointRefusal } from "@perennial/contracts";
import type { ProblemKind } from "@perennial/http-api";
import { Refusal } from "./refusal.ts";

/** What the model's container or function says, by its status: what reaches it has the shape of a request, so that 400 is about what it holds. */
const BY_MODEL: Record<number, ProblemKind> = {
  400: "records-refused",
  406: "no-such-form",
  413: "body-too-large",
  415: "unknown-form",
  503: "not-available",
};

const SOON = { "retry-after": "1" };

/**
 * What to answer when an endpoint or a function didn't.
 *
 * @param targetVariant variant that the caller asked for, which may be what SageMaker finds fault with.
 */
export function answerOfFailure(error: unknown, targetVariant: string | undefined): Refusal {
  const name = error instanceof Error ? error.name : "";
  switch (name) {
    case "ModelError": {
      const { OriginalStatusCode = 500, OriginalMessage = "" } = error as {
        OriginalStatusCode?: number;
        OriginalMessage?: string;
      };
      return refusalOfModel(OriginalStatusCode, OriginalMessage, error);
    }
    case "ScoringFunctionFailed":
      return new Refusal("model-failed", "The model failed on this request.", { cause: error });
    case "RequestTooLargeException":
      return new Refusal("body-too-large", "The request is over 6 MB; send fewer records at a time.");
    case "ThrottlingException":
    case "TooManyRequestsException":
      return new Refusal("too-many-requests", "The model has more requests than it can take; try again.", {
        headers: SOON,
        cause: error,
      });
    case "AbortError":
    case "TimeoutError":
      return new Refusal("too-slow", "The model took too long; send fewer records at a time.", {
        cause: error,
      });
    case "ServiceUnavailable":
    case "InternalDependencyException":
    case "ModelNotReadyException":
    case "ServiceException":
    case "ResourceNotReadyException":
      return new Refusal("not-available", "The model is not ready; try again.", {
        headers: SOON,
        cause: error,
      });
    case "ValidationError":
    case "ValidationException":
      return targetVariant === undefined
        ? new Refusal("not-available", "No model is in service; try again.", { headers: SOON, cause: error })
        : new Refusal("no-such-variant", "The header x-target-variant names none that answers.");
    default:
      return new Refusal("platform-failed", "The model could not be asked.", { cause: error });
  }
}

/** What to answer when the model said no itself. @param text its `EndpointRefusal`. */
export function refusalOfModel(status: number, text: string, cause?: unknown): Refusal {
  const kind = BY_MODEL[status];
  const told = readRefusal(text);
  if (kind === undefined || told === undefined) {
    return kind === "not-available"
      ? new Refusal(kind, "The model is not ready; try again.", { headers: SOON, cause })
      : new Refusal("model-failed", "The model failed on this request.", { cause });
  }
  const { error: detail, faults, model } = told;
  if (faults.length > 0 && status === 400)
    return new Refusal("records-refused", detail, { more: { faults, model } });
  return new Refusal(kind, detail, { more: { model }, headers: status === 503 ? SOON : {} });
}

function readRefusal(text: string): EndpointRefusal | undefined {
  try {
    const { data } = EndpointRefusal.safeParse(JSON.parse(text));
    return data;
  } catch {
    return undefined;
  }
}
