import { BatchGetItemCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { EntityState } from "@perennial/contracts";
import {
  itemOf,
  OnlineTable,
  OnlineTableFault,
  type OnlineTableOptions,
  RecentStates,
  type StateKey,
} from "@perennial/online";
import { mockClient } from "aws-sdk-client-mock";
import { describe, expect, it } from "vitest";

const ARSENAL: EntityState = {
  key: "Arsenal",
  validFrom: "2026-01-20",
  columns: { points: 2.25, goals: null },
};
const ROUND: EntityState = { key: "7", validFrom: 12, columns: { points: 0 } };
const form = (key: string): StateKey => ({ entity: "team_form", key });
const item = (state: EntityState) =>
  itemOf("match-outcome", "team_form", state, "match-outcome-0123456789ab");

function tableOf(options: Partial<OnlineTableOptions> = {}) {
  const client = new DynamoDBClient({ region: "eu-central-1" });
  const mock = mockClient(client);
  let now = 0;
  const slept: number[] = [];
  const table = new OnlineTable(client, "online", "match-outcome", {
    nowMs: () => now,
    sleep: (ms) => {
      slept.push(ms);
      now += ms;
      return Promise.resolve();
    },
    ...options,
  });
  return { mock, table, slept };
}

async function faultOf(reading: Promise<unknown>): Promise<OnlineTableFault> {
  const outcome: unknown = await reading.catch((error: unknown) => error);
  if (outcome instanceof OnlineTableFault) return outcome;
  throw new Error("expected an OnlineTableFault", { cause: outcome });
}

it("writes a state as an item of its workload's partition", () => {
  expect(item(ARSENAL)).toEqual({
    pk: { S: "match-outcome#team_form" },
    sk: { S: "Arsenal" },
    validFrom: { S: "2026-01-20" },
    columns: { M: { points: { N: "2.25" }, goals: { NULL: true } } },
    execution: { S: "match-outcome-0123456789ab" },
  });
});

describe("reading", () => {
  it("answers each key with its state, or that there is none", async () => {
    const { mock, table } = tableOf();
    mock.on(BatchGetItemCommand).resolves({ Responses: { online: [item(ARSENAL), item(ROUND)] } });
    const stateOf = await table.read([form("Arsenal"), form("7"), form("Leeds")]);
    expect([form("Arsenal"), form("7"), form("Leeds"), { entity: "other", key: "7" }].map(stateOf)).toEqual([
      ARSENAL,
      ROUND,
      undefined,
      undefined,
    ]);
    expect(mock.commandCalls(BatchGetItemCommand).map(({ args }) => args[0].input)).toEqual([
      {
        RequestItems: {
          online: {
            Keys: ["Arsenal", "7", "Leeds"].map((key) => ({
              pk: { S: "match-outcome#team_form" },
              sk: { S: key },
            })),
          },
        },
      },
    ]);
  });

  it("asks for at most a hundred keys at once", async () => {
    const { mock, table } = tableOf();
    mock.on(BatchGetItemCommand).resolves({});
    await table.read(Array.from({ length: 250 }, (_, index) => form(String(index))));
    const sizes = mock
      .commandCalls(BatchGetItemCommand)
      .map(({ args }) => args[0].input.RequestItems?.["online"]?.Keys?.length);
    expect(sizes).toEqual([100, 100, 50]);
  });

  it("asks again, after a pause that grows, for what was left out", async () => {
    const { mock, table, slept } = tableOf();
    const { pk, sk } = item(ROUND);
    mock
      .on(BatchGetItemCommand)
      .resolvesOnce({
        Responses: { online: [item(ARSENAL)] },
        UnprocessedKeys: { online: { Keys: [{ pk, sk }] } },
      })
      .resolvesOnce({ UnprocessedKeys: { online: { Keys: [{ pk, sk }] } } })
      .resolves({ Responses: { online: [item(ROUND)] } });
    const stateOf = await table.read([form("Arsenal"), form("7")]);
    expect([stateOf(form("Arsenal")), stateOf(form("7")), slept]).toEqual([ARSENAL, ROUND, [20, 40]]);
    expect(mock.commandCalls(BatchGetItemCommand)[2]?.args[0].input).toEqual({
      RequestItems: { online: { Keys: [{ pk, sk }] } },
    });
  });

  it("gives up at its deadline", async () => {
    const { mock, table, slept } = tableOf({ deadlineMs: 100 });
    const { pk, sk } = item(ROUND);
    mock.on(BatchGetItemCommand).resolves({ UnprocessedKeys: { online: { Keys: [{ pk, sk }] } } });
    const fault = await faultOf(table.read([form("7")]));
    expect([fault.message, slept]).toEqual([
      "the online table online can't be read: 1 of its keys weren't answered within 100 ms",
      [20, 40],
    ]);
  });

  it("takes no longer than its deadline when the service is silent", async () => {
    const { mock, table } = tableOf({ deadlineMs: 30 });
    mock.on(BatchGetItemCommand).callsFake(
      () =>
        new Promise((_, reject) => {
          setTimeout(() => reject(Object.assign(new Error("Request aborted"), { name: "AbortError" })), 40);
        }),
    );
    expect((await faultOf(table.read([form("7")]))).message).toBe(
      "the online table online can't be read: 1 of its keys weren't answered within 30 ms",
    );
  });

  it("says which error the service refused with", async () => {
    const { mock, table } = tableOf();
    const cause = Object.assign(new Error("no"), { name: "ResourceNotFoundException" });
    mock.on(BatchGetItemCommand).rejects(cause);
    const fault = await faultOf(table.read([form("7")]));
    expect([fault.message, fault.cause]).toEqual([
      "the online table online can't be read: ResourceNotFoundException",
      cause,
    ]);
  });
});

describe("what was read recently", () => {
  function recent({ size = 2, ttlMs = 100 } = {}) {
    const asked: string[][] = [];
    const clock = { now: 0 };
    const reader = {
      read: (wanted: readonly StateKey[]) => {
        asked.push(wanted.map(({ key }) => key));
        return Promise.resolve(({ key }: StateKey) => (key === "none" ? undefined : { ...ARSENAL, key }));
      },
    };
    const states = new RecentStates(reader, { size, ttlMs, nowMs: () => clock.now });
    const read = async (...keys: string[]) => {
      const stateOf = await states.read(keys.map(form));
      return keys.map((key) => stateOf(form(key))?.key);
    };
    return { asked, clock, read };
  }

  it("isn't asked for again, not even what doesn't exist", async () => {
    const { asked, read } = recent();
    expect([await read("a", "none"), await read("none", "a")]).toEqual([
      ["a", undefined],
      [undefined, "a"],
    ]);
    expect(asked).toEqual([["a", "none"]]);
  });

  it("is asked for again when its time is over", async () => {
    const { asked, clock, read } = recent();
    await read("a");
    clock.now = 99;
    await read("a");
    clock.now = 100;
    await read("a");
    expect(asked).toEqual([["a"], ["a"]]);
  });

  it("makes room by forgetting what was unused longest", async () => {
    const { asked, read } = recent();
    await read("a", "b");
    await read("a");
    await read("c");
    expect(await read("a", "b")).toEqual(["a", "b"]);
    expect(asked).toEqual([["a", "b"], ["c"], ["b"]]);
  });
});
