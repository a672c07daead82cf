import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Feature } from "@perennial/contracts";
import { columnsUsed } from "@perennial/contracts";
import { describe, expect, it } from "vitest";
import workload from "../../workloads/hospital-readmission/workload.ts";

const folder = join(import.meta.dirname, "../../workloads/hospital-readmission");
const lines = (file: string) =>
  gunzipSync(readFileSync(join(folder, "data", file)))
    .toString("utf8")
    .trim()
    .split("\r\n");

// No field of this file is quoted.
const [header, ...rows] = lines("diabetic_data.csv.gz").map((line) => line.split(","));
const values = (column: string) => {
  const place = header!.indexOf(column);
  return new Set(rows.map((row) => row[place]!).filter((value) => value !== "?"));
};
const { source, split, features, derived } = workload;
if (workload.task.kind !== "binary") throw new Error("expected a binary task");
const { task } = workload;

describe("the spec and the data", () => {
  it("name the same columns", () => {
    expect(
      [...Object.keys(source.columns), ...Object.keys(source.unused)].toSorted((a, b) => a.localeCompare(b)),
    ).toEqual(header!.toSorted((a, b) => a.localeCompare(b)));
  });

  it.each(Object.entries(source.columns))("agree about what %s holds", (name, column) => {
    const strange = [...values(name)].filter((value) => {
      if (column.type === "category") return !column.levels.includes(value);
      if (column.type === "code") return !new RegExp(`^(?:${column.pattern})$`).test(value);
      if (column.type === "date") return true;
      return !(/^\d+$/.test(value) && Number(value) >= column.min && Number(value) <= column.max);
    });
    expect(strange).toEqual([]);
  });

  it("require only what every encounter has", () => {
    const required = Object.entries(source.columns).filter(([, column]) => column.required);
    const incomplete = required.filter(([name]) => {
      const place = header!.indexOf(name);
      return rows.some((row) => row[place] === "?");
    });
    expect(required.map(([name]) => name)).toEqual([
      "gender",
      "age",
      "admission_type_id",
      "discharge_disposition_id",
      "admission_source_id",
      "time_in_hospital",
      "num_lab_procedures",
      "num_procedures",
      "num_medications",
      "number_outpatient",
      "number_emergency",
      "number_inpatient",
      "number_diagnoses",
    ]);
    expect(incomplete).toEqual([]);
  });

  it("know every code of IDs_mapping, and exclude all that it calls expired or hospice", () => {
    let table = "";
    const codes: Record<string, string[]> = {};
    const ended: string[] = [];
    for (const line of lines("IDs_mapping.csv.gz")) {
      const [id, ...description] = line.split(",");
      if (id!.endsWith("_id")) table = id!;
      else if (id !== "") {
        (codes[table] ??= []).push(id!);
        const isEnd = /expired|hospice/i.test(description.join(","));
        if (table === "discharge_disposition_id" && isEnd) ended.push(id!);
      }
    }
    const unknown = Object.entries(codes).flatMap(([name, ids]) => {
      const column = source.columns[name];
      return column?.type === "category" ? ids.filter((id) => !column.levels.includes(id)) : [name];
    });
    expect(Object.keys(codes)).toHaveLength(3);
    expect(unknown).toEqual([]);
    expect(source.excluded.flatMap(({ levels }) => levels).toSorted()).toEqual(ended.toSorted());
  });

  it("agree about the outcome", () => {
    expect([...values(task.target)].toSorted()).toEqual([...task.positive, ...task.negative].toSorted());
  });

  it("state a prior within a tenth of the rate among the rows that count", () => {
    const disposition = header!.indexOf("discharge_disposition_id");
    const target = header!.indexOf(task.target);
    const excluded = new Set(source.excluded.flatMap(({ levels }) => levels));
    const counted = rows.filter((row) => !excluded.has(row[disposition]!));
    const rate = counted.filter((row) => task.positive.includes(row[target]!)).length / counted.length;
    expect(counted.length).toBe(99_343);
    expect(Math.abs(task.prior / rate - 1)).toBeLessThan(0.1);
  });
});

describe("the split", () => {
  it("is the one fixed before any model was seen", () => {
    expect(split).toEqual({
      by: "hash",
      group: "patient_nbr",
      salt: "perennial/hospital-readmission/2026",
      shares: { train: 0.58, validation: 0.08, calibration: 0.08, holdout: 0.14, audit: 0.12 },
    });
  });
});

describe("the features", () => {
  const read = new Set(features.flatMap((feature) => [...columnsUsed(feature)]));

  it("read every input that the spec offers, and neither identifiers nor the outcome", () => {
    const offered = [...Object.keys(source.columns), ...Object.keys(derived)];
    expect([...read].toSorted((a, b) => a.localeCompare(b))).toEqual(
      offered.toSorted((a, b) => a.localeCompare(b)),
    );
  });

  it("name only levels that their columns have", () => {
    const unknown = features.flatMap((feature) => {
      const levels = "levels" in feature ? feature.levels : "order" in feature ? feature.order : [];
      return columnsUsed(feature).flatMap((name) => {
        const column = source.columns[name];
        const known = column?.type === "category" ? column.levels : levels;
        return levels.filter((level) => !known.includes(level)).map((level) => `${feature.name}: ${level}`);
      });
    });
    expect(unknown).toEqual([]);
  });

  const diagnosis = features.find((feature) => feature.name === "diag_1") as Extract<
    Feature,
    { kind: "codeGroup" }
  >;
  const groupsOf = (category: string) =>
    diagnosis.groups
      .filter(({ ranges, letters }) =>
        /^\d/.test(category)
          ? ranges.some(([low, high]) => Number(category) >= low && Number(category) <= high)
          : letters.includes(category.charAt(0)),
      )
      .map(({ name }) => name);

  it("put every ICD-9 category in at most one group", () => {
    const categories = [...Array.from({ length: 1000 }, (_, number) => String(number)), "V57", "E812"];
    expect(categories.filter((category) => groupsOf(category).length > 1)).toEqual([]);
  });

  it.each([
    ["circulatory", ["390", "428", "459", "785"]],
    ["respiratory", ["460", "519", "786"]],
    ["digestive", ["520", "579", "787"]],
    ["diabetes", ["250"]],
    ["injury", ["800", "999"]],
    ["musculoskeletal", ["710", "739"]],
    ["genitourinary", ["580", "629", "788"]],
    ["neoplasms", ["140", "239"]],
    ["infection", ["1", "139"]],
    ["metabolic", ["240", "249", "251", "279"]],
    ["blood", ["280", "289"]],
    ["mental", ["290", "319"]],
    ["nervous", ["320", "389"]],
    ["skin", ["680", "709", "782"]],
    ["supplementary", ["V57", "E812"]],
  ])("count the categories of %s as table 2 of Strack et al. and the chapters do", (group, categories) => {
    expect(categories.map(groupsOf)).toEqual(categories.map(() => [group]));
  });

  it("leave pregnancy, birth and congenital conditions to the rest", () => {
    expect(["630", "679", "740", "779", "0"].map(groupsOf)).toEqual([[], [], [], [], []]);
  });
});
