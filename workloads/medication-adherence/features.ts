import type { Feature, WorkloadSpecInput } from "@perennial/contracts";
import { known } from "./columns.ts";

const isFlag = (name: string) => known[name]?.type === "category";

/** Of what is known when the year begins. */
export const knownFeatures: WorkloadSpecInput["features"] = [
  { kind: "number", name: "age", column: "AGE" },
  { kind: "number", name: "contribution", column: "ANNUALCONTRIBUTION" },
  ...Object.keys(known)
    .filter(isFlag)
    .map((column): Feature => ({
      kind: "indicator",
      name: column.toLowerCase(),
      column,
      levels: ["TRUE"],
    })),
];

/** Of the year's totals. They run over nine orders of magnitude: a linear model needs their logs. */
export const totalFeatures: WorkloadSpecInput["features"] = [
  { kind: "number", name: "claims", column: "ANNUALCLAIMAMOUNT" },
  { kind: "number", name: "units", column: "UNITSTOTAL" },
  { kind: "log", name: "log_claims", column: "ANNUALCLAIMAMOUNT" },
  { kind: "log", name: "log_units", column: "UNITSTOTAL" },
  { kind: "ratio", name: "claims_per_unit", numerator: "ANNUALCLAIMAMOUNT", denominator: "UNITSTOTAL" },
];
