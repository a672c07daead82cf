import { FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import type { Connection } from "../context.ts";

/** The latest value of each metric that a job has written to its log, and the round it was measured in. */
export interface JobProgress {
  round: number | null;
  metrics: ReadonlyMap<string, number>;
}

const METRIC = /metric name=(\w+) value=([-+0-9.eE]+)(?: round=(\d+))?/;

/** Reads metric lines: `metric name=validation_auc value=0.6712 round=120`. Other lines say nothing. */
export function readMetrics(lines: readonly string[]): JobProgress {
  const metrics = new Map<string, number>();
  let round: number | null = null;
  for (const line of lines) {
    const [, name, value, at] = METRIC.exec(line) ?? [];
    if (name === undefined || value === undefined || Number.isNaN(Number(value))) continue;
    metrics.set(name, Number(value));
    if (at !== undefined) round = Math.max(round ?? 0, Number(at));
  }
  return { round, metrics };
}

/** What a person wants to see of them while a job runs, in this order. */
const SHOWN: readonly [string, string][] = [
  ["rows_read", "rows read"],
  ["train_rows", "rows to train on"],
  ["validation_auc", "validation AUC"],
  ["validation_logloss", "log loss"],
];

/** `round 120, validation AUC 0.6712, log loss 0.3301`, or "" before there is anything to say. */
export function describeJob({ round, metrics }: JobProgress): string {
  const figures = SHOWN.flatMap(([name, title]) => {
    const value = metrics.get(name);
    if (value === undefined) return [];
    return [Number.isInteger(value) ? `${value} ${title}` : `${title} ${value.toFixed(4)}`];
  });
  return [...(round === null ? [] : [`round ${round}`]), ...figures].join(", ");
}

/** The job's log until now; nothing where there is none yet, or where it may not be read. */
export async function readJobLog(
  { logs, platform }: Pick<Connection, "logs" | "platform">,
  stage: string,
  job: string,
): Promise<string[]> {
  const logGroupName = platform.logGroups[stage === "train" ? "training" : "processing"];
  if (logGroupName === undefined) return [];
  try {
    const lines: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = await logs.send(
        new FilterLogEventsCommand({ logGroupName, logStreamNamePrefix: `${job}/`, nextToken }),
      );
      lines.push(...(page.events ?? []).map(({ message = "" }) => message));
      ({ nextToken } = page);
    } while (nextToken !== undefined);
    return lines;
  } catch {
    // The log adds detail to the progress; the execution itself is followed without it.
    return [];
  }
}
