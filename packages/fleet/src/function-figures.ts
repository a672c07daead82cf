import type { CloudWatchClient, MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import type { FleetFigures } from "./figures.ts";
import { bySelf, MINUTE, readMetrics, total, type Window, wholeOf } from "./metric-data.ts";

/** Whose requests are counted: one published version of a function, as an alias leads to it. */
export interface VersionOf {
  functionName: string;
  alias: string;
  /** Number of the published version. */
  functionVersion: string;
  workload: string;
  /** Version of its model. */
  version: number;
}

/**
 * What is known of one published version of a scoring function. How many requests it answered and refused it says itself;
 * that it broke, and how long it took once it had started, is counted by Lambda for those that came by the alias.
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html
 */
export async function readFunction(
  cloudWatch: Pick<CloudWatchClient, "send">,
  { functionName, alias, functionVersion, workload, version }: VersionOf,
  window: Window,
): Promise<FleetFigures> {
  const Dimensions = [
    { Name: "FunctionName", Value: functionName },
    { Name: "Resource", Value: `${functionName}:${alias}` },
    { Name: "ExecutedVersion", Value: functionVersion },
  ];
  const ofLambda = (Id: string, MetricName: string, Stat: string, Period: number): MetricDataQuery => ({
    Id,
    MetricStat: { Metric: { Namespace: "AWS/Lambda", MetricName, Dimensions }, Stat, Period },
  });
  const own = bySelf(workload, version);
  const values = await readMetrics(cloudWatch, window, [
    own("requests", "Requests"),
    own("probes", "ProbeRequests"),
    own("refused", "Refused"),
    own("probes_refused", "ProbeRefused"),
    own("failed", "Failed"),
    own("probes_failed", "ProbeFailed"),
    ofLambda("broken", "Errors", "Sum", MINUTE),
    // As of a fleet: percentiles of minutes can't be put together.
    ofLambda("p90", "Duration", "p90", wholeOf(window)),
    ofLambda("p99", "Duration", "p99", wholeOf(window)),
  ]);
  const sum = (...ids: string[]) => total(ids.flatMap(values));
  const latency = (id: string) => (values(id).length === 0 ? null : Math.max(...values(id)));
  return {
    // One that broke didn't come to saying so.
    requests: sum("requests", "probes", "broken"),
    refused: sum("refused", "probes_refused"),
    failed: sum("failed", "probes_failed", "broken"),
    p90Millis: latency("p90"),
    p99Millis: latency("p99"),
  };
}
