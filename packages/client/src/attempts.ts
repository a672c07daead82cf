import {
  InvalidRecords,
  Refused,
  ServiceFault,
  TimedOut,
  Unauthorized,
  Unavailable,
  type FailedCall,
  type PredictionError,
} from "./errors.ts";
import { readDetail, readFaults } from "./reply.ts";
import { backoffMs, retryAfterMs } from "./retry-after.ts";
import type { Surroundings } from "./surroundings.ts";
import { pause, TimeLimit, untilAborted } from "./time-limit.ts";
import type { PredictRequest, Reply, Transport } from "./transport.ts";

export interface AttemptPolicy {
  /** How often a request is sent again, at most. */
  retries: number;
  /** Longest that one attempt may take. */
  attemptTimeoutMs: number;
  /** Ceiling of the first wait; it doubles with each, up to `capMs`. */
  baseMs: number;
  capMs: number;
}

/** How one attempt ended. */
type Outcome = { reply: Reply } | { lost: unknown } | { timedOut: true };

/** What may pass by itself: too many requests, or nobody there to answer. */
const PASSING = new Set([429, 502, 503, 504]);

/**
 * Sends a request until it is answered or refused, as often and as long as it may.
 *
 * @throws {PredictionError} that says how the last attempt ended; the reason of the caller's signal where that was aborted.
 */
export async function sendUntilAnswered(
  transport: Transport,
  request: Omit<PredictRequest, "signal">,
  policy: AttemptPolicy,
  limit: TimeLimit,
  surroundings: Surroundings,
): Promise<{ reply: Reply; attempts: number }> {
  let last: Outcome | undefined;
  let attempts = 0;
  const call = (): FailedCall => ({
    workload: request.workload,
    address: transport.address(request.workload),
    inferenceId: request.inferenceId,
    attempts,
    status: last !== undefined && "reply" in last ? last.reply.status : undefined,
  });

  try {
    for (;;) {
      attempts += 1;
      last = await attemptOnce(transport, request, policy.attemptTimeoutMs, limit.signal, surroundings);
      if ("reply" in last && last.reply.status >= 200 && last.reply.status < 300) {
        return { reply: last.reply, attempts };
      }
      if ("reply" in last && !PASSING.has(last.reply.status)) throw refusal(last.reply, call());
      if (attempts > policy.retries) throw exhausted(last, call());
      const now = surroundings.now();
      const asked = "reply" in last ? retryAfterMs(last.reply.retryAfter, now) : undefined;
      const waitMs = backoffMs(attempts, asked, surroundings.random(), policy);
      if (now + waitMs >= limit.endsAt) throw exhausted(last, call(), { waitMs, leftMs: limit.endsAt - now });
      await pause(waitMs, limit.signal, surroundings);
    }
  } catch (error) {
    if (!limit.isOutOfTime || error !== limit.signal.reason) throw error;
    const before = last === undefined ? "" : `; before that it ${ending(last)}`;
    throw new TimedOut(
      `${call().address}: no answer in the time that the call was given (attempt ${attempts}${before}). ` +
        "Give it more with timeoutMs, or send fewer records at once.",
      call(),
      causeOf(last),
    );
  }
}

async function attemptOnce(
  transport: Transport,
  request: Omit<PredictRequest, "signal">,
  timeoutMs: number,
  outer: AbortSignal,
  surroundings: Surroundings,
): Promise<Outcome> {
  const limit = new TimeLimit(timeoutMs, outer, surroundings);
  try {
    outer.throwIfAborted();
    const { signal } = limit;
    return { reply: await untilAborted(transport.send({ ...request, signal }), signal) };
  } catch (error) {
    if (outer.aborted) throw outer.reason;
    return limit.isOutOfTime ? { timedOut: true } : { lost: error };
  } finally {
    limit.end();
  }
}

/** A reply that another attempt wouldn't change. */
function refusal(reply: Reply, call: FailedCall): PredictionError {
  const { status } = reply;
  const faults = readFaults(reply.body);
  if (status >= 400 && status < 500 && faults.length > 0) return new InvalidRecords(faults, call);
  const said = `${call.address} answers ${status}: ${readDetail(reply.body)}.`;
  if (status === 401 || status === 403) {
    return new Unauthorized(
      `${said} Give the transport the credentials that are expected there; a firewall in front answers 403, too.`,
      call,
    );
  }
  if (status >= 400 && status < 500) return new Refused(said, call);
  return new ServiceFault(`${said} Its log holds why, under inference id ${call.inferenceId}.`, call);
}

/** An outcome that might have passed, after the last attempt. */
function exhausted(
  outcome: Outcome,
  call: FailedCall,
  wait?: { waitMs: number; leftMs: number },
): PredictionError {
  const tried = `${call.address} ${ending(outcome)} (attempt ${call.attempts}).`;
  const message =
    wait === undefined
      ? `${tried} Try again later, or allow more attempts with retries.`
      : `${tried} The next attempt would be in ${Math.round(wait.waitMs)} ms, and the call has ${Math.max(0, Math.round(wait.leftMs))} ms left: ` +
        "try again later, or give it more with timeoutMs.";
  return "timedOut" in outcome
    ? new TimedOut(message, call)
    : new Unavailable(message, call, causeOf(outcome));
}

function ending(outcome: Outcome): string {
  if ("reply" in outcome) return `answers ${outcome.reply.status}: ${readDetail(outcome.reply.body)}`;
  if ("timedOut" in outcome) return "gives no answer in the time of one attempt, attemptTimeoutMs";
  return `can't be reached: ${messagesOf(outcome.lost).join(": ")}`;
}

/** What an error says, and what lies behind it: Node's fetch says no more than "fetch failed" itself. */
function messagesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  return [error.message, ...(error.cause instanceof Error ? messagesOf(error.cause) : [])];
}

function causeOf(outcome: Outcome | undefined): ErrorOptions | undefined {
  return outcome !== undefined && "lost" in outcome ? { cause: outcome.lost } : undefined;
}
