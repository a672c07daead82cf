import { describe, expect, it, vi } from "vitest";
import {
  CounterFamily,
  DurationHistogram,
  gaugeText,
  infoText,
  openMetrics,
} from "../../apps/serving/open-metrics.ts";
import { evenRanks, VersionMetrics } from "@perennial/scoring/invocation";
import { extractMetrics } from "../../local/monitoring/embedded-metrics.ts";
import { linearProbability, NAN_GRAPH } from "../support/artifact.ts";
import { servingApp, type ServingApp } from "../support/serving.ts";

const MODEL = { workload: "test-readmission", version: 3, artifact: "0123456789ab" };

async function ask({ app }: ServingApp, payload: string, inferenceId = "a-1"): Promise<number> {
  const headers = { "content-type": "application/json", "x-amzn-sagemaker-inference-id": inferenceId };
  const response = await app.inject({ method: "POST", url: "/invocations", headers, payload });
  return response.statusCode;
}

/** What CloudWatch would know once the container has ended. */
async function embedded(serving: ServingApp) {
  await serving.app.close();
  const found: { name: string; value: number; dimensions: object; namespace: string }[] = [];
  for (const line of serving.log().split("\n")) extractMetrics(line, (datum) => void found.push(datum));
  return found;
}

describe("the metrics of a version", () => {
  it("are sums over its requests, without those that only probe", async () => {
    const serving = await servingApp();
    await ask(serving, '{"records": [{"days": 3}, {"days": 14}]}');
    await ask(serving, '{"days": 99}');
    await ask(serving, '{"days": 3}', "probe-7-1");
    const metrics = await embedded(serving);
    const [short, long] = [3, 14].map((days) => Math.fround(linearProbability({ days }))) as [number, number];
    const latency = expect.any(Number) as number;
    const near = (value: number) => expect.closeTo(value, 6) as number;
    expect(metrics.map(({ name, value }) => [name, value])).toEqual([
      ["Requests", 2],
      ["Refused", 1],
      ["Failed", 0],
      ["Records", 2],
      ["PredictionSum", near(short + long)],
      ["PredictionSquares", near(short ** 2 + long ** 2)],
      ["LatencyMicros", latency],
      ["LatencyMicros", latency],
      ["ProbeRequests", 1],
      ["ProbeRefused", 0],
      ["ProbeFailed", 0],
      ["ProbeRecords", 1],
      ["ProbePredictionSum", near(short)],
      ["ProbePredictionSquares", near(short ** 2)],
      ["ProbeLatencyMicros", latency],
    ]);
    for (const { namespace, dimensions } of metrics) {
      expect([namespace, dimensions]).toEqual([
        "Perennial/Serving",
        { Workload: "test-readmission", Version: "3" },
      ]);
    }
  });

  it("count what the model fails on as failed", async () => {
    const serving = await servingApp({ graph: NAN_GRAPH });
    const { model } = serving.readiness;
    if (model === undefined) throw new Error("expected a model");
    model.probe = async () => {};
    expect(await ask(serving, '{"days": 3}')).toBe(500);
    const values = (await embedded(serving)).filter(({ name }) => name !== "LatencyMicros");
    expect(values.map(({ name, value }) => `${name} ${value}`)).toEqual([
      "Requests 1",
      "Refused 0",
      "Failed 1",
      "Records 0",
      "PredictionSum 0",
      "PredictionSquares 0",
    ]);
  });

  it("are written after so many requests or so long, whichever comes first, and once", () => {
    vi.useFakeTimers();
    const lines: Record<string, unknown>[] = [];
    const write = (line: Record<string, unknown>) => void lines.push(line);
    const metrics = new VersionMetrics({ write, now: () => 1_000, everyMs: 500, everyRequests: 3 });
    const request = {
      requestId: "a-1",
      status: 200,
      reason: undefined,
      durationMicros: 80,
      records: 1,
      predictionSum: 0.5,
      predictionSquares: 0.25,
    };
    for (let turn = 0; turn < 4; turn += 1) metrics.add(request, MODEL);
    expect(lines.map(({ Requests }) => Requests)).toEqual([3]);
    vi.advanceTimersByTime(499);
    expect(lines.length).toBe(1);
    vi.advanceTimersByTime(1);
    metrics.flush();
    vi.advanceTimersByTime(5_000);
    vi.useRealTimers();
    expect(lines.map(({ Requests, artifact, _aws }) => [Requests, artifact, _aws])).toEqual(
      [3, 1].map((requests) => [
        requests,
        "0123456789ab",
        {
          Timestamp: 1_000,
          CloudWatchMetrics: [
            {
              Namespace: "Perennial/Serving",
              Dimensions: [["Workload", "Version"]],
              Metrics: [
                { Name: "Requests", Unit: "Count" },
                { Name: "Refused", Unit: "Count" },
                { Name: "Failed", Unit: "Count" },
                { Name: "Records", Unit: "Count" },
                { Name: "PredictionSum", Unit: "None" },
                { Name: "PredictionSquares", Unit: "None" },
                { Name: "LatencyMicros", Unit: "Microseconds" },
              ],
            },
          ],
        },
      ]),
    );
  });

  it("tell more latencies than a line takes by a hundred that have the same percentiles", () => {
    const thousand = Array.from({ length: 1_000 }, (_, rank) => 1_000 - rank);
    const told = evenRanks(thousand);
    expect(told).toEqual(Array.from({ length: 100 }, (_, share) => 10 * share + 6));
    expect(evenRanks([3, 1, 2])).toEqual([3, 1, 2]);
  });
});

