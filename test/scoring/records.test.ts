import * as fc from "fast-check";
import { InvalidRecords, loadArtifact, MAX_FAULTS, type Model } from "@perennial/scoring";
import { beforeAll, describe, expect, it } from "vitest";
import { artifactArchive, artifactFiles, linearProbability, MANIFEST } from "../support/artifact.ts";

let model: Model;
beforeAll(async () => {
  model = await loadArtifact(await artifactArchive());
});

const messagesOf = (record: unknown) =>
  model.validate([record]).map(({ field, message }) => `${field ?? "(record)"}: ${message}`);

async function probabilityOf(record: object): Promise<number> {
  const [probability] = await model.score([{ days: 3, ...record }]);
  return probability ?? Number.NaN;
}

describe("a value is read as its source meant it", () => {
  it.each([
    ["a level", { sex: "Female" }, { sex: "Female" }],
    ["a level with spaces around it", { sex: " Female " }, { sex: "Female" }],
    ["a code as text", { ward: "2" }, { ward: "2" }],
    ["a code as number", { ward: 2 }, { ward: "2" }],
    ["a code as number with a point", { ward: 2.0 }, { ward: "2" }],
    ["a level that isn't known, where the field is open", { ward: "7" }, {}],
    ["a boolean, where its text is a level", { ward: true }, { ward: "true" }],
    ["a diagnosis as text", { diagnosis: "250.83" }, { diagnosis: "250.83" }],
    ["a diagnosis as number", { diagnosis: 250.83 }, { diagnosis: "250.83" }],
    ["a number", { weight: 80.5 }, { weight: 80.5 }],
    ["a number as text", { weight: "80.5" }, { weight: 80.5 }],
    ["a number as text with spaces around it", { weight: " 80.5 " }, { weight: 80.5 }],
    ["a number as text with an exponent", { weight: "8.05e1" }, { weight: 80.5 }],
    ["a whole number written with a point", { days: "4.0" }, { days: 4 }],
    ["the smallest", { days: 1 }, { days: 1 }],
    ["the largest", { days: 14 }, { days: 14 }],
    ["null", { sex: null, weight: null }, {}],
    ["the source's marker for missing", { sex: "?", diagnosis: " ? ", weight: "?" }, {}],
    ["an empty text", { sex: "", diagnosis: "  ", weight: "" }, {}],
    ["undefined", { sex: undefined, weight: undefined }, {}],
    ["a field that the model doesn't use", { payer: "anything", discharge: 1 }, {}],
  ])("%s", async (_, record, meant) => {
    expect(await probabilityOf(record)).toBeCloseTo(linearProbability({ days: 3, ...meant }), 6);
  });
});

