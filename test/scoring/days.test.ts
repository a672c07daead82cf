import * as fc from "fast-check";
import { loadArtifact, type Model } from "@perennial/scoring";
import { beforeAll, describe, expect, it } from "vitest";
import { epochDay } from "../../packages/scoring/src/day.ts";
import { artifactArchive, artifactFiles } from "../support/artifact.ts";
import { MATCH_ARTIFACT } from "../support/task-artifacts.ts";

const MS_PER_DAY = 86_400_000;
let model: Model;
beforeAll(async () => {
  model = await loadArtifact(await artifactArchive(artifactFiles(MATCH_ARTIFACT)));
});

it("counts days as Date does, from the year 0 to 9999", () => {
  const days = fc.integer({
    min: Date.parse("0000-01-01") / MS_PER_DAY,
    max: Date.parse("9999-12-31") / MS_PER_DAY,
  });
  fc.assert(
    fc.property(days, (day) => {
      expect(epochDay(new Date(day * MS_PER_DAY).toISOString().slice(0, 10))).toBe(day);
    }),
  );
});

it.each(["1970-01-01", "2000-02-29", "1969-12-31", "2026-12-31"])("counts %s", (text) => {
  expect(epochDay(text)).toBe(Date.parse(text) / MS_PER_DAY);
});

it.each([
  "",
  "2026-02-29",
  "1900-02-29",
  "2026-04-31",
  "2026-13-01",
  "2026-00-10",
  "2026-01-00",
  "2026-1-05",
  "26-01-05",
  "2026/01/05",
  "2026-01-05T00:00:00Z",
  "20260105",
  "-026-01-05",
  "+026-01-05",
  "2026-01-0x",
  "２０２６-01-05",
])("takes %j for no day", (text) => {
  expect(epochDay(text)).toBeNaN();
});

describe("a field that holds a day", () => {
  const encoded = (date: unknown) =>
    model.encode([{ team: "Leeds", opponent: "Arsenal", date }]).chunks[0]?.numbers[0];

  it.each(["2026-01-31", " 2026-01-31 "])("is read as days since 1970-01-01: %j", (date) => {
    expect(encoded(date)).toBe(20_484);
  });

  const expected = 'expected a day from 2000-01-01 to 2030-12-31, as text such as "2000-01-01"';
  it.each([
    ["31.01.2026", `given "31.01.2026"; ${expected}`],
    ["2026-02-30", `given "2026-02-30"; ${expected}`],
    ["1999-12-31", `given "1999-12-31"; ${expected}`],
    ["2031-01-01", `given "2031-01-01"; ${expected}`],
    [20_484, `given 20484; ${expected}, or null where it is missing`],
    [true, `given true; ${expected}, or null where it is missing`],
    [null, "given nothing; expected a value, the model needs it"],
    ["?", "given nothing; expected a value, the model needs it"],
  ])("refuses %j", (date, message) => {
    expect(model.validate([{ team: "Leeds", opponent: "Arsenal", date }])).toEqual([
      { record: 0, field: "date", message },
    ]);
  });
});
