import { RunKey, RunMetric, RunSummary, RunTrial } from "@perennial/contracts";
import { describe, expect, it } from "vitest";

const sha = "a".repeat(64);
const summary = {
  format: 1,
  workload: "injury-duration",
  algorithm: "lightgbm",
  params: { num_leaves: 31, "features/count": 18, weighted: false, algorithm: "lightgbm" },
  metrics: { "validation/rmse": 3.61 },
  tags: { "library.lightgbm": "4.6.0" },
  hashes: { data: sha, spec: sha, code: sha },
  search: { objective: "validation/rmse", direction: "minimize", best: 117 },
};

describe("the record of a run", () => {
  it("takes what a training with a search writes", () => {
    expect(RunSummary.parse(summary)).toEqual(summary);
    const metric = { name: "validation/rmse", step: 20, value: 3.7 };
    expect(RunMetric.parse(metric)).toEqual(metric);
    const trial = {
      number: 3,
      algorithm: "xgboost",
      params: { max_depth: 4 },
      state: "pruned",
      values: [{ step: 20, value: 4.4 }],
      value: null,
      reason: "worse than half of the trials after 20 rounds",
      seconds: 0.4,
    };
    expect(RunTrial.parse(trial)).toEqual(trial);
  });

  it.each(["validation/rocAuc", "eta", "quantile 0.95", "a.b-c_d/e"])("takes the name %s", (name) => {
    expect(RunKey.safeParse(name).success).toBe(true);
  });

  it.each(["", "/rmse", "a//b", "a/", "../up", "größe", "a:b", "x".repeat(251)])(
    "refuses the name %s, which not every tracking server takes",
    (name) => {
      expect(RunKey.safeParse(name).success).toBe(false);
    },
  );

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("refuses a metric of %s", (value) => {
    expect(RunMetric.safeParse({ name: "rmse", step: 0, value }).success).toBe(false);
  });
});
