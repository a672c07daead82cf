import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { columnsUsed } from "@perennial/contracts";
import { describe, expect, it } from "vitest";
import realMadrid from "../../workloads/match-outcome/variants/real-madrid.ts";
import workload from "../../workloads/match-outcome/workload.ts";

const folder = join(import.meta.dirname, "../../workloads/match-outcome");
const read = (path: string) => {
  const content = gunzipSync(readFileSync(join(folder, path)));
  // No field of these files is quoted.
  const [header, ...rows] = content
    .toString("utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(","));
  const values = (column: string) => rows.map((row) => row[header!.indexOf(column)]!);
  return { sha: createHash("sha256").update(content).digest("hex"), header: header!, rows, values };
};
const count = (values: readonly string[]) => {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
};

describe("the league", () => {
  const file = read(workload.source.path);

  it("is the file of the source", () => {
    expect(file.rows).toHaveLength(12_704);
    expect(file.sha).toBe("fdfa8aee2acd1ba0a0d6864ca1060c95d7271bfa8581f863599e4db7725c8727");
    expect(workload.source.rows?.columns).toEqual(file.header);
  });

  it("ends as often as the priors of the baseline say, within a hundredth", () => {
    const { H = 0, D = 0, A = 0 } = count(file.values("FTR"));
    const shares = [(H + A) / 2, D, (H + A) / 2].map((one) => one / 12_704);
    if (workload.task.kind !== "multiclass") throw new Error("expected classes");
    const { classes } = workload.task;
    expect(classes.map(({ name }) => name)).toEqual(["loss", "draw", "win"]);
    expect(classes.map(({ prior }, place) => Math.abs(prior - shares[place]!) < 0.01)).toEqual([
      true,
      true,
      true,
    ]);
  });

  it("has the teams that the spec lists, Villareal being Villarreal", () => {
    const teams = new Set([...file.values("HomeTeam"), ...file.values("AwayTeam")]);
    teams.delete("Villareal");
    const { team } = workload.source.columns;
    expect(team?.type === "category" ? team.levels.toSorted() : []).toEqual([...teams].toSorted());
  });

  it("has no team that plays twice on a day, so that a day tells before from after", () => {
    const days = file.values("Date");
    const played = [...file.values("HomeTeam"), ...file.values("AwayTeam")].map(
      (team, place) => `${days[place % days.length]} ${team}`,
    );
    expect(new Set(played).size).toBe(25_408);
  });

  it("is split between seasons, at the days that were fixed before any model was seen", () => {
    expect(workload.split).toEqual({
      by: "time",
      group: "match_id",
      starts: {
        validation: "2018-08-01",
        calibration: "2020-08-01",
        holdout: "2022-08-01",
        audit: "2024-08-01",
      },
    });
    const days = file.values("Date");
    const parts = file.values("Season").map((season, place) => `${season} ${partOf(days[place]!)}`);
    expect(new Set(parts).size).toBe(33);
  });
});

function partOf(day: string): string {
  if (workload.split.by !== "time") throw new Error("expected a split by time");
  const started = Object.entries(workload.split.starts).filter(([, start]) => String(start) <= day);
  return started.at(-1)?.[0] ?? "train";
}

describe("the form", () => {
  const sql = readFileSync(join(folder, "features.sql"), "utf8");

  it("is joined with states as old as the endpoint allows", () => {
    const { maxAge } = workload.entities["team_form"]!;
    expect([...sql.matchAll(/\) <= (\d+)/g)].map(([, days]) => Number(days))).toEqual([maxAge, maxAge]);
  });

  it("is looked up as it is joined", () => {
    const joined = [...sql.matchAll(/^ {2}(own|other)\.(\w+) AS (\w+)/gm)].map(([, side, state, name]) => [
      side === "own" ? "team" : "opponent",
      name,
      state,
    ]);
    const lookedUp = workload.entities["team_form"]!.lookups.flatMap(({ by, columns }) =>
      Object.entries(columns).map(([name, state]) => [by, name, state]),
    );
    expect(joined).toEqual(lookedUp);
    expect(lookedUp.map(([, name]) => name)).toEqual(Object.keys(workload.derived));
  });

  it("of the five matches before is read of both teams", () => {
    const readColumns = workload.features.flatMap((feature) => [...columnsUsed(feature)]);
    const shortForm = ["goals", "shots", "on_target"].flatMap((what) =>
      ["team", "opponent"].flatMap((side) => [`${side}_${what}_for_5`, `${side}_${what}_against_5`]),
    );
    expect(shortForm.filter((name) => !readColumns.includes(name))).toEqual([]);
  });
});

describe("the published rows of Real Madrid", () => {
  const file = read(realMadrid.source.path);

  it("are the two files, one after the other", () => {
    expect(file.rows).toHaveLength(140);
    expect(file.sha).toBe("519bda0f24537f681f1687fcc487e3cf2955a12c687bc93067ccc66db281ade7");
    expect(Object.keys(realMadrid.source.columns)).toEqual(file.header.slice(1, -2));
  });

  it("keep the published 23 for the audit part: 15 wins, 6 draws, 2 losses", () => {
    expect(count(file.values("part"))).toEqual({
      train: 67,
      validation: 20,
      calibration: 15,
      holdout: 15,
      audit: 23,
    });
    expect(count(file.values("target").slice(-23))).toEqual({ "2": 15, "1": 6, "0": 2 });
    expect(new Set(file.values("part").slice(-23))).toEqual(new Set(["audit"]));
  });
});
