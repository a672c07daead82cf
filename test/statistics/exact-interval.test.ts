import { exactInterval } from "@perennial/statistics";
import { expect, it } from "vitest";

it.each([
  // By SciPy 1.16's beta.ppf, to which the exact limits are equal.
  [16, 23, 0.4708083339914933, 0.8678971203019001],
  [0, 10, 0, 0.3084971078187607],
  [10, 10, 0.6915028921812392, 1],
  [1, 1, 0.025, 1],
  [7, 400, 0.0070641282207539085, 0.035722873593619225],
])("agrees with SciPy on %i of %i", (successes, trials, lower, upper) => {
  const found = exactInterval(successes, trials, 0.95);
  expect(found.lower).toBeCloseTo(lower, 12);
  expect(found.upper).toBeCloseTo(upper, 12);
  expect(found.confidence).toBe(0.95);
});

it("mirrors itself: successes are failures seen from the other side", () => {
  const [few, many] = [exactInterval(3, 23, 0.9), exactInterval(20, 23, 0.9)];
  expect(few.lower).toBeCloseTo(1 - many.upper, 12);
  expect(few.upper).toBeCloseTo(1 - many.lower, 12);
});

it.each([
  [3, 0],
  [5, 4],
  [-1, 4],
  [1.5, 4],
])("refuses %d successes of %d trials", (successes, trials) => {
  expect(() => exactInterval(successes, trials, 0.95)).toThrow(
    new RangeError(
      `exactInterval: ${successes} successes of ${trials} trials, expected whole numbers with 0 ≤ successes ≤ trials, trials from 1.`,
    ),
  );
});
