import { createRandom, randomFromState, seedFromText } from "@perennial/statistics";
import { expect, it } from "vitest";

it("gives the numbers of the published C code of xoshiro128**", () => {
  // Blackman and Vigna's xoshiro128starstar.c, compiled with gcc, from the state 1, 2, 3, 4.
  const random = randomFromState([1, 2, 3, 4]);
  expect(Array.from({ length: 10 }, () => random.uint32())).toEqual([
    11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
  ]);
  for (let draw = 10; draw < 100_000; draw++) random.uint32();
  expect(random.uint32()).toBe(68908208);
});

it("repeats itself for one seed and not for its neighbour", () => {
  const first = (seed: number) => {
    const random = createRandom(seed);
    return [random.uint32(), random.uniform(), random.normal(), random.below(10)];
  };
  expect(first(7)).toEqual(first(7));
  expect(first(7)[0]).not.toBe(first(8)[0]);
});

it("draws every number below the bound about equally often", () => {
  const random = createRandom(3);
  const counts = new Int32Array(7);
  for (let draw = 0; draw < 70_000; draw++) counts[random.below(7)]! += 1;
  const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
  // The 99.9 % quantile of chi-square with 6 degrees of freedom.
  expect(chiSquare).toBeLessThan(22.46);
});

it("draws uniform and normal numbers with the mean and variance they should have", () => {
  const random = createRandom(11);
  const moments = (draw: () => number) => {
    const values = Array.from({ length: 100_000 }, draw);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
  };
  const uniform = moments(() => random.uniform());
  const normal = moments(() => random.normal());
  // Four standard errors of 100,000 draws.
  expect(Math.abs(uniform.mean - 1 / 2)).toBeLessThan(0.0037);
  expect(Math.abs(uniform.variance - 1 / 12)).toBeLessThan(0.001);
  expect(Math.abs(normal.mean)).toBeLessThan(0.0127);
  expect(Math.abs(normal.variance - 1)).toBeLessThan(0.018);
});

it("makes of a text the seed it always made", () => {
  // The same two hashes, written in Python.
  expect([seedFromText(""), seedFromText("holdout-1"), seedFromText("holdout-2"), seedFromText("é")]).toEqual(
    [2872998923, 2833961464, 3453770961, 2387039943],
  );
});

it("refuses a seed that it would have to cut, and a state that never moves", () => {
  expect(() => createRandom(2 ** 32)).toThrow(
    new RangeError(
      "createRandom: seed is 4294967296, expected a whole number from 0 to 4294967295. For a text, use seedFromText.",
    ),
  );
  expect(() => randomFromState([0, 0, 0, 0])).toThrow(
    new RangeError(
      "randomFromState: all four words are 0, a state that never leaves 0; give at least one other word.",
    ),
  );
});
