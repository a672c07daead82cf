import { benjaminiHochberg, holm } from "@perennial/statistics";
import * as fc from "fast-check";
import { expect, it } from "vitest";

const pValues = [0.01, 0.04, 0.03, 0.005, 0.5, 0.03];

it("agrees with statsmodels' multipletests for Holm and Benjamini–Hochberg", () => {
  const holmTests = holm(pValues, 0.05);
  expect(holmTests.map(({ isRejected }) => isRejected)).toEqual([true, false, false, true, false, false]);
  expect(holmTests.map(({ adjustedP }) => Number(adjustedP.toFixed(12)))).toEqual([
    0.05, 0.12, 0.12, 0.03, 0.5, 0.12,
  ]);
  const bh = benjaminiHochberg(pValues, 0.05);
  expect(bh.map(({ isRejected }) => isRejected)).toEqual([true, true, true, true, false, true]);
  expect(bh.map(({ adjustedP }) => Number(adjustedP.toFixed(12)))).toEqual([
    0.03, 0.048, 0.045, 0.03, 0.5, 0.045,
  ]);
});

it("stops Holm's procedure at the first test that fails, and keeps its level from there", () => {
  // 0.005 ≤ 0.05/6, 0.01 ≤ 0.05/5, 0.03 > 0.05/4: the rest stays at 0.05/4.
  expect(holm(pValues, 0.05).map(({ level }) => level)).toEqual([
    0.05 / 5,
    0.05 / 4,
    0.05 / 4,
    0.05 / 6,
    0.05 / 4,
    0.05 / 4,
  ]);
  // 0.04 would pass 0.05/1, but 0.03 has already failed 0.05/2.
  expect(holm([0.04, 0.03], 0.05).map(({ isRejected }) => isRejected)).toEqual([false, false]);
});

it("counts a NaN as a test that rejects nothing", () => {
  expect(holm([Number.NaN, 0.02], 0.03)).toEqual([
    { isRejected: false, adjustedP: Number.NaN, level: 0.015 },
    { isRejected: false, adjustedP: 0.04, level: 0.015 },
  ]);
  expect(benjaminiHochberg([Number.NaN, 0.02], 0.05)).toEqual([
    { isRejected: false, adjustedP: Number.NaN, level: 0.025 },
    { isRejected: true, adjustedP: 0.04, level: 0.025 },
  ]);
});

it("has nothing to say about no tests", () => {
  expect([holm([], 0.05), benjaminiHochberg([], 0.05)]).toEqual([[], []]);
});

it("rejects exactly the p-values at or below their level, and what Bonferroni rejects too", () => {
  const p = fc.array(
    fc.double({ min: 0, max: 1, noNaN: true }).map((x) => x ** 4),
    { minLength: 1, maxLength: 12 },
  );
  fc.assert(
    fc.property(p, fc.double({ min: 0.001, max: 0.5, noNaN: true }), (values, alpha) => {
      for (const procedure of [holm, benjaminiHochberg]) {
        const tests = procedure(values, alpha);
        expect(tests.map(({ level }, index) => values[index]! <= level)).toEqual(
          tests.map(({ isRejected }) => isRejected),
        );
        const missed = tests.filter(
          ({ isRejected }, index) => !isRejected && values[index]! <= alpha / values.length,
        );
        expect(missed).toEqual([]);
      }
      // Holm guards against any false rejection, so it never rejects what Benjamini–Hochberg keeps.
      const falseDiscovery = benjaminiHochberg(values, alpha);
      const onlyHolm = holm(values, alpha).filter(
        ({ isRejected }, index) => isRejected && falseDiscovery[index]?.isRejected !== true,
      );
      expect(onlyHolm).toEqual([]);
    }),
  );
});

it("refuses a p-value or a level that is none", () => {
  expect(() => holm([0.1, 1.5, -1], 0.05)).toThrow(
    new RangeError("holm: pValues[1] is 1.5, pValues[2] is -1; expected numbers from 0 to 1."),
  );
  expect(() => benjaminiHochberg([0.1], 1)).toThrow(
    new RangeError("benjaminiHochberg: alpha is 1, expected a number between 0 and 1."),
  );
});
