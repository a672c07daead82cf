import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../../local/clock.ts";
import { AlarmWatch } from "../../local/monitoring/alarm-watch.ts";
import { extractMetrics } from "../../local/monitoring/embedded-metrics.ts";
import { Logs } from "../../local/monitoring/logs.ts";
import { Metrics } from "../../local/monitoring/metrics.ts";
import { monitoringService } from "../../local/monitoring/service.ts";

const caller = { accessKeyId: "test", principalArn: "arn:aws:iam::1:user/person", role: null };
const START = Date.parse("2026-03-01T00:00:00Z");
const MINUTE = 60_000;

function cloudWatch() {
  const clock = new VirtualClock(START);
  const metrics = new Metrics(() => clock.now());
  const events: Record<string, unknown>[] = [];
  const published: Record<string, unknown>[] = [];
  const alarms = new AlarmWatch({
    clock,
    metrics,
    putEvent: (event) => events.push(event.detail as Record<string, unknown>),
    call: async (_, __, ___, input) => published.push(input),
    authorize: async (...use) => void published.push({ use }),
    warn: (message) => {
      throw new Error(message);
    },
  });
  const service = monitoringService(metrics, alarms, { accountId: "1", region: "eu-central-1" });
  const api = (action: string, input: Record<string, unknown>) =>
    service({ service: "monitoring", action, input, caller }) as Promise<Record<string, unknown>>;
  alarms.start();
  return { clock, events, published, api };
}

const ALARM = {
  AlarmName: "drift",
  Namespace: "Perennial",
  MetricName: "Drift",
  Dimensions: [{ Name: "Workload", Value: "w" }],
  Statistic: "Maximum",
  Period: 60,
  EvaluationPeriods: 3,
  Threshold: 0.2,
  ComparisonOperator: "GreaterThanThreshold",
};

const datum = (Value: number) => ({
  Namespace: "Perennial",
  MetricData: [{ MetricName: "Drift", Dimensions: [{ Name: "Workload", Value: "w" }], Value }],
});

/** Puts one value a minute (null: none) and answers the alarm's state after each. */
async function states(alarm: Record<string, unknown>, values: (number | null)[]) {
  const { clock, api } = cloudWatch();
  await api("PutMetricAlarm", { ...ALARM, ...alarm });
  const seen = [];
  for (const value of values) {
    if (value !== null) await api("PutMetricData", datum(value));
    await clock.advance(MINUTE);
    const { MetricAlarms } = await api("DescribeAlarms", { AlarmNames: ["drift"] });
    seen.push((MetricAlarms as { StateValue: string }[])[0]?.StateValue);
  }
  return seen.map((state) => ({ OK: "ok", ALARM: "AL", INSUFFICIENT_DATA: "??" })[state ?? ""]).join(" ");
}

