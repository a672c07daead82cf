import { UnreadableRecord } from "@perennial/scoring";
import { readRecords, Refusal } from "@perennial/scoring/invocation";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

const anyField = { unknownField: () => undefined, validate: () => [] };
const limits = { maxRecords: 20 };
const read = (body: string | Uint8Array, type: Parameters<typeof readRecords>[1]) =>
  readRecords(typeof body === "string" ? Buffer.from(body) : body, type, anyField, limits);

const name = fc.oneof(
  fc.stringMatching(/^[a-z]{1,6}$/),
  fc.constantFrom("__proto__", "constructor", "records"),
);
const text = fc.string({ unit: "binary", maxLength: 8 });
const cell = (value: string) => `"${value.replaceAll('"', '""')}"`;
const asJson = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

describe("records come out as they were put in", () => {
  it("as one JSON object", () => {
    const record = fc
      .dictionary(name, fc.jsonValue(), { maxKeys: 5 })
      .filter((one) => !Object.hasOwn(one, "records"));
    fc.assert(
      fc.property(record, (one) => {
        expect(read(JSON.stringify(one), "application/json")).toEqual([asJson(one)]);
      }),
    );
  });

  it("as JSON under records", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { minLength: 1, maxLength: 20 }), (records) => {
        expect(read(JSON.stringify({ records }), "application/json")).toEqual(asJson(records));
      }),
    );
  });

  it("as JSON Lines, whatever ends a line and whatever empty ones stand between", () => {
    const records = fc.array(fc.jsonValue(), { minLength: 1, maxLength: 20 });
    const end = fc.constantFrom("\n", "\r\n", "\n\n", "\n  \n");
    fc.assert(
      fc.property(records, end, (all, ending) => {
        const body = all.map((one) => JSON.stringify(one)).join(ending);
        expect(read(body, "application/jsonlines")).toEqual(asJson(all));
      }),
    );
  });

  it("as CSV, whatever stands in a quoted cell", () => {
    const table = fc.uniqueArray(name, { minLength: 1, maxLength: 4 }).chain((names) =>
      fc.tuple(
        fc.constant(names),
        fc.array(fc.array(text, { minLength: names.length, maxLength: names.length }), {
          minLength: 1,
          maxLength: 20,
        }),
        fc.constantFrom("\n", "\r\n"),
      ),
    );
    fc.assert(
      fc.property(table, ([names, rows, ending]) => {
        const body = [names, ...rows].map((cells) => cells.map(cell).join(",")).join(ending);
        const records = read(body, "text/csv") as object[];
        expect(records.map((record) => Object.entries(record))).toEqual(
          rows.map((cells) =>
            Object.entries(Object.fromEntries(names.map((one, place) => [one, cells[place]]))),
          ),
        );
      }),
    );
  });
});

/** What `work` returned or threw. */
function outcomeOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe("any bytes", () => {
  const pieces = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    '"',
    ",",
    ":",
    "\\",
    "\\u",
    "\n",
    "\r",
    "1e999",
    "null",
    "\ufeff",
    "é",
  );
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc.array(pieces, { maxLength: 40 }).map((all) => Buffer.from(all.join(""))),
  );

  it.each(["application/json", "application/jsonlines", "text/csv"] as const)(
    "as %s are records or a refusal",
    (type) => {
      fc.assert(
        fc.property(body, (bytes) => {
          const outcome = outcomeOf(() => read(bytes, type));
          const isRefused = outcome instanceof Refusal;
          const isRead = Array.isArray(outcome) && outcome.length > 0 && outcome.length <= limits.maxRecords;
          expect([isRefused, isRead]).toContain(true);
        }),
        { numRuns: 1_000 },
      );
    },
  );

  it("that aren't UTF-8 are refused, and don't disturb the next body", () => {
    expect(() => read(Buffer.from([0x7b, 0xf0, 0x9f]), "application/json")).toThrow("the body isn't UTF-8");
    expect(read('{"days": 3}', "application/json")).toEqual([{ days: 3 }]);
  });

  it.each(["[", '{"a":'])("nested a hundred thousand times by %j are read or refused", (level) => {
    const deep = `${level.repeat(100_000)}1${(level === "[" ? "]" : "}").repeat(100_000)}`;
    expect(() => read(deep.slice(0, -1), "application/json")).toThrow(Refusal);
    expect(read(`{"days": ${deep}}`, "application/json").length).toBe(1);
    const [half] = read(deep.slice(0, -1), "application/jsonlines");
    expect(half).toBeInstanceOf(UnreadableRecord);
  });
});
