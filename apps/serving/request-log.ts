import type { AnsweringModel } from "@perennial/contracts";

/** What is known of a request when it has been answered; nothing of what it held. */
export interface AnsweredRequest {
  requestId: string;
  method: string;
  route: string;
  status: number;
  durationMs: number;
  records: number;
  model: AnsweringModel | undefined;
  timestamp: number;
}

const METRICS = [
  { Name: "Requests", Unit: "Count" },
  { Name: "Records", Unit: "Count" },
  { Name: "Refusals", Unit: "Count" },
  { Name: "LatencyMs", Unit: "Milliseconds" },
];

/**
 * A request's log line, which is its metrics too (CloudWatch embedded metric format): nothing scrapes a container behind
 * SageMaker. One line a request is the cheap way: there has to be one anyway, the metrics add 300 bytes to it, no counter
 * is lost when the process is killed, and percentiles of the latency are exact.
 */
export function logLineOf(request: AnsweredRequest): Record<string, unknown> {
  const { requestId, method, route, status, durationMs, records, model, timestamp } = request;
  const line = { requestId, method, route, status, durationMs, records };
  if (model === undefined) return line;
  return {
    ...line,
    artifact: model.artifact,
    _aws: {
      Timestamp: timestamp,
      CloudWatchMetrics: [
        { Namespace: "Perennial", Dimensions: [["Workload", "ModelVersion"]], Metrics: METRICS },
      ],
    },
    Workload: model.workload,
    ModelVersion: String(model.version),
    Requests: 1,
    Records: records,
    Refusals: status >= 400 && status < 500 ? 1 : 0,
    LatencyMs: durationMs,
  };
}

const FRAME = /^\s+at .+:\d+:\d+\)?$/;

/** Where an error came from, without its message: that may quote what a record held. */
export function framesOf(error: unknown): { error: string; frames: string[] } {
  if (!(error instanceof Error)) return { error: typeof error, frames: [] };
  const frames = (error.stack ?? "").split("\n").filter((line) => FRAME.test(line));
  return { error: error.name, frames: frames.map((line) => line.trim()).slice(0, 10) };
}
