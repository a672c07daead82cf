import { openTelemetry } from "@perennial/telemetry";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

let lines: string[];

beforeEach(() => {
  lines = [];
  // Powertools writes past the global console, so that the stream itself is watched.
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    lines.push(...String(text).trim().split("\n"));
    return true;
  });
});
afterEach(() => void vi.restoreAllMocks());

it("a log line is JSON with the function's name and the identifiers that there are", () => {
  openTelemetry("admit-retraining").log("decided", { workload: "churn", execution: null });
  const [line, ...rest] = lines.map((text) => JSON.parse(text));
  const { timestamp: _, sampling_rate: __, ...known } = line;
  expect(known).toEqual({
    level: "INFO",
    service: "admit-retraining",
    message: "decided",
    workload: "churn",
  });
  expect(rest).toEqual([]);
});

it("a count is an embedded metric of the namespace Perennial, one line each, with its own dimensions", () => {
  const telemetry = openTelemetry("record-outcome");
  telemetry.count("Outcomes", { workload: "churn", outcome: "better" });
  telemetry.count("Outcomes", { workload: "match" });
  const metrics = lines.map((line) => JSON.parse(line));
  expect(metrics).toMatchObject([
    { service: "record-outcome", workload: "churn", outcome: "better", Outcomes: 1 },
    { service: "record-outcome", workload: "match", Outcomes: 1 },
  ]);
  expect(metrics.map(({ _aws }) => _aws.CloudWatchMetrics)).toEqual([
    [
      {
        Namespace: "Perennial",
        Dimensions: [["service", "workload", "outcome"]],
        Metrics: [{ Name: "Outcomes", Unit: "Count" }],
      },
    ],
    [
      {
        Namespace: "Perennial",
        Dimensions: [["service", "workload"]],
        Metrics: [{ Name: "Outcomes", Unit: "Count" }],
      },
    ],
  ]);
});
