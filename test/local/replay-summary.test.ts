import { type EndpointResponse, defineWorkload } from "@perennial/contracts";
import { describe, expect, it } from "vitest";
import { inColumns } from "../../local/columns.ts";
import { type Sent, summarise } from "../../local/replay/summary.ts";
import { churnSpec } from "../contracts/churn-spec.ts";

const spec = defineWorkload(churnSpec());

const sent: Sent = {
  name: "b",
  drift: "none",
  sentAt: "2026-01-01T00:00:00.000Z",
  labelledAt: "2026-01-06T00:00:00.000Z",
  requests: 5,
  records: 4,
  refused: 1,
  labelsKey: "labels/churn/2026/01/06/00/b.jsonl",
};

function answer(probability: number, version = 2): EndpointResponse {
  return {
    predictions: [{ probability, flagged: false }],
    task: { kind: "binary", outcome: "left", threshold: 0.5 },
    model: { workload: "churn", version, artifact: "a" },
  };
}

const summary = (captured: Record<string, EndpointResponse>, labels: Record<string, number>) =>
  summarise(
    sent,
    {
      captured: new Map(Object.entries(captured)),
      labels: new Map(Object.entries(labels)),
      groups: new Map(Object.keys(labels).map((id) => [id, id])),
    },
    spec,
  );

const captures = { a: answer(0.1), b: answer(0.4), c: answer(0.35), d: answer(0.8, 3) };

describe("the summary of a replayed batch", () => {
  it("joins answers and outcomes by inference id, whatever their order", () => {
    const { joined, captured, labels, versions, meanPredicted, meanObserved, metric, value, isWhole } =
      summary(captures, { d: 1, c: 1, b: 0, a: 0 });
    expect([joined, captured, labels, versions, metric, isWhole]).toEqual([4, 4, 4, [2, 3], "rocAuc", true]);
    expect(meanPredicted).toBeCloseTo(0.4125, 12);
    expect(meanObserved).toBe(0.5);
    // Three of the four pairs are in order.
    expect(value).toBe(0.75);
  });

  it("measures what has both, and says that something is missing", () => {
    const { a, b } = captures;
    const { joined, captured, labels, meanPredicted, isWhole } = summary(
      { a, b },
      { a: 0, b: 1, c: 1, d: 1 },
    );
    expect([joined, captured, labels, meanPredicted, isWhole]).toEqual([2, 2, 4, 0.25, false]);
    expect(summary(captures, { a: 0, b: 1, c: 1 }).isWhole).toBe(false);
  });

  it("has no figures where nothing joins, and no AUC where all outcomes are alike", () => {
    expect(summary(captures, { e: 1 })).toMatchObject({ joined: 0, meanPredicted: null, value: null });
    expect(summary(captures, { a: 1, b: 1, c: 1, d: 1 })).toMatchObject({ meanObserved: 1, value: null });
  });
});

describe("columns", () => {
  it("are as wide as their widest cell, numbers to the right", () => {
    const text = inColumns(
      ["batch", ">rows", "drift"],
      [
        ["none", "5", "none"],
        ["in-order", "2000", "inputs"],
      ],
    );
    expect(text).toBe(
      ["  batch     rows  drift", "  none         5  none", "  in-order  2000  inputs"].join("\n"),
    );
  });
});
