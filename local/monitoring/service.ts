import { ApiError, type ApiCall } from "../gateway/interfaces.ts";
import { nameOf, seriesOf } from "./alarm-series.ts";
import { COMPARISONS, type Alarm, type AlarmState } from "./alarms.ts";
import type { AlarmStatus, AlarmWatch } from "./alarm-watch.ts";
import type { MetricName, Metrics } from "./metrics.ts";

type Json = Record<string, unknown>;
type Dimensions = { Name: string; Value: string }[];

/** CloudWatch: metrics and metric alarms. */
export function monitoringService(
  metrics: Metrics,
  alarms: AlarmWatch,
  account: { accountId: string; region: string },
) {
  return async ({ action, input }: ApiCall): Promise<unknown> => {
    switch (action) {
      case "PutMetricData":
        return putMetricData(metrics, input);
      case "GetMetricStatistics":
        return getMetricStatistics(metrics, input);
      case "GetMetricData":
        return getMetricData(metrics, input);
      case "ListMetrics":
        return {
          Metrics: metrics
            .list()
            .filter(({ namespace, name }) => matchesName(input, namespace, name))
            .map(shownMetric),
        };
      case "PutMetricAlarm":
        alarms.put(readAlarm(input, account));
        return {};
      case "DeleteAlarms":
        // CloudWatch deletes those that exist and is content with those that don't.
        for (const name of (input["AlarmNames"] as string[] | undefined) ?? []) alarms.delete(name);
        return {};
      case "DescribeAlarms":
        return { MetricAlarms: chosen(alarms, input).map(shownAlarm), CompositeAlarms: [] };
      case "SetAlarmState": {
        const status = alarms.get(String(input["AlarmName"]));
        if (status === undefined) {
          throw new ApiError("ResourceNotFound", `Alarm ${String(input["AlarmName"])} does not exist.`, 404);
        }
        const state = String(input["StateValue"]) as AlarmState;
        if (status.state !== state)
          alarms.change(status, state, (input["StateReason"] as string | undefined) ?? "");
        return {};
      }
      case "TagResource":
      case "UntagResource":
        return {};
      default:
        throw new ApiError("UnknownOperationException", `monitoring:${action} is not emulated.`);
    }
  };
}

/** @throws {ApiError} naming the member that is missing or wrong. */
export function readAlarm(input: Json, { accountId, region }: { accountId: string; region: string }): Alarm {
  const invalid = (message: string): ApiError => new ApiError("ValidationError", message);
  for (const member of ["AlarmName", "EvaluationPeriods", "Threshold"]) {
    if (input[member] === undefined) throw invalid(`The parameter ${member} is required.`);
  }
  if (!COMPARISONS.includes(String(input["ComparisonOperator"]))) {
    throw invalid(
      `ComparisonOperator is ${String(input["ComparisonOperator"])}, expected one of ${COMPARISONS.join(", ")}.`,
    );
  }
  const name = input["AlarmName"] as string;
  return {
    ...(input as unknown as Alarm),
    series: seriesOf(input),
    EvaluationPeriods: Number(input["EvaluationPeriods"]),
    Threshold: Number(input["Threshold"]),
    AlarmArn: `arn:aws:cloudwatch:${region}:${accountId}:alarm:${name}`,
  };
}

/** The query protocol brings numbers as text. */
type Figure = number | string;

interface Datum {
  MetricName: string;
  Dimensions?: Dimensions;
  Timestamp?: Figure;
  Value?: Figure;
  Values?: Figure[];
  Counts?: Figure[];
  StatisticValues?: { SampleCount: Figure; Sum: Figure };
}

function putMetricData(metrics: Metrics, input: Json): unknown {
  for (const datum of (input["MetricData"] as Datum[] | undefined) ?? []) {
    const metric = nameOf({ Namespace: input["Namespace"], ...datum });
    const at = datum.Timestamp === undefined ? undefined : momentOf(datum.Timestamp);
    const { Value, Values = [], Counts, StatisticValues } = datum;
    if (Value !== undefined) metrics.put(metric, Number(Value), 1, at);
    Values.forEach((value, place) => metrics.put(metric, Number(value), Number(Counts?.[place] ?? 1), at));
    if (StatisticValues !== undefined) {
      const count = Number(StatisticValues.SampleCount);
      metrics.put(metric, Number(StatisticValues.Sum) / count, count, at);
    }
  }
  return {};
}

