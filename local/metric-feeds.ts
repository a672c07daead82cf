import type { Bus, BusEvent } from "./events/bus.ts";
import { queueUrl } from "./events/bus.ts";
import type { CloudClock } from "./clock.ts";
import type { MetricSink } from "./gateway/interfaces.ts";

const BY_STATUS: Record<string, string> = {
  SUCCEEDED: "ExecutionsSucceeded",
  FAILED: "ExecutionsFailed",
  TIMED_OUT: "ExecutionsTimedOut",
  ABORTED: "ExecutionsAborted",
};

/** The metrics that Step Functions reports about executions. */
export function countExecutions(bus: Bus, metric: MetricSink): void {
  bus.onEvent(({ source, detail }: BusEvent) => {
    const name = source === "aws.states" ? BY_STATUS[String(detail["status"])] : undefined;
    if (name === undefined) return;
    const dimensions = { StateMachineArn: String(detail["stateMachineArn"]) };
    metric({ namespace: "AWS/States", name, dimensions, value: 1 });
  });
}

/** The metric that SQS reports about each queue, every minute of the clock until `signal` is aborted. */
export async function measureQueues(
  queueArns: readonly string[],
  call: (service: string, action: string, input: Record<string, unknown>) => Promise<Record<string, unknown>>,
  clock: CloudClock,
  metric: MetricSink,
  signal: AbortSignal,
): Promise<void> {
  const measure = async (arn: string): Promise<void> => {
    const AttributeNames = ["ApproximateNumberOfMessages"];
    const { Attributes } = await call("sqs", "GetQueueAttributes", {
      QueueUrl: queueUrl(arn),
      AttributeNames,
    });
    const value = Number(
      (Attributes as Record<string, string> | undefined)?.["ApproximateNumberOfMessages"] ?? 0,
    );
    const dimensions = { QueueName: arn.split(":").at(-1) ?? "" };
    metric({ namespace: "AWS/SQS", name: "ApproximateNumberOfMessagesVisible", dimensions, value });
  };
  while (!signal.aborted) {
    await clock.during(Promise.all(queueArns.map(measure)));
    await clock.sleep(60_000, signal);
  }
}