describe("alarm", () => {
  it.each([
    [{ EvaluationPeriods: 1 }, [0.1, 0.3, 0.2, null], "ok AL ok ??"],
    [{}, [0.3, 0.3, 0.3, 0.1], "ok ok AL ok"],
    [{ DatapointsToAlarm: 2 }, [0.3, 0.1, 0.3, 0.1, 0.1], "ok ok AL ok ok"],
    [{ TreatMissingData: "notBreaching" }, [null, 0.3, null, 0.3], "ok ok ok ok"],
    [{ TreatMissingData: "breaching" }, [0.1, null, null, null], "ok ok ok AL"],
    [{ EvaluationPeriods: 1, TreatMissingData: "ignore" }, [0.3, null, null, 0.1], "AL AL AL ok"],
    [{ EvaluationPeriods: 1, TreatMissingData: "missing" }, [0.3, null, 0.3], "AL ?? AL"],
    [{ EvaluationPeriods: 1, ComparisonOperator: "LessThanThreshold" }, [0.1, 0.2], "AL ok"],
    [{ EvaluationPeriods: 1, ComparisonOperator: "GreaterThanOrEqualToThreshold" }, [0.2, 0.1], "AL ok"],
    [{ EvaluationPeriods: 1, ComparisonOperator: "LessThanOrEqualToThreshold" }, [0.2, 0.3], "AL ok"],
    [{ EvaluationPeriods: 1, Period: 120 }, [0.3, null, null, null], "?? AL AL ??"],
    [{ EvaluationPeriods: 1, Statistic: undefined, ExtendedStatistic: "p99" }, [0.3], "AL"],
    [{ EvaluationPeriods: 1, Dimensions: [] }, [0.3], "??"],
  ])("%j over %j goes %s", async (alarm, values, expected) => {
    expect(await states(alarm, values)).toBe(expected);
  });

  it("tells the bus of each change with the state before, and its topic of the alarm", async () => {
    const { clock, events, published, api } = cloudWatch();
    const TOPIC = "arn:aws:sns:eu-central-1:1:alerts";
    await api("PutMetricAlarm", { ...ALARM, EvaluationPeriods: 1, AlarmActions: [TOPIC] });
    await api("PutMetricData", datum(0.3));
    await clock.advance(2 * MINUTE);
    expect(
      events.map(({ state, previousState }) =>
        [previousState, state].map((one) => (one as { value: string }).value),
      ),
    ).toEqual([
      ["INSUFFICIENT_DATA", "ALARM"],
      ["ALARM", "INSUFFICIENT_DATA"],
    ]);
    expect(events[0]).toEqual({
      alarmName: "drift",
      state: {
        value: "ALARM",
        reason:
          "Threshold Crossed: 1 of the last 1 datapoints [0.3] was greater than the threshold (0.2) (minimum 1 for OK -> ALARM transition).",
        timestamp: "2026-03-01T00:01:00.000+0000",
      },
      previousState: {
        value: "INSUFFICIENT_DATA",
        reason: "Unchecked: Initial alarm creation",
        timestamp: "2026-03-01T00:00:00.000+0000",
      },
      configuration: {
        metrics: [
          {
            id: "m1",
            metricStat: {
              metric: { namespace: "Perennial", name: "Drift", dimensions: { Workload: "w" } },
              period: 60,
              stat: "Maximum",
            },
            returnData: true,
          },
        ],
      },
    });
    expect(published).toMatchObject([
      {
        use: [
          "cloudwatch.amazonaws.com",
          "sns:Publish",
          TOPIC,
          "arn:aws:cloudwatch:eu-central-1:1:alarm:drift",
        ],
      },
      { TopicArn: TOPIC, Subject: 'ALARM: "drift"' },
    ]);
  });

  it("keeps its state when it is put again unchanged, and can be set by hand", async () => {
    const { api, events } = cloudWatch();
    await api("PutMetricAlarm", ALARM);
    await api("SetAlarmState", { AlarmName: "drift", StateValue: "ALARM", StateReason: "by hand" });
    await api("PutMetricAlarm", { ...ALARM, Threshold: 0.5 });
    const { MetricAlarms } = await api("DescribeAlarms", {});
    expect(MetricAlarms).toMatchObject([
      { AlarmName: "drift", Threshold: 0.5, StateValue: "ALARM", StateReason: "by hand" },
    ]);
    expect(events).toHaveLength(1);
  });

  it.each([
    [{ Threshold: undefined }, "The parameter Threshold is required."],
    [
      { ComparisonOperator: ">" },
      "ComparisonOperator is >, expected one of GreaterThanThreshold, GreaterThanOrEqualToThreshold, LessThanThreshold, LessThanOrEqualToThreshold.",
    ],
    [{ ExtendedStatistic: "p99" }, "Exactly one of Statistic and ExtendedStatistic must be given."],
    [{ Metrics: [] }, "0 of the Metrics return data, expected exactly one."],
  ])("%j is refused", async (alarm, message) => {
    await expect(cloudWatch().api("PutMetricAlarm", { ...ALARM, ...alarm })).rejects.toThrow(message);
  });
});

