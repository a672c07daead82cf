import { DescribeExecutionCommand, GetExecutionHistoryCommand, type HistoryEvent } from "@aws-sdk/client-sfn";
import type { Connection } from "../context.ts";
import type { WorkflowEvent } from "./stages.ts";

/** Everything that an execution's history holds until now, oldest first. */
export async function readEvents(
  { stepFunctions }: Pick<Connection, "stepFunctions">,
  executionArn: string,
): Promise<WorkflowEvent[]> {
  const events: WorkflowEvent[] = [];
  let nextToken: string | undefined;
  do {
    const page = await stepFunctions.send(
      new GetExecutionHistoryCommand({ executionArn, maxResults: 1000, nextToken }),
    );
    events.push(...(page.events ?? []).map(plain));
    ({ nextToken } = page);
  } while (nextToken !== undefined);
  return events;
}

function plain(event: HistoryEvent): WorkflowEvent {
  return {
    type: event.type ?? "",
    at: event.timestamp?.getTime() ?? 0,
    state: event.stateEnteredEventDetails?.name ?? event.stateExitedEventDetails?.name ?? null,
    parameters: event.taskScheduledEventDetails?.parameters ?? null,
    error: event.taskFailedEventDetails?.error ?? event.taskTimedOutEventDetails?.error ?? null,
  };
}

/** `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT`, `ABORTED`; null where the execution doesn't exist (yet). */
export async function readStatus(
  { stepFunctions }: Pick<Connection, "stepFunctions">,
  executionArn: string,
): Promise<string | null> {
  try {
    const { status } = await stepFunctions.send(new DescribeExecutionCommand({ executionArn }));
    return status ?? null;
  } catch (error) {
    if (error instanceof Error && error.name === "ExecutionDoesNotExist") return null;
    throw error;
  }
}
