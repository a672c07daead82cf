import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { columnsUsed } from "@perennial/contracts";
import { describe, expect, it } from "vitest";
import inAdvance from "../../workloads/medication-adherence/variants/in-advance.ts";
import atYearsEnd from "../../workloads/medication-adherence/workload.ts";

const content = gunzipSync(
  readFileSync(join(import.meta.dirname, "../../workloads/medication-adherence", atYearsEnd.source.path)),
);
const BYTE_ORDER_MARK = "\u{feff}";
const [header, ...rows] = content
  .toString("utf8")
  .replace(BYTE_ORDER_MARK, "")
  .trim()
  .split("\n")
  .map((line) => line.split(","));
const byName = (a: string, b: string) => a.localeCompare(b);
const TOTALS = ["ANNUALCLAIMAMOUNT", "UNITSTOTAL"];
const MADE_BY_THE_QUERY = ["claim", "claim_row", "profile"];

describe("the data", () => {
  it("is the file of the source", () => {
    expect(rows).toHaveLength(24_084);
    expect(createHash("sha256").update(content).digest("hex")).toBe(
      "59b525ea7ae43b2dfb016e25a627c31fea8d6c9a81d3f3130530297a771da41f",
    );
  });

  it("has 9,669 adherent rows, and 13 that repeat another one", () => {
    expect(rows.filter(([outcome]) => outcome === "ADHERENT")).toHaveLength(9669);
    expect(new Set(rows.map((row) => row.join(","))).size).toBe(24_071);
  });

  it("has as many rows of either diagnosis for those who have both, so that rows are dealt by profile", () => {
    const place = (column: string) => header!.indexOf(column);
    const withBoth = rows.filter((row) => row[place("COMORBIDITY_NO_COMORBIDITY")] === "FALSE");
    const hypertensive = withBoth.filter((row) => row[place("DIAGNOSIS_HYPERTENSION")] === "TRUE");
    expect([withBoth.length, hypertensive.length]).toEqual([6976, 3488]);
    expect(atYearsEnd.split.group).toBe("profile");
  });
});

describe.each([
  ["at year's end", atYearsEnd],
  ["in advance", inAdvance],
])("the spec %s", (_, { source, split, task, features }) => {
  it("names the columns of the file and those that its query makes", () => {
    const named = [...Object.keys(source.columns), ...Object.keys(source.unused)];
    expect(named.toSorted(byName)).toEqual([...header!, ...MADE_BY_THE_QUERY].toSorted(byName));
    expect(source.rows?.columns.toSorted(byName)).toEqual(header!.toSorted(byName));
  });

  it.each(Object.entries(source.columns))("agrees with the file about %s", (name, column) => {
    const place = header!.indexOf(name);
    const strange = rows
      .map((row) => row[place]!)
      .filter((value) => {
        if (column.type === "category") return !column.levels.includes(value);
        if (column.type === "integer" || column.type === "number") {
          const isNumber = column.type === "integer" ? /^\d+$/.test(value) : /^\d+(\.\d+)?$/.test(value);
          return !(isNumber && Number(value) >= column.min && Number(value) <= column.max);
        }
        return true;
      });
    expect(strange).toEqual([]);
  });

  it("deals profiles by the salt that was fixed before any model was seen", () => {
    expect(split).toEqual({
      by: "hash",
      group: "profile",
      salt: "perennial/medication-adherence/2026",
      shares: { train: 0.56, validation: 0.08, calibration: 0.08, holdout: 0.14, audit: 0.14 },
    });
  });

  it("states the prior that the rows have", () => {
    expect(task).toMatchObject({
      kind: "binary",
      positive: ["ADHERENT"],
      negative: ["NON-ADHERENT"],
      prior: 0.4,
    });
  });

  it("reads every column that it offers", () => {
    const read = new Set(features.flatMap((feature) => [...columnsUsed(feature)]));
    expect([...read].toSorted(byName)).toEqual(Object.keys(source.columns).toSorted(byName));
  });
});

describe("the variant in advance", () => {
  it("differs by the year's totals, which it doesn't take", () => {
    const offered = Object.keys(atYearsEnd.source.columns);
    expect(offered.filter((name) => !(name in inAdvance.source.columns)).toSorted(byName)).toEqual(TOTALS);
    expect(TOTALS.map((name) => inAdvance.source.unused[name])).toEqual([
      "known only when the year is over",
      "known only when the year is over",
    ]);
    expect(Object.keys(inAdvance.checks.missing).toSorted(byName)).toEqual(
      Object.keys(inAdvance.source.columns).toSorted(byName),
    );
  });
});
