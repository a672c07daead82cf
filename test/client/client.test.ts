import { describe, expect, it } from "vitest";
import {
  createClient,
  InvalidRecords,
  type ClientOptions,
  type Reply,
} from "../../packages/client/src/index.ts";
import { MATCH, matchPrediction, matchReply, MODEL, StandInTransport, VirtualTime } from "./stand-ins.ts";

function clientOf(options: Partial<ClientOptions> = {}) {
  const time = new VirtualTime();
  const transport = new StandInTransport(time.now);
  const client = createClient({ transport, surroundings: time, ...options });
  return { time, transport, client };
}

const numbered = (count: number) =>
  Array.from({ length: count }, (_, place) => ({ ...MATCH, team: `${place}` }));
/** Answers each record by its number. */
const byNumber = (records: unknown[]): Reply => {
  const { body } = matchReply(0) as { body: { predictions: unknown[] } };
  const predictions = records.map((record) => matchPrediction(Number((record as { team: string }).team)));
  return { status: 200, body: { ...body, predictions } };
};

describe("one record", () => {
  it("is answered with its prediction, what it is about, who answered and under which id", async () => {
    const { client, transport, time } = clientOf();
    const lookedUp = [{ entity: "team_form", key: "Betis", asOf: "2026-11-21", age: 7 }];
    transport.reply = () => {
      const { status, body } = matchReply(1);
      return { status, body: { ...(body as object), lookedUp } };
    };
    expect(await time.finish(client.predict("match-outcome", MATCH))).toEqual({
      prediction: matchPrediction(1),
      task: { kind: "multiclass", classes: ["loss", "draw", "win"] },
      model: MODEL,
      lookedUp,
      inferenceId: "id-1",
    });
    expect(transport.sent.map(({ records }) => records)).toEqual([[MATCH]]);
  });

  it("leaves no timer behind", async () => {
    const { client, time } = clientOf();
    await client.predict("match-outcome", MATCH);
    expect(time.pending).toBe(0);
  });
});

