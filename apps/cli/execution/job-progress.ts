import { FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import type { Connection } from "../context.ts";

/** The latest value of each metric that a job has written to its log, and the round and trial it was measured in. */
export interface JobProgress {
  round: number | null;
  /** Of a search, numbered from 0. */
  trial: number | null;
  metrics: ReadonlyMap<string, number>;
}

const METRIC = /metric name=(\w+) value=([-+0-9.eE]+)(?: (round|trial)=(\d+))?/;

/** Reads metric lines: `metric name=validation_auc value=0.6712 round=120`. Other lines say nothing. */
export function readMetrics(lines: readonly string[]): JobProgress {
  const metrics = new Map<string, number>();
  const reached: Record<string, number> = {};
  for (const line of lines) {
    const [, name, value, step, at] = METRIC.exec(line) ?? [];
    if (name === undefined || value === undefined || Number.isNaN(Number(value))) continue;
    metrics.set(name, Number(value));
    if (step !== undefined) reached[step] = Math.max(reached[step] ?? 0, Number(at));
  }
  return { round: reached["round"] ?? null, trial: reached["trial"] ?? null, metrics };
}

/** What a person wants to see of them while a job runs, in this order. */
const SHOWN: readonly [string, string][] = [
  ["rows_read", "rows read"],
  ["train_rows", "rows to train on"],
  ["validation_auc", "validation AUC"],
  ["validation_logloss", "log loss"],
  ["validation_objective", "objective"],
  ["trial_objective", "of the trial"],
];

/** `round 120, validation AUC 0.6712, log loss 0.3301`, or "" before there is anything to say. */
export function describeJob({ round, trial, metrics }: JobProgress): string {
  const figures = SHOWN.flatMap(([name, title]) => {
    const value = metrics.get(name);
    if (value === undefined) return [];
    return [Number.isInteger(value) ? `${value} ${title}` : `${title} ${value.toFixed(4)}`];
  });
  const steps = [
    ...(trial === null ? [] : [`${trial + 1} trials`]),
    ...(round === null ? [] : [`round ${round}`]),
  ];
  return [...steps, ...figures].join(", ");
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
