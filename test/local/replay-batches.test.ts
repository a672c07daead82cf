import { defineWorkload, parse, Replay, type ReplayBatch, type ReplayChange } from "@perennial/contracts";
import { describe, expect, it } from "vitest";
import { drawBatch } from "../../local/replay/draw-batch.ts";
import { fulfils, type SourceRow } from "../../local/replay/source-rows.ts";
import { churnSpec } from "../contracts/churn-spec.ts";

const spec = defineWorkload(churnSpec());

/** Forty customers with three rows each; calls 0 to 9, one in four gold, spend in tens. */
const rows: SourceRow[] = Array.from({ length: 120 }, (_, place) => ({
  row_id: String(1000 - place),
  customer: `c${Math.floor(place / 3)}`,
  left: place % 5 === 0 ? "yes" : "no",
  plan: place % 4 === 0 ? "gold" : "basic",
  region: "AB1",
  calls: place % 10 === 9 ? "?" : String(place % 10),
  spend: String((place % 7) * 10),
}));

function batch(part: Partial<ReplayBatch>): ReplayBatch {
  const plain = { name: "b", description: "-", drift: "none", from: "all", rows: 60, seed: 7 };
  const { batches } = parse(
    Replay,
    {
      files: { all: "data/churn.csv.gz" },
      everyDays: 7,
      labelsAfterDays: 2,
      batches: [{ ...plain, take: { by: "group" }, changes: [], order: "shuffled", ...part }],
    },
    "replay",
  );
  return batches[0]!;
}

const draw = (part: Partial<ReplayBatch>) => drawBatch(batch(part), rows, spec);
const gold = [{ column: "plan", levels: ["gold"] }];

describe("a replayed batch", () => {
  it("is the same for the same seed and another one for another", () => {
    expect(draw({})).toEqual(draw({}));
    expect(draw({ seed: 8 })).not.toEqual(draw({}));
  });

  it("keeps groups whole, but for the last one that fits", () => {
    const drawn = draw({ rows: 61 });
    const sizes = [...Map.groupBy(drawn, ({ group }) => group).values()].map(({ length }) => length);
    expect(sizes.toSorted((a, b) => a - b)).toEqual([1, ...Array.from({ length: 20 }, () => 3)]);
  });

  it("takes rows one after another where the file's order counts, and sends them by time", () => {
    const drawn = draw({ rows: 3, take: { by: "order", skip: 2 }, order: "time" });
    expect(drawn.map(({ key }) => key)).toEqual(["996", "997", "998"]);
  });

  it("sends what a caller knows, and keeps the outcome for later", () => {
    const [first] = draw({ rows: 1, take: { by: "order", skip: 0 } });
    expect(first).toEqual({
      key: "1000",
      group: "c0",
      record: { plan: "gold", region: "AB1", calls: "0", spend: "0" },
      outcome: 1,
    });
  });

  it.each([0, 0.1, 0.45])("has the share %d of the rows that a resampling asks for", (share) => {
    const drawn = draw({ changes: [{ kind: "resample", where: gold, share }] });
    expect(drawn.filter(({ record }) => record["plan"] === "gold")).toHaveLength(Math.round(share * 60));
    expect(new Set(drawn.map(({ key }) => key)).size).toBe(60);
  });

  it("is refused where the file has too few rows of a sort", () => {
    expect(() => draw({ changes: [{ kind: "resample", where: gold, share: 0.9 }] })).toThrow(
      /^batch b: a share of 0\.9 takes \d+ more rows of a sort that its file has \d+ of$/,
    );
    expect(() => draw({ rows: 121 })).toThrow("batch b asks for 121 rows, its file has 120 to take");
  });

  it("shifts numbers within the spec's range and leaves missing ones missing", () => {
    const change: ReplayChange = { kind: "shift", columns: ["calls"], by: { amount: 96 } };
    const before = draw({ take: { by: "order", skip: 0 }, order: "time" });
    const after = draw({ take: { by: "order", skip: 0 }, order: "time", changes: [change] });
    const shiftedBy = (text: string | undefined): string =>
      text === "?" ? "?" : String(Math.min(100, Number(text) + 96));
    expect(after.map(({ record }) => record["calls"])).toEqual(
      before.map(({ record }) => shiftedBy(record["calls"])),
    );
  });

  it("shifts by standard deviations of the file's column", () => {
    const take = { by: "order", skip: 0 } as const;
    const change: ReplayChange = { kind: "shift", columns: ["spend"], by: { standardDeviations: 2 } };
    const [before, after] = [draw({ take, order: "time" }), draw({ take, order: "time", changes: [change] })];
    const spends = rows.map(({ spend }) => Number(spend));
    const mean = spends.reduce((sum, spend) => sum + spend, 0) / spends.length;
    const variance = spends.reduce((sum, spend) => sum + (spend - mean) ** 2, 0) / (spends.length - 1);
    const difference = Number(after[0]?.record["spend"]) - Number(before[0]?.record["spend"]);
    expect(difference).toBeCloseTo(2 * Math.sqrt(variance), 10);
  });

  it("turns the outcome of the asked share of rows, and of no others", () => {
    const take = { by: "order", skip: 0 } as const;
    const change = { kind: "flip", where: gold, share: 0.4 } as const;
    const [before, after] = [draw({ take, order: "time" }), draw({ take, order: "time", changes: [change] })];
    const flipped = after.filter(({ outcome }, place) => outcome !== before[place]?.outcome);
    expect(flipped).toHaveLength(Math.round(0.4 * 15));
    expect(flipped.every(({ record }) => record["plan"] === "gold")).toBe(true);
  });
});

describe("a condition", () => {
  const row = { plan: "gold", calls: "7" };
  it.each([
    [{ column: "calls", min: 7 }, true],
    [{ column: "calls", max: 6 }, false],
    [{ column: "calls", min: 5, max: 8 }, true],
    [{ column: "plan", levels: ["gold"] }, true],
    [{ column: "plan", levels: ["basic"] }, false],
  ])("%j of gold with 7 calls is %s", (condition, expected) => {
    expect(fulfils(row, condition, spec)).toBe(expected);
  });

  it.each(["", "?", " "])("never holds of a missing value (%j)", (calls) => {
    expect(fulfils({ ...row, calls }, { column: "calls", max: 100 }, spec)).toBe(false);
  });
});