describe("many records", () => {
  it("are answered in their order, a thousand a request, each with an id of its own", async () => {
    const { client, transport, time } = clientOf();
    // The later ones answer first.
    transport.reply = async ({ records }, nth) => {
      await time.pause(100 - nth);
      return byNumber(records);
    };
    const records = numbered(2_500);
    const { predictions, parts } = await time.finish(client.predict("match-outcome", records));
    expect(predictions.map(({ probabilities }) => probabilities.win)).toEqual(
      records.map((_, place) => place),
    );
    expect(
      parts.map(({ from, predictions, inferenceId }) => [from, predictions.length, inferenceId]),
    ).toEqual([
      [0, 1_000, "id-1"],
      [1_000, 1_000, "id-2"],
      [2_000, 500, "id-3"],
    ]);
  });

  it("go in smaller requests where the way takes no larger ones", async () => {
    const { client, transport } = clientOf();
    transport.maxBodyBytes = 200;
    await client.predict("match-outcome", numbered(5));
    expect(transport.sent.map(({ records }) => records.length)).toEqual([2, 2, 1]);
  });

  it("are never under way in more requests than allowed", async () => {
    const { client, transport, time } = clientOf({ concurrency: 2 });
    transport.maxBodyBytes = 110;
    transport.reply = async ({ records }) => {
      await time.pause(10);
      return matchReply(records.length);
    };
    await time.finish(client.predict("match-outcome", numbered(5)));
    expect(transport.sent.map(({ at }) => at)).toEqual([0, 0, 10, 10, 20]);
  });

  it("may be none: then nothing is asked", async () => {
    const { client, transport } = clientOf();
    expect(await client.predict("match-outcome", [])).toEqual({ predictions: [], parts: [] });
    expect(transport.sent).toEqual([]);
  });

  it("that are refused are told by their places among all of them, those of every request", async () => {
    const { client, transport, time } = clientOf();
    transport.maxBodyBytes = 200;
    transport.reply = ({ records }, nth) => {
      if (nth === 1) return matchReply(records.length);
      const faults = [
        { record: records.length - 1, field: "venue", message: "given null; expected a value" },
      ];
      return { status: 422, body: { title: "refused", faults } };
    };
    const error = await time
      .finish(client.predict("match-outcome", numbered(5)))
      .catch((error: unknown) => error);
    expect(error).toBeInstanceOf(InvalidRecords);
    const { faults, message, call } = error as InvalidRecords;
    expect(faults.map(({ record, field }) => [record, field])).toEqual([
      [1, "venue"],
      [4, "venue"],
    ]);
    expect(message).toBe(
      "match-outcome refuses the records:\n  record 1, venue: given null; expected a value\n  record 4, venue: given null; expected a value",
    );
    expect(call).toMatchObject({ address: "stand-in match-outcome", attempts: 1, status: 422 });
  });

  it("are given up together when one request fails for good: none is begun any more, those under way are aborted", async () => {
    const { client, transport, time } = clientOf({ concurrency: 2 });
    transport.maxBodyBytes = 110;
    transport.reply = (_, nth) => (nth === 0 ? { status: 401, body: "" } : new Promise<Reply>(() => {}));
    await expect(time.finish(client.predict("match-outcome", numbered(5)))).rejects.toMatchObject({
      name: "Unauthorized",
    });
    expect(transport.sent.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    expect(time.pending).toBe(0);
  });
});

describe("a call that can't be made", () => {
  it("says what is wrong with every record, before anything is sent", async () => {
    const { client, transport } = clientOf();
    const call = client.predict("match-outcome", [
      MATCH,
      Number.NaN as never,
      { ...MATCH, team_attack: Number.NaN },
    ]);
    await expect(call).rejects.toThrow(
      "match-outcome refuses the records:\n" +
        "  record 1: given NaN; expected an object of field names to values\n" +
        "  record 2, team_attack: given NaN; expected a finite number, or null where it is missing",
    );
    expect(transport.sent).toEqual([]);
  });

  it("says which workloads there are", async () => {
    const { client } = clientOf();
    await expect(client.predict("churn" as "match-outcome", MATCH)).rejects.toThrow(
      /^there is no workload "churn" in this version of the client; expected one of health-predict, hospital-readmission, /,
    );
  });

  it.each(["", "a b", "é", "x".repeat(65)])("refuses the inference id %j", async (inferenceId) => {
    const { client } = clientOf();
    await expect(client.predict("match-outcome", MATCH, { inferenceId })).rejects.toThrow(
      `inferenceId is ${JSON.stringify(inferenceId)}, expected 1 to 64 letters, digits, - and _ for 1 request`,
    );
  });

  it("says every option that is out of its range", () => {
    const options = { timeoutMs: 0, attemptTimeoutMs: 1.5, retries: -1, concurrency: Number.NaN };
    expect(() => clientOf(options)).toThrow(
      new TypeError(
        "client options: timeoutMs is 0, expected a whole number from 1 to 2147483647; " +
          "attemptTimeoutMs is 1.5, expected a whole number from 1 to 2147483647; " +
          "retries is -1, expected a whole number from 0 to 20; concurrency is NaN, expected a whole number from 1 to 256",
      ),
    );
  });
});

describe("the variant that the caller asks for", () => {
  it("is that of every request of the call", async () => {
    const { client, transport } = clientOf();
    transport.maxBodyBytes = 200;
    await client.predict("match-outcome", numbered(3), { targetVariant: "challenger" });
    await client.predict("match-outcome", MATCH);
    expect(transport.sent.map(({ targetVariant }) => targetVariant)).toEqual([
      "challenger",
      "challenger",
      undefined,
    ]);
  });

  it.each(["", "-a", "a-", "a_b", "a\nb", "x".repeat(64)])("can't be named %j", async (targetVariant) => {
    const { client, transport } = clientOf();
    await expect(client.predict("match-outcome", MATCH, { targetVariant })).rejects.toThrow(
      new TypeError(
        `targetVariant is ${JSON.stringify(targetVariant)}, expected the name of a variant: ` +
          "1 to 63 letters, digits and -, at both ends no -",
      ),
    );
    expect(transport.sent).toEqual([]);
  });
});

describe("an inference id that the caller gives", () => {
  it("stands as it is for one request, and with a number for each of several", async () => {
    const { client, transport } = clientOf();
    await client.predict("match-outcome", MATCH, { inferenceId: "round-14" });
    transport.maxBodyBytes = 200;
    await client.predict("match-outcome", numbered(3), { inferenceId: "round-15" });
    expect(transport.sent.map(({ inferenceId }) => inferenceId)).toEqual([
      "round-14",
      "round-15-1",
      "round-15-2",
    ]);
  });
});

describe("something that is no answer", () => {
  const answer = matchReply(1).body as Record<string, unknown>;
  it.each([
    ["<html>", "given no JSON object; expected predictions, task and model"],
    [[], "given no JSON object; expected predictions, task and model"],
    [{ error: "?" }, "given error; expected predictions, task and model"],
    [
      { ...answer, task: { kind: "binary" } },
      "given predictions of the kind binary; expected multiclass: is this client older or newer than what it asks?",
    ],
    [{ ...answer, predictions: [] }, "given 0 predictions; expected 1, one for each record"],
    [
      { ...answer, predictions: [{ probability: 1 }] },
      "given a prediction without probabilities; expected it in each",
    ],
    [{ ...answer, model: {} }, "given no version of a model; expected the one that answered"],
  ])("%j is a fault of the other side", async (body, what) => {
    const { client, transport } = clientOf();
    transport.reply = () => ({ status: 200, body });
    await expect(client.predict("match-outcome", MATCH)).rejects.toMatchObject({
      name: "ServiceFault",
      message: `stand-in match-outcome answers with something else than predictions: ${what}.`,
      call: { attempts: 1, status: 200, inferenceId: "id-1" },
    });
    expect(transport.sent).toHaveLength(1);
  });
});
