import type { CloudWatchClient, MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import { bySelf, MINUTE, readMetrics, total, type Window, wholeOf } from "./metric-data.ts";
import { Moments } from "./moments.ts";

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
  const values = await readMetrics(cloudWatch, window, [
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
  const metric = bySelf(workload, version);
  const values = await readMetrics(cloudWatch, window, [
    metric("records", "Records"),
    metric("sum", "PredictionSum"),
    metric("squares", "PredictionSquares"),
  ]);
  return new Moments(total(values("records")), total(values("sum")), total(values("squares")));
}
