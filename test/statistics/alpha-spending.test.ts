import { alphaForLook, isHoldoutRetired } from "@perennial/statistics";
import { expect, it } from "vitest";

it("spends the whole of alpha over the stated looks, and no more", () => {
  const spent = Array.from({ length: 52 }, (_, index) =>
    alphaForLook({ alpha: 0.05, looks: 52, look: index + 1 }),
  );
  expect(spent.reduce((sum, level) => sum + level, 0)).toBeCloseTo(0.05, 15);
});

it("retires a holdout once its looks are used up", () => {
  const budget = { alpha: 0.05, looks: 2 };
  expect([0, 1, 2, 3].map((looksTaken) => isHoldoutRetired({ ...budget, looksTaken }))).toEqual([
    false,
    false,
    true,
    true,
  ]);
});

it.each([0, 3, 1.5, Number.NaN])("has no level for look %d of 2", (look) => {
  expect(() => alphaForLook({ alpha: 0.05, looks: 2, look })).toThrow(
    new RangeError(
      `alphaForLook: look is ${look}, expected a whole number from 1 to 2. ` +
        "A holdout whose looks are used up is retired: seal a new one.",
    ),
  );
});

it("names all faults of a budget at once", () => {
  expect(() => isHoldoutRetired({ alpha: 0, looks: 0, looksTaken: 0 })).toThrow(
    new RangeError(
      "Look budget: alpha is 0, expected a number between 0 and 1; looks is 0, expected a whole number from 1.",
    ),
  );
});
