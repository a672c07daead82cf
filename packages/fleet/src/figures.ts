import {
  type CloudWatchClient,
  GetMetricDataCommand,
  type MetricDataQuery,
} from "@aws-sdk/client-cloudwatch";
import { Moments } from "./moments.ts";

/** From when to when. CloudWatch counts by minutes. */
export interface Window {
  from: Date;
  to: Date;
}

/** What CloudWatch says of the fleet behind one endpoint configuration. */
export interface FleetFigures {
  requests: number;
  /** Answered with 4xx and with 5xx. */
  refused: number;
  failed: number;
  /** Percentiles of the model's latency; null where none was measured. */
  p90Millis: number | null;
  p99Millis: number | null;
}

/** Whose requests are counted. */
export interface VariantOf {
  endpointName: string;
  endpointConfigName: string;
  /** Production or shadow variant of that configuration. */
  variant: string;
}

export const MINUTE = 60;

/** What SageMaker counted of one variant of one configuration of an endpoint. */
export async function readFleet(
  cloudWatch: Pick<CloudWatchClient, "send">,
  { endpointName, endpointConfigName, variant }: VariantOf,
  window: Window,
): Promise<FleetFigures> {
  const Dimensions = [
    { Name: "EndpointName", Value: endpointName },
    { Name: "VariantName", Value: variant },
    { Name: "EndpointConfigName", Value: endpointConfigName },
  ];
  const metric = (Id: string, MetricName: string, Stat: string, Period: number): MetricDataQuery => ({
    Id,
    MetricStat: { Metric: { Namespace: "AWS/SageMaker", MetricName, Dimensions }, Stat, Period },
  });
  const values = await read(cloudWatch, window, [
    metric("requests", "Invocations", "Sum", MINUTE),
    metric("refused", "Invocation4XXErrors", "Sum", MINUTE),
    metric("failed", "Invocation5XXErrors", "Sum", MINUTE),
    // Percentiles of minutes can't be put together: one period over all of it.
    metric("p90", "ModelLatency", "p90", wholeOf(window)),
    metric("p99", "ModelLatency", "p99", wholeOf(window)),
  ]);
  // Two periods where one began before the window.
  const latency = (id: string) => (values(id).length === 0 ? null : Math.max(...values(id)) / 1000);
  return {
    requests: total(values("requests")),
    refused: total(values("refused")),
    failed: total(values("failed")),
    p90Millis: latency("p90"),
    p99Millis: latency("p99"),
  };
}

/** What the containers of a version counted of its predictions for callers. */
export async function readTraffic(
  cloudWatch: Pick<CloudWatchClient, "send">,
  workload: string,
  version: number,
  window: Window,
): Promise<Moments> {
  const Dimensions = [
    { Name: "Workload", Value: workload },
    { Name: "Version", Value: String(version) },
  ];
  const metric = (Id: string, MetricName: string): MetricDataQuery => ({
    Id,
    MetricStat: {
      Metric: { Namespace: "Perennial/Serving", MetricName, Dimensions },
      Stat: "Sum",
      Period: MINUTE,
    },
  });
  const values = await read(cloudWatch, window, [
    metric("records", "Records"),
    metric("sum", "PredictionSum"),
    metric("squares", "PredictionSquares"),
  ]);
  return new Moments(total(values("records")), total(values("sum")), total(values("squares")));
}

export async function read(
  cloudWatch: Pick<CloudWatchClient, "send">,
  { from, to }: Window,
  MetricDataQueries: MetricDataQuery[],
): Promise<(id: string) => number[]> {
  const values = new Map<string, number[]>();
  let NextToken: string | undefined;
  do {
    const answer = await cloudWatch.send(
      new GetMetricDataCommand({
        MetricDataQueries,
        StartTime: from,
        EndTime: to,
        ...(NextToken === undefined ? {} : { NextToken }),
      }),
    );
    for (const { Id = "", Values = [] } of answer.MetricDataResults ?? []) {
      values.set(Id, [...(values.get(Id) ?? []), ...Values]);
    }
    ({ NextToken } = answer);
  } while (NextToken !== undefined);
  return (id) => values.get(id) ?? [];
}

export const wholeOf = ({ from, to }: Window): number =>
  Math.max(1, Math.ceil((to.getTime() - from.getTime()) / 60_000)) * MINUTE;

export const total = (values: number[]): number => values.reduce((sum, value) => sum + value, 0);
