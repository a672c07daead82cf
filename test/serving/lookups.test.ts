import { EndpointResponse, type EntityState } from "@perennial/contracts";
import { OnlineTableFault, type StateKey, type StateReader } from "@perennial/online";
import { describe, expect, it } from "vitest";
import { servingApp } from "../support/serving.ts";
import { MATCH_ARTIFACT } from "../support/task-artifacts.ts";

const STATES: Record<string, EntityState> = {
  Arsenal: { key: "Arsenal", validFrom: "2026-01-20", columns: { points: 2 } },
  Leeds: { key: "Leeds", validFrom: "2026-01-24", columns: { points: 1 } },
};
const WHOLE = { team: "Arsenal", opponent: "Leeds", date: "2026-01-31", form: 2, opponent_form: 1 };
const { form: _, opponent_form: __, ...SHORT } = WHOLE;

class Table implements StateReader {
  readonly asked: StateKey[] = [];
  async read(wanted: readonly StateKey[]) {
    this.asked.push(...wanted);
    return ({ key }: StateKey) => STATES[key];
  }
}

async function ask(records: object[], states: StateReader | undefined, accept = "application/json") {
  const serving = await servingApp(MATCH_ARTIFACT, {}, states);
  const response = await serving.app.inject({
    method: "POST",
    url: "/invocations",
    headers: { "content-type": "application/json", accept },
    payload: JSON.stringify({ records }),
  });
  return { ...serving, response };
}

describe("fields that a record leaves out", () => {
  it("are looked up, and the answer says as of when", async () => {
    const { response } = await ask([SHORT, { ...SHORT, date: "2026-02-20" }], new Table());
    const { predictions, lookedUp } = EndpointResponse.parse(response.json());
    expect(lookedUp).toEqual([
      { entity: "team_form", key: "Arsenal", asOf: "2026-01-20", age: 31 },
      { entity: "team_form", key: "Leeds", asOf: "2026-01-24", age: 27 },
    ]);
    const { response: sent } = await ask([WHOLE, { ...WHOLE, date: "2026-02-20" }], undefined);
    expect(predictions).toEqual(EndpointResponse.parse(sent.json()).predictions);
    expect(EndpointResponse.parse(sent.json()).lookedUp).toBeUndefined();
  });

  it("are told with each line of JSON Lines", async () => {
    const { response } = await ask([SHORT, WHOLE], new Table(), "application/jsonlines");
    const lines = response.body
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ lookedUp }) => lookedUp)).toEqual([
      [
        { entity: "team_form", key: "Arsenal", asOf: "2026-01-20", age: 11 },
        { entity: "team_form", key: "Leeds", asOf: "2026-01-24", age: 7 },
      ],
      undefined,
    ]);
  });

  it("are refused with all other faults where a state can't be had", async () => {
    const { response } = await ask(
      [
        { ...SHORT, colour: 1 },
        { ...SHORT, team: "Arsenall" },
      ],
      new Table(),
    );
    expect([response.statusCode, response.json()]).toMatchObject([
      400,
      {
        error: "the records have 2 faults",
        faults: [
          { record: 0, field: "colour", message: "unknown field; leave it out" },
          {
            record: 1,
            field: "team",
            message: 'given "Arsenall"; team_form knows no such key, so send form with the record',
          },
        ],
      },
    ]);
  });

  it("are refused where the container has no table", async () => {
    const { response } = await ask([SHORT], undefined);
    expect([response.statusCode, response.json()]).toMatchObject([
      400,
      {
        error:
          "this endpoint has no online table (PERENNIAL_ONLINE_TABLE) to look fields up in; " +
          "send form, opponent_form with each record",
      },
    ]);
  });
});

describe("a table that can't be read", () => {
  const away: StateReader = {
    read: () => {
      const cause = new Error("role x is not authorized");
      return Promise.reject(new OnlineTableFault("online", "AccessDeniedException", { cause }));
    },
  };

  it("is told with 503, and its service's words stand in the log only", async () => {
    const { response, lines } = await ask([SHORT], away);
    const error =
      "the online table online can't be read: AccessDeniedException; try again, or send the fields with the records";
    expect([response.statusCode, response.json()]).toMatchObject([503, { error, faults: [] }]);
    expect(lines()[0]).toMatchObject({ service: "role x is not authorized", message: error });
  });

  it("doesn't matter to records that bring all fields along", async () => {
    const { response } = await ask([WHOLE], away);
    expect(response.statusCode).toBe(200);
  });
});

it("asks for each state once", async () => {
  const table = new Table();
  await ask([SHORT, SHORT, { ...SHORT, form: 1 }], table);
  expect(table.asked.map(({ key }) => key)).toEqual(["Arsenal", "Leeds"]);
});
