import { InvalidInput, parse, Replay } from "@perennial/contracts";
import { expect, it } from "vitest";

const batch = {
  name: "first",
  description: "The first",
  drift: "none",
  from: "past",
  rows: 10,
  take: { by: "group" },
  changes: [],
  order: "time",
  seed: 1,
};
const replay = {
  files: { past: "data/past.csv.gz" },
  everyDays: 7,
  labelsAfterDays: 0,
  batches: [batch],
};

const faultsOf = (given: unknown): string[] => {
  try {
    parse(Replay, given, "batches.json");
    return [];
  } catch (error) {
    if (error instanceof InvalidInput) return error.faults.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
};

it("takes a replay whose batches name its files", () => {
  expect(faultsOf(replay)).toEqual([]);
});

it("tells of every batch that names no file, has the name of another one, or asks for nothing", () => {
  const condition = { kind: "flip", where: [{ column: "age" }], share: 0.5 };
  const batches = [batch, { ...batch, from: "future" }, { ...batch, name: "third", changes: [condition] }];
  expect(faultsOf({ ...replay, batches })).toMatchInlineSnapshot(`
    [
      "batches.2.changes.0.where.0: given {"column":"age"}; expected min, max or both",
      "batches.1.from: given "future"; expected one of past",
      "batches.1.name: given "first"; another batch has this name",
    ]
  `);
});
