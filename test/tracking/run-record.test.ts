import { gzipSync } from "node:zlib";
import { readRunRecord } from "@perennial/tracking";
import { describe, expect, it } from "vitest";
import { runRecordArchive, SUMMARY } from "../support/run-records.ts";

const METRICS = [
  { name: "validation/loss", step: 0, value: 0.5 },
  { name: "validation/loss", step: 1, value: 0.4 },
];
const TRIAL = {
  number: 0,
  algorithm: "xgboost",
  params: { max_depth: 3 },
  state: "complete",
  values: [{ step: 1, value: 0.4 }],
  value: 0.4,
  reason: null,
  seconds: 1.5,
};

describe("the archive of a run record", () => {
  it("is read whole, and what else lies in it is left alone", async () => {
    const png = Buffer.from([1, 2, 3]);
    const archive = await runRecordArchive({
      "run.json": JSON.stringify(SUMMARY),
      "metrics.jsonl": `${METRICS.map((line) => JSON.stringify(line)).join("\n")}\n`,
      "trials.jsonl": `${JSON.stringify(TRIAL)}\n`,
      "plots/roc.png": png,
      "plots/../../etc/passwd": "x",
      "debug.txt": "y",
    });
    expect(await readRunRecord(archive, "output.tar.gz")).toEqual({
      summary: SUMMARY,
      metrics: METRICS,
      trials: [TRIAL],
      plots: new Map([["plots/roc.png", png]]),
    });
  });

  it("may lack metrics, trials and plots", async () => {
    const archive = await runRecordArchive({ "run.json": JSON.stringify(SUMMARY) });
    const { metrics, trials, plots } = await readRunRecord(archive, "output.tar.gz");
    expect({ metrics, trials, plots }).toEqual({ metrics: [], trials: [], plots: new Map() });
  });

  it("is refused with the line that is wrong", async () => {
    const archive = await runRecordArchive({
      "run.json": JSON.stringify(SUMMARY),
      "metrics.jsonl": `${JSON.stringify(METRICS[0])}\n{"name":"validation/loss","step":1,"value":null}\n`,
    });
    await expect(readRunRecord(archive, "s3://b/output.tar.gz")).rejects.toThrow(
      "s3://b/output.tar.gz: line 2 of metrics.jsonl is refused, 1 fault:\n" +
        "  value: given null; expected number, received null",
    );
  });

  it.each([
    ["without its summary", { "metrics.jsonl": "" }, "run.json: given no such file; expected one"],
    ["with a broken summary", { "run.json": "{" }, 'given "{"; expected JSON'],
  ])("is refused %s", async (_, files, message) => {
    await expect(readRunRecord(await runRecordArchive(files), "output.tar.gz")).rejects.toThrow(message);
  });

  it("is refused when it is no archive, and when it is larger than a run record can be", async () => {
    await expect(readRunRecord(Buffer.from("no"), "output.tar.gz")).rejects.toThrow(
      "expected a tar.gz of at most 64 MiB",
    );
    const bomb = gzipSync(Buffer.alloc(65 * 2 ** 20));
    await expect(readRunRecord(bomb, "output.tar.gz")).rejects.toThrow("expected a tar.gz of at most 64 MiB");
  });
});
