import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { columnsUsed, parse, Replay } from "@perennial/contracts";
import { describe, expect, it } from "vitest";
import workload from "../../workloads/health-predict/workload.ts";
import { DISEASES } from "../../workloads/health-predict/diagnoses.ts";

const folder = join(import.meta.dirname, "../../workloads/health-predict");
const content = (path: string) => gunzipSync(readFileSync(join(folder, path)));
const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

// No field of these files is quoted.
const [header, ...rows] = content("data/first_fifth.csv.gz")
  .toString("utf8")
  .trim()
  .split("\r\n")
  .map((line) => line.split(","));
const arriving = content("replay/arriving.csv.gz");
const place = (column: string) => header!.indexOf(column);
const { source, task, split, features, algorithms } = workload;
const byName = (a: string, b: string) => a.localeCompare(b);

describe("the data", () => {
  it("is the first fifth of the encounters, and what came after it", () => {
    const next = arriving.toString("latin1").trim().split("\r\n");
    expect(rows).toHaveLength(20_353);
    expect(next).toHaveLength(1 + 81_413);
    expect(next[0]).toBe(header!.join(","));
    expect(sha256(content("data/first_fifth.csv.gz"))).toBe(
      "1eb4687341bfe2b6ce36ef79b6ca263b590acea8a1016a66d8f1215d6a637fb7",
    );
    expect(sha256(arriving)).toBe("855a6ee080a63db577088c4036b9de51e504665866a48f0252516a704545c6cf");
  });

  it("is compressed without a name or a time, so that the same rows are the same bytes", () => {
    const heads = ["data/first_fifth.csv.gz", "replay/arriving.csv.gz"].map((path) =>
      readFileSync(join(folder, path)).subarray(3, 8).toString("hex"),
    );
    expect(heads).toEqual(["0000000000", "0000000000"]);
  });

  it("has 381 encounters outside the question, and 47.9 % readmissions among the others", () => {
    const outside = new Set(source.excluded.flatMap(({ levels }) => levels));
    const inside = rows.filter((row) => !outside.has(row[place("discharge_disposition_id")]!));
    const readmitted = inside.filter((row) => positive.has(row[place("readmitted")]!));
    expect(inside).toHaveLength(19_972);
    expect(readmitted).toHaveLength(9571);
  });
});

if (task.kind !== "binary") throw new Error(`health-predict: expected a binary task, given ${task.kind}`);
const positive = new Set(task.positive);

describe("the spec", () => {
  it("names the columns of the file", () => {
    const named = [...Object.keys(source.columns), ...Object.keys(source.unused)];
    expect(named.toSorted(byName)).toEqual(header!.toSorted(byName));
  });

  it("leaves out a drug for being rare only where it is", () => {
    const given = (drug: string) => rows.filter((row) => row[place(drug)] !== "No").length;
    const reasons = Object.entries(source.unused).filter(([, reason]) => reason.includes("given"));
    const wrong = reasons.filter(([drug, reason]) =>
      reason === "never given" ? given(drug) > 0 : given(drug) === 0 || given(drug) >= 60,
    );
    expect(reasons).toHaveLength(12);
    expect(wrong).toEqual([]);
  });

  it("states the prior that the rows have", () => {
    expect(Math.abs(task.prior - 9571 / 19_972)).toBeLessThan(0.001);
  });

  it("deals patients by the salt that was fixed before any model was seen", () => {
    expect(split).toEqual({
      by: "hash",
      group: "patient_nbr",
      salt: "perennial/health-predict/2026",
      shares: { train: 0.56, validation: 0.08, calibration: 0.08, holdout: 0.14, audit: 0.14 },
    });
  });

  it("compares boosted trees, a forest and a linear model, each with a space to search", () => {
    expect(algorithms.map(({ kind }) => kind)).toEqual(["xgboost", "lightgbm", "randomForest", "linear"]);
    expect(algorithms.filter(({ space }) => Object.keys(space).length === 0)).toEqual([]);
  });

  it("reads every column that it offers, and neither identifiers nor the outcome", () => {
    const read = new Set(features.flatMap((feature) => [...columnsUsed(feature)]));
    expect([...read].toSorted(byName)).toEqual(Object.keys(source.columns).toSorted(byName));
  });
});

describe("the diseases", () => {
  /** The group that counts a code: the first that holds its category. */
  const groupOf = (category: string) =>
    DISEASES.find(({ ranges, letters }) =>
      /^\d/.test(category)
        ? ranges.some(([first, last]) => Number(category) >= first && Number(category) <= last)
        : letters.includes(category.charAt(0)),
    )?.name;

  it("are each reached by some category, in the order that they stand in", () => {
    const categories = [...Array.from({ length: 1000 }, (_, number) => String(number)), "V57", "E812"];
    const reached = new Set(categories.map(groupOf));
    expect(DISEASES.map(({ name }) => name).filter((name) => !reached.has(name))).toEqual([]);
  });

  it.each([
    ["428", "heart_failure"],
    ["414", "coronary_disease"],
    ["420", "other_circulatory"],
    ["250", "diabetes"],
    ["277", "other_metabolic"],
    ["8", "intestinal_infection"],
    ["9", "other_infection"],
    ["785", "chest_symptoms"],
    ["V45", "status_or_aftercare"],
    ["E888", "external_cause"],
    ["745", undefined],
  ])("count %s as %s", (category, group) => {
    expect(groupOf(category)).toBe(group);
  });
});

describe("the replay", () => {
  const { files, batches } = parse(
    Replay,
    JSON.parse(readFileSync(join(folder, "replay/batches.json"), "utf8")),
    "replay/batches.json",
  );

  it("feeds six batches of 2,000, the first two without drift and drawn from what the model has learned from", () => {
    expect(files).toEqual({ reference: source.path, arriving: "replay/arriving.csv.gz" });
    expect(batches.map(({ name, drift, from, rows: size }) => [name, drift, from, size])).toEqual([
      ["none-1", "none", "reference", 2000],
      ["none-2", "none", "reference", 2000],
      ["gradual", "inputs", "arriving", 2000],
      ["strong", "inputs", "arriving", 2000],
      ["concept", "inputs-and-outcome", "arriving", 2000],
      ["in-file-order", "inputs-and-outcome", "arriving", 2000],
    ]);
  });

  it("changes only columns that the model reads, in ways that their types allow", () => {
    const wrong = batches.flatMap(({ name, changes }) =>
      changes.flatMap((change) => {
        const numbers = change.kind === "shift" ? change.columns : [];
        const conditions = change.kind === "shift" ? [] : change.where;
        return [
          ...numbers.filter((column) => source.columns[column]?.type !== "integer"),
          ...conditions
            .filter((condition) => {
              const column = source.columns[condition.column];
              return "levels" in condition
                ? column?.type !== "category" ||
                    condition.levels.some((level) => !column.levels.includes(level))
                : column?.type !== "integer";
            })
            .map(({ column }) => column),
        ].map((column) => `${name}: ${column}`);
      }),
    );
    expect(wrong).toEqual([]);
  });
});