describe("a value that breaks the manifest is refused with what was given and what is expected", () => {
  const diagnosis = "expected a code such as the pattern (?:\\d{3}|V\\d{2})(?:\\.\\d{1,2})? describes";
  it.each([
    [{ sex: "female" }, 'sex: given "female"; expected one of Female, Male'],
    [{ sex: 1 }, "sex: given 1; expected one of Female, Male"],
    [{ sex: true }, "sex: given true; expected one of Female, Male, or null where it is missing"],
    [{ sex: ["Female"] }, "sex: given an array; expected one of Female, Male, or null where it is missing"],
    [{ ward: false }, "ward: given false; expected a text or a number, or null where it is missing"],
    [{ ward: {} }, "ward: given an object; expected a text or a number, or null where it is missing"],
    [{ ward: Number.NaN }, "ward: given NaN; expected a text or a number, or null where it is missing"],
    [{ ward: "x".repeat(257) }, "ward: given 257 characters; expected at most 256"],
    [{ diagnosis: "25" }, `diagnosis: given "25"; ${diagnosis}`],
    [{ diagnosis: "250.83 or so" }, `diagnosis: given "250.83 or so"; ${diagnosis}`],
    [{ diagnosis: "250\n9" }, `diagnosis: given "250\\n9"; ${diagnosis}`],
    [{ days: 0 }, "days: given 0; expected a whole number from 1 to 14"],
    [{ days: 15 }, "days: given 15; expected a whole number from 1 to 14"],
    [{ days: 2.5 }, "days: given 2.5; expected a whole number from 1 to 14"],
    [{ days: "3abc" }, 'days: given "3abc"; expected a whole number from 1 to 14'],
    [{ days: "0x3" }, 'days: given "0x3"; expected a whole number from 1 to 14'],
    [{ days: "٣" }, 'days: given "٣"; expected a whole number from 1 to 14'],
    [{ days: true }, "days: given true; expected a whole number from 1 to 14, or null where it is missing"],
    [{ weight: "Infinity" }, 'weight: given "Infinity"; expected a number from 0.5 to 300'],
    [{ weight: "1e999" }, 'weight: given "1e999"; expected a number from 0.5 to 300'],
    [{ weight: Number.POSITIVE_INFINITY }, "weight: given Infinity; expected a number from 0.5 to 300"],
    [{ weight: Number.NaN }, "weight: given NaN; expected a number from 0.5 to 300"],
    [{ weight: "80,5" }, 'weight: given "80,5"; expected a number from 0.5 to 300'],
    [{ weight: "1 000" }, 'weight: given "1 000"; expected a number from 0.5 to 300'],
    [{ weight: 0.4999 }, "weight: given 0.4999; expected a number from 0.5 to 300"],
    [
      { discharge: "11" },
      'discharge: given "11"; the model does not answer for such a row: the patient died',
    ],
    [{ discharge: 19 }, "discharge: given 19; the model does not answer for such a row: the patient died"],
    [{ days: null }, "days: given nothing; expected a value, the model needs it"],
    [{ days: "?" }, "days: given nothing; expected a value, the model needs it"],
  ])("%j", (record, message) => {
    expect(messagesOf({ days: 3, ...record })).toEqual([message]);
  });

  it("cuts what it quotes", () => {
    expect(messagesOf({ days: 3, sex: "x".repeat(200) })).toEqual([
      `sex: given "${"x".repeat(80)}…"; expected one of Female, Male`,
    ]);
  });

  it("says nothing of a record's inside, however deep", () => {
    let deep: unknown = [];
    for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
    expect(messagesOf({ days: deep })).toEqual([
      "days: given an array; expected a whole number from 1 to 14, or null where it is missing",
    ]);
  });
});

describe("an excluded level is refused in a field that the model reads, too", () => {
  it.each([
    ["ward", 2, { column: "ward", levels: ["2"], reason: "the ward is closed" }],
    ["days", "14", { column: "days", levels: ["14"], reason: "the stay is not over" }],
  ])("%s", async (field, given, rule) => {
    const files = artifactFiles({ manifest: { excluded: [rule] } });
    const excluding = await loadArtifact(await artifactArchive(files));
    expect(excluding.validate([{ days: 3, [field]: given }])).toEqual([
      {
        record: 0,
        field,
        message: `given ${JSON.stringify(given)}; the model does not answer for such a row: ${rule.reason}`,
      },
    ]);
  });
});

describe("an unknown field is refused", () => {
  it.each([
    ["Weight", 'did you mean "weight"?'],
    ["weigth", 'did you mean "weight"?'],
    ["dia_gnosis", 'did you mean "diagnosis"?'],
    ["paier", 'did you mean "payer"?'],
    ["blood pressure", "leave it out"],
    ["__proto__", "leave it out"],
    ["constructor", "leave it out"],
    ["toString", "leave it out"],
    ["", "leave it out"],
  ])("%j: %s", (name, hint) => {
    const record: unknown = JSON.parse(`{"days": 3, ${JSON.stringify(name)}: {"sex": "Female"}}`);
    expect(messagesOf(record)).toEqual([`${name}: unknown field; ${hint}`]);
    expect(model.unknownField(name)).toBe(`unknown field; ${hint}`);
  });

  it("does not see what a record inherits", async () => {
    const record: unknown = Object.create(
      { sex: "Female", surprise: 1 },
      {
        days: { value: 3, enumerable: true },
      },
    );
    const [probability] = await model.score([record]);
    expect(probability).toBeCloseTo(linearProbability({ days: 3 }), 6);
  });
});

