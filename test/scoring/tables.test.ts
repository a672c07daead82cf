import { loadArtifact, type Model } from "@perennial/scoring";
import { beforeAll, describe, expect, it } from "vitest";
import {
  artifactArchive,
  artifactFiles,
  FAILING_GRAPH,
  linearProbability,
  NAN_GRAPH,
} from "../support/artifact.ts";

let model: Model;
beforeAll(async () => {
  model = await loadArtifact(await artifactArchive());
});

const NAMES = ["days", "sex", "weight", "payer"];
const row = (index: number) => [String(1 + (index % 14)), ["Female", "Male", "?"][index % 3], "80", "x"];
const faultsOf = (refused: ReadonlyMap<number, readonly { field: string | null; message: string }[]>) =>
  [...refused].map(([place, faults]) => [place, faults.map(({ field, message }) => `${field}: ${message}`)]);

describe("a table", () => {
  it("is scored as its records are", async () => {
    const rows = Array.from({ length: 300 }, (_, index) => row(index));
    const records = rows.map((values) =>
      Object.fromEntries(NAMES.map((name, place) => [name, values[place]])),
    );
    const { predictions, refused } = await model.predictEach({ names: NAMES, rows });
    expect([[...predictions], refused.size]).toEqual([[...(await model.score(records))], 0]);
    expect((await model.predictEach({ records })).predictions).toEqual(predictions);
  });

  it("is scored but for the rows that are wrong, and says all that is wrong with each", async () => {
    const rows = Array.from({ length: 300 }, (_, index) => row(index));
    rows[130] = ["0", "x", "80", "x"];
    rows[299] = ["", "Female", "80", "x"];
    const { predictions, refused } = await model.predictEach({ names: NAMES, rows });
    expect(faultsOf(refused)).toEqual([
      [
        130,
        [
          'days: given "0"; expected a whole number from 1 to 14',
          'sex: given "x"; expected one of Female, Male',
        ],
      ],
      [299, ["days: given nothing; expected a value, the model needs it"]],
    ]);
    expect(predictions[131]).toBeCloseTo(linearProbability({ days: 6, weight: 80 }), 6);
    expect(predictions[129]).toBeCloseTo(linearProbability({ days: 4, sex: "Female", weight: 80 }), 6);
  });

  it.each([
    [NAN_GRAPH, { days: 3, weight: null }],
    [FAILING_GRAPH, { days: 3, ward: "secret", sex: null, diagnosis: null }],
  ])("refuses a row that the model has no answer to, and no other", async (graph, bad) => {
    const numbers = { sex: null, diagnosis: null, weight: 80 };
    const failing = await loadArtifact(await artifactArchive(artifactFiles({ graph })));
    const good = graph === NAN_GRAPH ? { days: 3, weight: 80 } : { days: 3, ...numbers };
    const { refused } = await failing.predictEach({ records: [good, bad] });
    expect(faultsOf(refused).at(-1)).toEqual([1, ["null: the model fails on this record"]]);
  });
});