function getMetricStatistics(metrics: Metrics, input: Json): unknown {
  const statistics = [
    ...((input["Statistics"] as string[] | undefined) ?? []),
    ...((input["ExtendedStatistics"] as string[] | undefined) ?? []),
  ];
  const Datapoints = periods(input, Number(input["Period"])).flatMap(([from, to]) => {
    const values = statistics.map(
      (name) => [name, metrics.statistic(nameOf(input), name, from, to)] as const,
    );
    if (values.every(([, value]) => value === undefined)) return [];
    const plain = Object.fromEntries(values.filter(([name]) => !name.startsWith("p")));
    const extended = Object.fromEntries(values.filter(([name]) => name.startsWith("p")));
    return [
      {
        Timestamp: new Date(from),
        ...plain,
        ...(Object.keys(extended).length > 0 ? { ExtendedStatistics: extended } : {}),
      },
    ];
  });
  return { Label: input["MetricName"], Datapoints };
}

interface Query {
  Id: string;
  Label?: string;
  MetricStat?: { Metric: Json; Period: Figure; Stat: string };
}

function getMetricData(metrics: Metrics, input: Json): unknown {
  const queries = (input["MetricDataQueries"] as Query[] | undefined) ?? [];
  const MetricDataResults = queries.map(({ Id, Label, MetricStat }) => {
    if (MetricStat === undefined) {
      throw new ApiError(
        "ValidationError",
        `Query ${Id}: expressions are not emulated, expected a MetricStat.`,
      );
    }
    const { Metric, Period, Stat } = MetricStat;
    const points = periods(input, Number(Period)).flatMap(([from, to]) => {
      const value = metrics.statistic(nameOf(Metric), Stat, from, to);
      return value === undefined ? [] : [{ from, value }];
    });
    // Newest first unless it is asked for otherwise.
    if (input["ScanBy"] !== "TimestampAscending") points.reverse();
    return {
      Id,
      Label: Label ?? Metric["MetricName"],
      Timestamps: points.map(({ from }) => new Date(from)),
      Values: points.map(({ value }) => value),
      StatusCode: "Complete",
    };
  });
  return { MetricDataResults, Messages: [] };
}

/** Whole periods, in milliseconds, between the request's start and end. */
function periods(input: Json, seconds: number): [number, number][] {
  const period = seconds * 1000;
  const start = Math.floor(momentOf(input["StartTime"]) / period) * period;
  const end = momentOf(input["EndTime"]);
  return Array.from({ length: Math.max(0, Math.ceil((end - start) / period)) }, (_, place) => [
    start + place * period,
    start + (place + 1) * period,
  ]);
}

function momentOf(time: unknown): number {
  if (time instanceof Date) return time.getTime();
  return typeof time === "number" ? time * 1000 : Date.parse(String(time));
}

function matchesName(input: Json, namespace: string, name: string): boolean {
  return (
    (input["Namespace"] === undefined || input["Namespace"] === namespace) &&
    (input["MetricName"] === undefined || input["MetricName"] === name)
  );
}

const shownMetric = ({ namespace, name, dimensions }: MetricName) => ({
  Namespace: namespace,
  MetricName: name,
  Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
});

function chosen(alarms: AlarmWatch, input: Json): AlarmStatus[] {
  const names = input["AlarmNames"] as string[] | undefined;
  return alarms
    .list()
    .filter(({ alarm }) => names === undefined || names.includes(alarm.AlarmName))
    .filter(({ alarm }) => alarm.AlarmName.startsWith((input["AlarmNamePrefix"] as string | undefined) ?? ""))
    .filter(({ state }) => input["StateValue"] === undefined || state === input["StateValue"]);
}

const shownAlarm = ({ alarm: { series: _series, ...alarm }, state, reason, since }: AlarmStatus) => ({
  ...alarm,
  ActionsEnabled: alarm.ActionsEnabled ?? true,
  StateValue: state,
  StateReason: reason,
  StateUpdatedTimestamp: new Date(since),
  AlarmConfigurationUpdatedTimestamp: new Date(since),
});
