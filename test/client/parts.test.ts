import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inOrder } from "../../packages/client/src/in-order.ts";
import { partsOf } from "../../packages/client/src/parts.ts";
import { backoffMs, retryAfterMs } from "../../packages/client/src/retry-after.ts";

const bytes = (text: string) => Buffer.byteLength(text, "utf8");
const recordsIn = (body: string) => (JSON.parse(body) as { records: unknown[] }).records;

describe("records put into requests", () => {
  const record = fc.dictionary(
    fc.string({ unit: "grapheme", maxLength: 4 }),
    fc.oneof(fc.string({ unit: "binary", maxLength: 20 }), fc.integer(), fc.boolean(), fc.constant(null)),
    { maxKeys: 4 },
  );
  const records = fc.array(record, { maxLength: 60 });

  it("are all there, in their order, in requests within both limits", () => {
    fc.assert(
      fc.property(
        records,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 300, max: 1_200 }),
        (given, maxRecords, maxBodyBytes) => {
          const fitting = given.filter((one) => bytes(JSON.stringify(one)) + 14 <= maxBodyBytes);
          const { parts, faults } = partsOf(fitting, { maxRecords, maxBodyBytes });
          expect(faults).toEqual([]);
          expect(parts.flatMap(({ body }) => recordsIn(body))).toEqual(JSON.parse(JSON.stringify(fitting)));
          let from = 0;
          for (const part of parts) {
            expect(part).toEqual({ from, records: recordsIn(part.body).length, body: part.body });
            expect(part.records).toBeLessThanOrEqual(maxRecords);
            expect(bytes(part.body)).toBeLessThanOrEqual(maxBodyBytes);
            from += part.records;
          }
        },
      ),
    );
  });

  it("take as few requests as their order allows: the next record never fitted", () => {
    fc.assert(
      fc.property(
        records,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 700, max: 1_200 }),
        (given, maxRecords, maxBodyBytes) => {
          const { parts } = partsOf(given, { maxRecords, maxBodyBytes });
          parts.slice(1).forEach((part, place) => {
            const before = parts[place]!;
            const grown = bytes(before.body) + 1 + bytes(JSON.stringify(recordsIn(part.body)[0]));
            expect(before.records === maxRecords || grown > maxBodyBytes).toBe(true);
          });
        },
      ),
    );
  });

  it("fill a request to its last byte", () => {
    const limits = { maxRecords: 9, maxBodyBytes: bytes('{"records":[{"a":"é"},{"a":"b"}]}') };
    expect(partsOf([{ a: "é" }, { a: "b" }], limits).parts).toHaveLength(1);
    expect(
      partsOf([{ a: "é" }, { a: "bc" }], limits).parts.map(({ from, records }) => [from, records]),
    ).toEqual([
      [0, 1],
      [1, 1],
    ]);
  });

  it("are refused where JSON can't hold them, all at once", () => {
    const given = [null, { a: 1 }, [1], { b: Number.NaN, c: Infinity }, 7n, { d: 7n }, undefined];
    expect(partsOf(given, { maxRecords: 9, maxBodyBytes: 999 }).faults).toEqual([
      { record: 0, field: null, message: "given null; expected an object of field names to values" },
      { record: 2, field: null, message: "given an array; expected an object of field names to values" },
      { record: 3, field: "b", message: "given NaN; expected a finite number, or null where it is missing" },
      {
        record: 3,
        field: "c",
        message: "given Infinity; expected a finite number, or null where it is missing",
      },
      { record: 4, field: null, message: "given 7; expected an object of field names to values" },
      { record: 5, field: "d", message: "given 7; expected a finite number, or null where it is missing" },
      { record: 6, field: null, message: "given undefined; expected an object of field names to values" },
    ]);
  });

  it("are refused where one alone is more than a request may be", () => {
    expect(partsOf([{ a: "x".repeat(40) }], { maxRecords: 9, maxBodyBytes: 30 }).faults).toEqual([
      {
        record: 0,
        field: null,
        message: "given 48 bytes as JSON; expected at most 16, the most that one request may hold",
      },
    ]);
  });
});

describe("work done side by side", () => {
  it("is answered in order, never with more at once than allowed, whatever ends first", async () => {
    const work = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(
        work,
        fc.integer({ min: 1, max: 6 }),
        fc.scheduler(),
        async (items, most, scheduler) => {
          let running = 0;
          let peak = 0;
          const done = inOrder(items, most, async (item, place) => {
            running += 1;
            peak = Math.max(peak, running);
            await scheduler.schedule(Promise.resolve(), `${place}`);
            running -= 1;
            return [item, place];
          });
          const [results] = await Promise.all([done, scheduler.waitFor(done)]);
          expect(results).toEqual(items.map((item, place) => [item, place]));
          expect(peak).toBe(Math.min(most, items.length));
        },
      ),
    );
  });

  it("begins nothing new after a failure, whoever of them failed", async () => {
    const begun: number[] = [];
    const work = async (item: number) => {
      begun.push(item);
      if (item === 2) throw new Error("no");
      await new Promise((resolve) => setImmediate(resolve));
    };
    await expect(inOrder([1, 2, 3, 4], 2, work)).rejects.toThrow("no");
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(begun).toEqual([1, 2]);
  });
});

describe("waiting between attempts", () => {
  const policy = { baseMs: 100, capMs: 5_000 };

  it("lies anywhere below a ceiling that doubles up to its cap, on top of what was asked for", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.option(fc.integer({ min: 0, max: 60_000 }), { nil: undefined }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempts, asked, chance) => {
          const least = asked ?? 0;
          const waited = backoffMs(attempts, asked, chance, policy);
          expect(waited).toBeGreaterThanOrEqual(least);
          expect(waited - least).toBeLessThanOrEqual(Math.min(5_000, 100 * 2 ** (attempts - 1)));
        },
      ),
    );
  });

  it.each([
    ["0", 0],
    ["2", 2_000],
    [" 1.5 ", 1_500],
    ["Sat, 21 Nov 2026 12:00:05 GMT", 5_000],
    ["Sat, 21 Nov 2026 11:00:00 GMT", 0],
    ["soon", undefined],
    ["-1", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("asked for as Retry-After %j is %j ms", (header, expected) => {
    const now = Date.parse("2026-11-21T12:00:00Z");
    expect(retryAfterMs(header, now)).toBe(expected);
  });
});
