import type { EntityState, Manifest } from "@perennial/contracts";
import { FaultList, Lookups } from "@perennial/scoring";
import { describe, expect, it } from "vitest";
import { MANIFEST } from "../support/artifact.ts";
import { MATCH_ARTIFACT } from "../support/task-artifacts.ts";

const manifest: Manifest = { ...MANIFEST, ...MATCH_ARTIFACT.manifest };
const lookups = new Lookups(manifest);
const NOW = Date.parse("2026-02-01T15:00:00Z");

const STATES: Record<string, EntityState> = {
  Arsenal: { key: "Arsenal", validFrom: "2026-01-20", columns: { points: 2.2 } },
  Leeds: { key: "Leeds", validFrom: "2026-01-24", columns: { points: null } },
  Norwich: { key: "Norwich", validFrom: "2025-05-20", columns: { points: 1 } },
  "7": { key: "7", validFrom: 12, columns: { points: 1 } },
};
const MATCH = { team: "Arsenal", opponent: "Leeds", date: "2026-01-31" };

function fill(record: unknown, by = lookups) {
  const faults = new FaultList();
  const [filled] = by.complete([record], ({ key }) => STATES[key], faults, NOW);
  return { ...filled, faults: faults.listed.map(({ field, message }) => `${field}: ${message}`) };
}

describe("what is wanted", () => {
  it("is each state once, for the fields that records leave out", () => {
    const rows = [MATCH, { ...MATCH, team: " Leeds ", opponent: 7 }, { ...MATCH, form: 1 }, null, [], "x"];
    expect(lookups.wanted(rows)).toEqual([
      { entity: "team_form", key: "Arsenal" },
      { entity: "team_form", key: "Leeds" },
      { entity: "team_form", key: "7" },
    ]);
  });

  it("is nothing for records that bring their fields along, null included", () => {
    expect(lookups.wanted([{ ...MATCH, form: 1, opponent_form: null }])).toEqual([]);
  });

  it("is nothing for a model that looks nothing up", () => {
    expect(new Lookups({ ...manifest, lookups: [] }).wanted([MATCH])).toEqual([]);
  });
});

describe("a record", () => {
  it("gets what it leaves out, with the age of each state", () => {
    expect(fill(MATCH)).toEqual({
      record: { ...MATCH, form: 2.2, opponent_form: null },
      lookedUp: [
        { entity: "team_form", key: "Arsenal", asOf: "2026-01-20", age: 11 },
        { entity: "team_form", key: "Leeds", asOf: "2026-01-24", age: 7 },
      ],
      faults: [],
    });
  });

  it("keeps what it brings, whatever the state says", () => {
    expect(fill({ ...MATCH, form: 0.5 })).toMatchObject({
      record: { ...MATCH, form: 0.5, opponent_form: null },
      lookedUp: [{ key: "Leeds" }],
    });
  });

  it.each([
    [
      { team: "Arsenall", opponent_form: 1 },
      ['team: given "Arsenall"; team_form knows no such key, so send form with the record'],
    ],
    [
      { team: "Norwich", opponent_form: 1 },
      [
        'team: given "Norwich"; its latest state of team_form is as of 2025-05-20, 256 days before "2026-01-31"; ' +
          "the limit is 120, so send form with the record",
      ],
    ],
    [
      { date: "2026-01-20" },
      [
        'team: given "Arsenal"; its latest state of team_form is as of 2026-01-20, not from before "2026-01-20", ' +
          "so send form with the record",
        'opponent: given "Leeds"; its latest state of team_form is as of 2026-01-24, not from before "2026-01-20", ' +
          "so send opponent_form with the record",
      ],
    ],
    [
      { team: null, opponent: "?" },
      [
        "team: given null; expected the key of team_form to look up form",
        'opponent: given "?"; expected the key of team_form to look up opponent_form',
      ],
    ],
    [
      { date: "31.01.2026", opponent_form: 1 },
      [
        'date: given "31.01.2026"; expected a day such as "2026-01-31", the time for which the state of team_form is asked',
      ],
    ],
  ])("is refused for %j", (change, faults) => {
    const record = { ...MATCH, ...change };
    expect(fill(record)).toEqual({ record, lookedUp: [], faults });
  });

  it("is left to the model's own checks where it is no record", () => {
    expect(fill("x")).toEqual({ record: "x", lookedUp: [], faults: [] });
  });
});

describe("a lookup without a time of its own", () => {
  const now = new Lookups({
    ...manifest,
    lookups: manifest.lookups.map((lookup) => ({ ...lookup, at: null, maxAge: 10 })),
  });

  it("is held against now", () => {
    expect(fill({ ...MATCH, form: 1 }, now)).toMatchObject({
      lookedUp: [{ key: "Leeds", age: 8 }],
      faults: [],
    });
    expect(fill({ ...MATCH, opponent_form: 1 }, now).faults).toEqual([
      'team: given "Arsenal"; its latest state of team_form is as of 2026-01-20, 12 days before now; ' +
        "the limit is 10, so send form with the record",
    ]);
  });
});

describe("a time that is a number", () => {
  const numbered = new Lookups({
    ...manifest,
    lookups: manifest.lookups.slice(0, 1).map((lookup) => ({ ...lookup, at: "round", maxAge: 3 })),
  });

  it.each([
    [15, []],
    ["15", []],
    [
      16,
      [
        'team: given "7"; its latest state of team_form is as of 12, 4 before 16; the limit is 3, so send form with the record',
      ],
    ],
    ["x", ['round: given "x"; expected a number, the time for which the state of team_form is asked']],
  ])("%j", (round, faults) => {
    expect(fill({ team: "7", round }, numbered).faults).toEqual(faults);
  });
});