describe("metrics", () => {
  it("answers statistics over values, counts and statistic sets", async () => {
    const { api } = cloudWatch();
    const put = (metric: Record<string, unknown>) =>
      api("PutMetricData", { Namespace: "N", MetricData: [{ MetricName: "m", ...metric }] });
    await put({ Value: 10 });
    await put({ Values: [1, 2], Counts: [3, 1] });
    await put({ StatisticValues: { SampleCount: 5, Sum: 20 } });
    const Statistics = ["SampleCount", "Sum", "Average", "Minimum", "Maximum"];
    const window = { StartTime: START / 1000, EndTime: START / 1000 + 60, Period: 60 };
    const answer = await api("GetMetricStatistics", {
      Namespace: "N",
      MetricName: "m",
      Statistics,
      ExtendedStatistics: ["p50"],
      ...window,
    });
    expect(answer["Datapoints"]).toEqual([
      {
        Timestamp: new Date(START),
        SampleCount: 10,
        Sum: 35,
        Average: 3.5,
        Minimum: 1,
        Maximum: 10,
        ExtendedStatistics: { p50: 4 },
      },
    ]);
    const MetricStat = { Metric: { Namespace: "N", MetricName: "m" }, Period: 60, Stat: "Sum" };
    const data = await api("GetMetricData", { MetricDataQueries: [{ Id: "a", MetricStat }], ...window });
    expect(data["MetricDataResults"]).toEqual([
      { Id: "a", Label: "m", Timestamps: [new Date(START)], Values: [35], StatusCode: "Complete" },
    ]);
  });

  it("are taken out of a line in the embedded metric format, for each set of dimensions", () => {
    const found: unknown[] = [];
    const directive = {
      Namespace: "Perennial",
      Dimensions: [["service"], ["service", "workload"]],
      Metrics: [{ Name: "Looks", Unit: "Count" }],
    };
    const line = {
      _aws: { Timestamp: 1, CloudWatchMetrics: [directive] },
      service: "judge",
      workload: "w",
      Looks: [1, 2],
    };
    extractMetrics(JSON.stringify(line), (metric) => found.push(metric));
    extractMetrics('{"CloudWatchMetrics" broken', (metric) => found.push(metric));
    const of = (dimensions: object, value: number) => ({
      namespace: "Perennial",
      name: "Looks",
      unit: "Count",
      dimensions,
      value,
    });
    expect(found).toEqual([
      of({ service: "judge" }, 1),
      of({ service: "judge" }, 2),
      of({ service: "judge", workload: "w" }, 1),
      of({ service: "judge", workload: "w" }, 2),
    ]);
  });
});

describe("logs", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "logs-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it("are found by group, stream, time and text, and survive the process", async () => {
    let now = 1000;
    const open = () =>
      new Logs(
        folder,
        () => now,
        () => undefined,
      );
    const logs = open();
    for (const [stream, line] of [
      ["a/1", "one"],
      ["../b", "two"],
      ["a/1", "three"],
    ] as const) {
      logs.sink("/aws/lambda/f", stream, line);
      now += 1000;
    }
    const api = (action: string, input: object) =>
      open().handle({
        service: "logs",
        action,
        input: { logGroupName: "/aws/lambda/f", ...input },
        caller,
      }) as Promise<Record<string, Record<string, unknown>[]>>;
    const messages = async (input: object) =>
      (await api("FilterLogEvents", input))["events"]!.map(({ message }) => message);
    expect(await messages({})).toEqual(["one", "two", "three"]);
    expect(await messages({ logStreamNames: ["a/1"] })).toEqual(["one", "three"]);
    expect(await messages({ startTime: 2000, endTime: 3000 })).toEqual(["two"]);
    expect(await messages({ filterPattern: '"thre"' })).toEqual(["three"]);
    expect(
      (await api("GetLogEvents", { logStreamName: "../b" }))["events"]!.map(({ message }) => message),
    ).toEqual(["two"]);
    const { logStreams } = await api("DescribeLogStreams", {});
    expect(logStreams!.map(({ logStreamName }) => logStreamName)).toEqual(
      expect.arrayContaining(["../b", "a/1"]),
    );
    await expect(api("GetLogEvents", { logGroupName: "/none", logStreamName: "x" })).rejects.toThrow(
      "The specified log group does not exist: /none",
    );
  });
});
