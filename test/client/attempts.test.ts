import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createClient,
  type ClientOptions,
  PredictionError,
  type PredictOptions,
  type Reply,
} from "../../packages/client/src/index.ts";
import { MATCH, matchReply, StandInTransport, VirtualTime } from "./stand-ins.ts";

/** Asks once, with replies in their order (the last one for good), and tells how it ended and when it was sent. */
async function ask(
  replies: (Reply | Error | "never")[],
  options: Partial<ClientOptions> = {},
  each: PredictOptions = {},
  time = new VirtualTime(),
) {
  const transport = new StandInTransport(time.now);
  transport.reply = (_, nth) => {
    const reply = replies[Math.min(nth, replies.length - 1)]!;
    if (reply === "never") return new Promise<Reply>(() => {});
    if (reply instanceof Error) throw reply;
    return reply;
  };
  const client = createClient({ transport, surroundings: time, ...options });
  const outcome = await time
    .finish(client.predict("match-outcome", MATCH, each))
    .then(() => "answered" as const)
    .catch((error: unknown) => error as PredictionError);
  return {
    outcome,
    sentAt: transport.sent.map(({ at }) => at),
    sent: transport.sent,
    endedAt: time.now(),
    time,
  };
}

const refused = (status: number, retryAfter?: string): Reply => ({
  status,
  body: { title: "No", detail: `because of ${status}` },
  retryAfter,
});
const BROKEN = new TypeError("fetch failed");
const ANSWER = matchReply(1);

describe("what may pass by itself", () => {
  it.each<[string, Reply | Error]>([
    ["429", refused(429)],
    ["502", refused(502)],
    ["503", refused(503)],
    ["504", refused(504)],
    ["a broken connection", BROKEN],
  ])("is tried again after %s, waiting up to 100, 200 and 400 ms", async (_, reply) => {
    const { outcome, sentAt, sent } = await ask([reply, reply, reply, ANSWER]);
    expect(outcome).toBe("answered");
    expect(sentAt).toEqual([0, 50, 150, 350]);
    // The same request: whoever joins outcomes with predictions must not find two.
    expect(sent.map(({ inferenceId }) => inferenceId)).toEqual(["id-1", "id-1", "id-1", "id-1"]);
  });

  it.each<[string, Reply | Error, string]>([
    ["refusals", refused(503), "stand-in match-outcome answers 503: because of 503 (attempt 4)."],
    ["broken connections", BROKEN, "stand-in match-outcome can't be reached: fetch failed (attempt 4)."],
  ])("is Unavailable after all attempts ended in %s", async (_, reply, said) => {
    const { outcome, sentAt } = await ask([reply]);
    expect(sentAt).toHaveLength(4);
    expect(outcome).toMatchObject({
      name: "Unavailable",
      message: `${said} Try again later, or allow more attempts with retries.`,
      call: { workload: "match-outcome", attempts: 4, inferenceId: "id-1" },
    });
    expect((outcome as Error).cause).toBe(reply instanceof Error ? BROKEN : undefined);
  });

  it("is not tried again where that isn't wanted", async () => {
    expect((await ask([refused(503), ANSWER], { retries: 0 })).sentAt).toEqual([0]);
  });

  it("is tried again no earlier than asked for, and not by everybody at once", async () => {
    expect(
      (await ask([refused(429, "2"), refused(503, "Thu, 01 Jan 1970 00:00:10 GMT"), ANSWER])).sentAt,
    ).toEqual([0, 2_050, 10_100]);
  });

  it("isn't waited for longer than the call may take", async () => {
    const { outcome, endedAt } = await ask([refused(429, "60")]);
    expect(endedAt).toBe(0);
    expect(outcome).toMatchObject({
      name: "Unavailable",
      message:
        "stand-in match-outcome answers 429: because of 429 (attempt 1). The next attempt would be in 60050 ms, " +
        "and the call has 30000 ms left: try again later, or give it more with timeoutMs.",
    });
  });

  it("ends as soon as something else comes, at the times that chance and Retry-After say", async () => {
    const status = fc.constantFrom(200, 400, 401, 404, 408, 429, 500, 502, 503, 504);
    const retryAfter = fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined });
    const retries = fc.integer({ min: 0, max: 8 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(status, retryAfter), { minLength: 1, maxLength: 10 }),
        retries,
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        async (script, most, chances) => {
          const replies = script.map(([status, seconds]) =>
            status === 200 ? ANSWER : refused(status, seconds?.toString()),
          );
          const time = new VirtualTime(() => chances.next().value);
          const { sentAt } = await ask(replies, { retries: most, timeoutMs: 1_000_000 }, {}, time);
          const passing = (nth: number) =>
            [429, 502, 503, 504].includes(script[Math.min(nth, script.length - 1)]![0]);
          let attempts = 1;
          while (attempts <= most && passing(attempts - 1)) attempts += 1;
          expect(sentAt).toHaveLength(attempts);
          sentAt.slice(1).forEach((at, nth) => {
            const asked = (script[Math.min(nth, script.length - 1)]![1] ?? 0) * 1_000;
            const waited = at - sentAt[nth]! - asked;
            expect(waited).toBeGreaterThanOrEqual(-1e-6);
            expect(waited).toBeLessThanOrEqual(Math.min(5_000, 100 * 2 ** nth) + 1e-6);
          });
        },
      ),
    );
  });
});

