import { suggestion } from "@perennial/contracts";
import { expect, it } from "vitest";

const KNOWN = ["hospital-readmission", "match-outcome", "training", "prod", "age"];

it.each([
  ["hospital-readmision", "hospital-readmission"],
  ["Hospital_Readmission", "hospital-readmission"],
  ["Hospital", "hospital-readmission"],
  ["traning", "training"],
  ["training-jobs", "training"],
  ["production", "prod"],
  // Two letters swapped are one slip: of four, no more would be let pass.
  ["pord", "prod"],
  ["drop", undefined],
  ["a", undefined],
  ["xyz", undefined],
  ["-", undefined],
  ["", undefined],
  ["prod".repeat(17), undefined],
])("%j may have meant %s", (given, meant) => {
  expect(suggestion(given, KNOWN)).toBe(meant);
});

it("the nearest is suggested, whatever comes first", () => {
  expect([suggestion("weigth", ["weird", "weight"]), suggestion("weigth", ["weight", "weird"])]).toEqual([
    "weight",
    "weight",
  ]);
});
