import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { columnsUsed } from "@perennial/contracts";
import { describe, expect, it } from "vitest";
import { ILLNESSES } from "../../workloads/injury-duration/illnesses.ts";
import { INJURIES } from "../../workloads/injury-duration/injuries.ts";
import football from "../../workloads/injury-duration/variants/football.ts";
import seedSplit from "../../workloads/injury-duration/variants/seed-split.ts";
import workload from "../../workloads/injury-duration/workload.ts";

const folder = join(import.meta.dirname, "../../workloads/injury-duration");
const sha256 = (content: Buffer) => createHash("sha256").update(content).digest("hex");
const read = (path: string) => {
  const content = gunzipSync(readFileSync(join(folder, path)));
  // No field of these files is quoted.
  const [header, ...rows] = content
    .toString("utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(","));
  const values = (column: string) => rows.map((row) => row[header!.indexOf(column)]!);
  return { sha: sha256(content), header: header!, rows, values };
};
const byName = (a: string, b: string) => a.localeCompare(b);

describe("the examinations", () => {
  const file = read(workload.source.path);

  it("are the joined file that README.md makes", () => {
    expect(file.rows).toHaveLength(3385);
    expect(file.sha).toBe("4e6a9746881837dcacc74fc0766fa9a7224b73874aa3025844af7960688b1ef4");
  });

  it("last 4 to 40 days, 13.07 in the mean", () => {
    const days = file.values("injury_duration").map(Number);
    expect([Math.min(...days), Math.max(...days)]).toEqual([4, 40]);
    expect(days.reduce((sum, one) => sum + one, 0) / days.length).toBeCloseTo(13.07, 2);
  });

  it("have the columns that the spec names", () => {
    const { columns, unused } = workload.source;
    expect([...Object.keys(columns), ...Object.keys(unused)].toSorted(byName)).toEqual(
      file.header.toSorted(byName),
    );
  });

  it("ask for the 18 columns of the published contract, in its order", () => {
    const asked = file.header.filter((name) => !["Id", "injury_duration", "seed_part"].includes(name));
    expect(Object.keys(workload.source.columns)).toEqual(asked);
    expect(workload.features.flatMap((feature) => [...columnsUsed(feature)])).toEqual(asked);
  });

  it.each(Object.entries(workload.source.columns))("agree with the spec about %s", (name, column) => {
    if (column.type !== "integer") throw new Error(`${name} is ${column.type}, expected integer`);
    const strange = file
      .values(name)
      .map(Number)
      .filter((value) => !(Number.isInteger(value) && value >= column.min && value <= column.max));
    expect(strange).toEqual([]);
  });

  it("are dealt by the hash that was fixed before any model was seen", () => {
    expect(workload.split).toEqual({
      by: "hash",
      group: "Id",
      salt: "perennial/injury-duration/2026",
      shares: { train: 0.6, validation: 0.08, calibration: 0.08, holdout: 0.12, audit: 0.12 },
    });
  });

  it("keep the published 20 % for holdout and audit in the variant", () => {
    const counts: Record<string, number> = {};
    for (const part of file.values("seed_part")) counts[part] = (counts[part] ?? 0) + 1;
    expect(counts).toEqual({ train: 2358, validation: 150, calibration: 200, holdout: 177, audit: 500 });
    expect(seedSplit.split).toEqual({ by: "column", group: "Id", column: "seed_part" });
  });

  it("are asked the same question by the variant", () => {
    const { features, task, algorithms } = workload;
    expect({
      features: seedSplit.features,
      task: seedSplit.task,
      algorithms: seedSplit.algorithms,
    }).toEqual({ features, task, algorithms });
  });
});

describe("the injuries of five leagues", () => {
  const file = read(football.source.path);

  it("are the file of the source", () => {
    expect(file.rows).toHaveLength(15_603);
    expect(file.sha).toBe("092c00dbe598130026a7c19bbca7a8bf14fb09f02ec68a8e1ffecdd771ff46df");
    expect(football.source.rows?.columns).toEqual(file.header);
  });

  it("are spelled as the vocabulary has them, and each is an injury or an illness", () => {
    const spelled = new Set(file.values("Injury").map((text) => text.trim().toLowerCase()));
    expect([...INJURIES, ...ILLNESSES].toSorted(byName)).toEqual([...spelled].toSorted(byName));
  });

  it("are 14,604 without those listed under a second club, 11,681 of them no illness", () => {
    const player = file.values("player_id");
    const from = file.values("injury_from_parsed");
    const injuries = file.values("Injury").map((text) => text.trim().toLowerCase());
    const unique = new Map(
      injuries.map((injury, place) => [`${player[place]} ${from[place]} ${injury}`, injury]),
    );
    const ill = new Set(ILLNESSES);
    expect(unique.size).toBe(14_604);
    expect([...unique.values()].filter((injury) => !ill.has(injury))).toHaveLength(11_681);
  });

  it("leave no row out because of how it ended", () => {
    expect(football.source.excluded.map(({ column }) => column)).toEqual(["injury"]);
    const days = file.values("Days").map((text) => Number(text.split(" ")[0]));
    const { task } = football;
    if (task.kind !== "regression") throw new Error("expected a regression");
    expect(days.filter((one) => !(one >= task.min && one <= task.max))).toEqual([]);
  });

  it("are joined with states as old as the endpoint allows", () => {
    const sql = readFileSync(join(folder, football.source.features), "utf8");
    expect([...sql.matchAll(/<= (\d+)/g)].map(([, days]) => Number(days))).toEqual([
      football.entities["player_injuries"]?.maxAge,
    ]);
  });
});