describe("what doesn't pass", () => {
  it.each([
    [400, "Refused", "stand-in match-outcome answers 400: because of 400."],
    [
      401,
      "Unauthorized",
      "stand-in match-outcome answers 401: because of 401. Give the transport the credentials that are expected there; a firewall in front answers 403, too.",
    ],
    [
      403,
      "Unauthorized",
      "stand-in match-outcome answers 403: because of 403. Give the transport the credentials that are expected there; a firewall in front answers 403, too.",
    ],
    [404, "Refused", "stand-in match-outcome answers 404: because of 404."],
    [408, "Refused", "stand-in match-outcome answers 408: because of 408."],
    [409, "Refused", "stand-in match-outcome answers 409: because of 409."],
    [413, "Refused", "stand-in match-outcome answers 413: because of 413."],
    [415, "Refused", "stand-in match-outcome answers 415: because of 415."],
    [422, "Refused", "stand-in match-outcome answers 422: because of 422."],
    [
      500,
      "ServiceFault",
      "stand-in match-outcome answers 500: because of 500. Its log holds why, under inference id id-1.",
    ],
  ])("%i is %s, after one attempt", async (status, name, message) => {
    const { outcome, sentAt } = await ask([refused(status)]);
    expect(sentAt).toEqual([0]);
    expect(outcome).toMatchObject({ name, message, call: { status, attempts: 1 } });
  });

  it.each([
    [{ error: "too old" }, "too old"],
    [{ message: "Forbidden" }, "Forbidden"],
    [{ Message: "User is not authorized" }, "User is not authorized"],
    [{ title: "Only a title" }, "Only a title"],
    ["plain text", "plain text"],
    ["x".repeat(301), `${"x".repeat(300)}…`],
    ["", "no reason given"],
    [null, "no reason given"],
  ])("is told in the words of whoever refused: %j", async (body, said) => {
    const { outcome } = await ask([{ status: 404, body }]);
    expect((outcome as Error).message).toBe(`stand-in match-outcome answers 404: ${said}.`);
  });
});

describe("a reply of any kind", () => {
  it("is an answer or an error of the client's own, that names the call", async () => {
    const status = fc.oneof(fc.integer({ min: 100, max: 599 }), fc.constantFrom(200, 400, 422, 503));
    const faults = fc.array(fc.jsonValue());
    const body = fc.oneof(fc.jsonValue(), fc.record({ faults, detail: fc.jsonValue() }), fc.string());
    await fc.assert(
      fc.asyncProperty(status, body, fc.option(fc.string()), async (status, body, retryAfter) => {
        const { outcome } = await ask([{ status, body, retryAfter: retryAfter ?? undefined }]);
        expect(outcome).toBeInstanceOf(PredictionError);
        const { name, message, call } = outcome as PredictionError;
        expect(KINDS).toContain(name);
        expect(message).toContain("match-outcome");
        expect(call).toMatchObject({ workload: "match-outcome", status, inferenceId: "id-1" });
      }),
    );
  });
});

const KINDS = ["InvalidRecords", "Refused", "Unauthorized", "Unavailable", "TimedOut", "ServiceFault"];

describe("time", () => {
  it("of one attempt is limited, and a late one is tried again", async () => {
    const { outcome, sentAt, sent } = await ask(["never", ANSWER]);
    expect(outcome).toBe("answered");
    expect(sentAt).toEqual([0, 10_050]);
    expect(sent[0]?.signal.aborted).toBe(true);
  });

  it("that runs out in every attempt is TimedOut", async () => {
    const { outcome, sentAt } = await ask(["never"], { attemptTimeoutMs: 1_000, retries: 1 });
    expect(sentAt).toEqual([0, 1_050]);
    expect(outcome).toMatchObject({
      name: "TimedOut",
      message:
        "stand-in match-outcome gives no answer in the time of one attempt, attemptTimeoutMs (attempt 2). " +
        "Try again later, or allow more attempts with retries.",
    });
  });

  it("of the whole call is limited, whatever is under way, and what came before is told", async () => {
    const { outcome, endedAt, sent, time } = await ask([refused(503), "never"], { timeoutMs: 2_000 });
    expect(endedAt).toBe(2_000);
    expect(outcome).toMatchObject({
      name: "TimedOut",
      message:
        "stand-in match-outcome: no answer in the time that the call was given (attempt 2; before that it answers 503: because of 503). " +
        "Give it more with timeoutMs, or send fewer records at once.",
    });
    expect(sent[1]?.signal.aborted).toBe(true);
    expect(time.pending).toBe(0);
  });

  it("may be given to a single call", async () => {
    expect((await ask(["never"], {}, { timeoutMs: 500 })).endedAt).toBe(500);
  });
});

describe("a caller who gives up", () => {
  const reason = new Error("the page was left");

  it("before asking sends nothing", async () => {
    const { outcome, sentAt } = await ask([ANSWER], {}, { signal: AbortSignal.abort(reason) });
    expect(outcome).toBe(reason);
    expect(sentAt).toEqual([]);
  });

  it.each<[string, (Reply | "never")[], number]>([
    ["during an attempt", ["never"], 700],
    ["between attempts", [refused(503, "5"), ANSWER], 700],
  ])("%s is thrown its own reason at once", async (_, replies, at) => {
    const time = new VirtualTime();
    const caller = new AbortController();
    time.after(at, () => caller.abort(reason));
    const { outcome, endedAt, sent } = await ask(replies, {}, { signal: caller.signal }, time);
    expect(outcome).toBe(reason);
    expect(endedAt).toBe(at);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.signal.aborted).toBe(true);
    expect(time.pending).toBe(0);
  });
});