describe("/metrics", () => {
  it("tells what was asked and how it was answered, in OpenMetrics", async () => {
    const serving = await servingApp();
    await ask(serving, '{"records": [{"days": 3}, {"days": 14}]}');
    await ask(serving, '{"days": 99}');
    await ask(serving, "[]");
    await serving.app.inject("/ping");
    const response = await serving.app.inject("/metrics");
    expect(response.headers["content-type"]).toBe(
      "application/openmetrics-text; version=1.0.0; charset=utf-8",
    );
    const lines = response.body.split("\n");
    expect(lines.slice(-2)).toEqual(["# EOF", ""]);
    expect(lines.filter((line) => line.startsWith("perennial_") && !line.includes("_seconds_"))).toEqual([
      'perennial_requests_total{status="200"} 1',
      'perennial_requests_total{status="400"} 2',
      'perennial_unpredicted_requests_total{reason="invalid-records"} 1',
      'perennial_unpredicted_requests_total{reason="unreadable-body"} 1',
      "perennial_records_total 2",
      "perennial_pending_requests 0",
      "perennial_pending_requests_limit 64",
      "perennial_ready 1",
      'perennial_model_info{workload="test-readmission",version="3",artifact="0123456789ab"} 1',
    ]);
    expect(lines).toContain('perennial_request_duration_seconds_bucket{le="+Inf"} 3');
    expect(lines).toContain("perennial_request_duration_seconds_count 3");
  });

  it("names no model where there is none", async () => {
    const serving = await servingApp();
    serving.readiness.fail("the model no longer answers");
    expect(await ask(serving, '{"days": 3}')).toBe(503);
    const lines = (await serving.app.inject("/metrics")).body.split("\n");
    expect(lines).toContain("perennial_ready 0");
    expect(lines).toContain('perennial_unpredicted_requests_total{reason="unready"} 1');
    expect(lines.join()).not.toContain("perennial_model");
  });
});

describe("OpenMetrics text", () => {
  it("has type, unit and help of each family, and its samples", () => {
    const counter = new CounterFamily("asked", "Questions.", "by");
    counter.add('a "b"\\\n');
    counter.add("c", 2);
    const text = openMetrics([
      counter.text,
      gaugeText("size_bytes", "Size.", 7, "bytes"),
      infoText("made", "Maker.", { name: "x" }),
    ]);
    expect(text).toBe(
      "# TYPE asked counter\n# HELP asked Questions.\n" +
        'asked_total{by="a \\"b\\"\\\\\\n"} 1\nasked_total{by="c"} 2\n' +
        "# TYPE size_bytes gauge\n# UNIT size_bytes bytes\n# HELP size_bytes Size.\nsize_bytes 7\n" +
        '# TYPE made info\n# HELP made Maker.\nmade_info{name="x"} 1\n# EOF\n',
    );
  });

  it("counts a duration in its bucket and in all larger ones", () => {
    const histogram = new DurationHistogram("took_seconds", "Time.", [0.5, 1]);
    for (const seconds of [0.5, 0.75, 3]) histogram.observe(seconds);
    expect(histogram.text).toBe(
      "# TYPE took_seconds histogram\n# UNIT took_seconds seconds\n# HELP took_seconds Time.\n" +
        'took_seconds_bucket{le="0.5"} 1\ntook_seconds_bucket{le="1.0"} 2\ntook_seconds_bucket{le="+Inf"} 3\n' +
        "took_seconds_count 3\ntook_seconds_sum 4.25\n",
    );
  });
});
