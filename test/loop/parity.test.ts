import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { loadModel, type Model } from "@perennial/scoring";
import hospitalReadmission from "@perennial/workloads/hospital-readmission/workload.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PYTHON, trainedModel } from "../support/trained-model.ts";

/** Largest difference of a probability that two machines' arithmetic may make. */
const PARITY = 1e-5;

let model: Model;
let records: Record<string, string | number | null>[];
let python: { trees: number[]; graph: number[] };
let node: Float32Array;

beforeAll(async () => {
  const trained = await trainedModel(hospitalReadmission);
  const rows = join(trained.holdout, "rows.jsonl.gz");
  const lines = gunzipSync(readFileSync(rows)).toString("utf8").trimEnd().split("\n");
  records = lines.map((line) => (JSON.parse(line) as { record: (typeof records)[number] }).record);

  const folder = mkdtempSync(join(tmpdir(), "perennial-parity-"));
  const answer = join(folder, "scores.json");
  const script = join(import.meta.dirname, "../support/score_rows.py");
  await promisify(execFile)(PYTHON, [script, trained.model, rows, answer]);
  python = JSON.parse(readFileSync(answer, "utf8")) as typeof python;
  rmSync(folder, { recursive: true });

  model = await loadModel(trained.model);
  node = await model.score(records);
});

afterAll(async () => model.close());

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((largest, value, row) => {
    const difference = Math.abs(value - (b[row] ?? Number.NaN));
    // A NaN is the largest difference there is, and stays it.
    return difference <= largest || Number.isNaN(largest) ? largest : difference;
  }, 0);
}

describe("every row of the sealed holdout", () => {
  it("is scored in Node and in Python", () => {
    const rows = model.manifest.parts?.holdout.rows;
    expect([records.length, node.length, python.trees.length, python.graph.length]).toEqual([
      rows,
      rows,
      rows,
      rows,
    ]);
    expect(rows).toBeGreaterThan(10_000);
  });

  it("gets the probability that the trees give it, walked node by node in Python", () => {
    expect(largestDifference(node, python.trees)).toBeLessThanOrEqual(PARITY);
  });

  it("gets the probability that Python's onnxruntime gives it", () => {
    expect(largestDifference(node, python.graph)).toBeLessThanOrEqual(PARITY);
  });

  it("gets it as text from a CSV file, too, to the last bit", async () => {
    const texts = records.map((record) =>
      Object.fromEntries(
        Object.entries(record).map(([name, value]) => [name, value === null ? "?" : ` ${String(value)} `]),
      ),
    );
    expect(await model.score(texts)).toEqual(node);
  });

  it("gets it alone as in a batch", async () => {
    const alone: number[] = [];
    for (const record of records.slice(0, 1_000)) alone.push((await model.score([record]))[0] ?? Number.NaN);
    expect(largestDifference(alone, node.slice(0, 1_000))).toBeLessThanOrEqual(1e-7);
  });
});
