import {
  type CloudWatchClient,
  GetMetricDataCommand,
  type MetricDataQuery,
} from "@aws-sdk/client-cloudwatch";

/** From when to when. CloudWatch counts by minutes. */
export interface Window {
  from: Date;
  to: Date;
}

export const MINUTE = 60;

/** A count that what serves a version of a model writes to its log itself: a container, or a scoring function. */
export const bySelf =
  (workload: string, version: number) =>
  (Id: string, MetricName: string): MetricDataQuery => ({
    Id,
    MetricStat: {
      Metric: {
        Namespace: "Perennial/Serving",
        MetricName,
        Dimensions: [
          { Name: "Workload", Value: workload },
          { Name: "Version", Value: String(version) },
        ],
      },
      Stat: "Sum",
      Period: MINUTE,
    },
  });

/** Values of each metric asked for, by its id: those of all periods of the window. */
export async function readMetrics(
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

/** Seconds of a period that holds all of the window. */
export const wholeOf = ({ from, to }: Window): number =>
  Math.max(1, Math.ceil((to.getTime() - from.getTime()) / 60_000)) * MINUTE;

export const total = (values: number[]): number => values.reduce((sum, value) => sum + value, 0);