describe("faults are reported together", () => {
  it("all of all records, in order", async () => {
    const records = [{ days: 3 }, { days: 0, sex: "x" }, null, { dayz: 1 }];
    const refused: unknown = await model.score(records).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(InvalidRecords);
    const { faults, total, message } = refused as InvalidRecords;
    expect(faults).toEqual([
      { record: 1, field: "days", message: "given 0; expected a whole number from 1 to 14" },
      { record: 1, field: "sex", message: 'given "x"; expected one of Female, Male' },
      { record: 2, field: null, message: "given null; expected an object of field names to values" },
      { record: 3, field: "dayz", message: 'unknown field; did you mean "days"?' },
      { record: 3, field: "days", message: "given nothing; expected a value, the model needs it" },
    ]);
    expect([total, message]).toEqual([5, "the records have 5 faults"]);
  });

  it("up to a hundred, and counts the rest", async () => {
    const records = Array.from({ length: 250 }, () => ({ days: 99 }));
    const refused: unknown = await model.score(records).catch((error: unknown) => error);
    const { faults, total, message } = refused as InvalidRecords;
    expect([faults.length, total]).toEqual([MAX_FAULTS, 250]);
    expect(message).toBe("the records have 250 faults; the first 100 are listed");
  });

  it("in time that a hostile record can't stretch", { timeout: 60_000 }, () => {
    const hostile = Object.fromEntries(Array.from({ length: 200_000 }, (_, index) => [`wight${index}`, 1]));
    // Time of this thread, which a busy machine doesn't change.
    const start = process.threadCpuUsage();
    expect(model.validate([{ ...hostile, days: 3 }])).toHaveLength(MAX_FAULTS);
    const { user, system } = process.threadCpuUsage(start);
    expect((user + system) / 1_000).toBeLessThan(10_000);
  });
});

describe("any record", () => {
  const names = [...MANIFEST.inputs.map(({ name }) => name), "payer", "discharge", "__proto__", "length"];
  const value = fc.oneof(
    fc.constantFrom<unknown>(
      "Female",
      "1",
      "?",
      "250.83",
      "V45",
      "3",
      " 4 ",
      5,
      1e308,
      -0,
      null,
      true,
      [],
      {},
    ),
    fc.jsonValue(),
    fc.anything(),
  );
  const record = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), value, { maxKeys: 8 }),
    },
    { weight: 1, arbitrary: fc.anything() },
  );

  it("is either scored with a probability or refused with faults that name it, and nothing else happens", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 5 }), async (records) => {
        const faults = model.validate(records);
        const outcome: unknown = await model.predict(records).catch((error: unknown) => error);
        const [probabilities, refused] =
          outcome instanceof InvalidRecords ? [0, outcome.faults] : [(outcome as Float32Array).length, []];
        expect([probabilities, refused]).toEqual([faults.length > 0 ? 0 : records.length, faults]);
        expect(faults.filter(({ record: place }) => place === null || place >= records.length)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it("that is scored gets the probability of its own values, wherever it stands among others", async () => {
    const good = fc.record(
      {
        sex: fc.constantFrom("Female", "Male"),
        ward: fc.constantFrom("1", "2", "9"),
        diagnosis: fc.constantFrom("250.83", "V45", "401"),
        days: fc.integer({ min: 1, max: 14 }),
        weight: fc.integer({ min: 1, max: 300 }),
      },
      { requiredKeys: ["days"] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(good, { minLength: 1, maxLength: 200 }), async (records) => {
        const probabilities = await model.score(records);
        records.forEach((row, place) => {
          expect(probabilities[place]).toBeCloseTo(linearProbability(row), 5);
        });
      }),
      { numRuns: 100 },
    );
  });
});
