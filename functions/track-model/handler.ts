import type { ChangeMessageVisibilityCommandInput } from "@aws-sdk/client-sqs";
import { type FunctionAnswer, type FunctionEvent, FUNCTIONS, parse } from "@perennial/contracts";
import { TrackingAway } from "@perennial/tracking";
import { postponementSeconds } from "./postponement.ts";
import { trackEvent, type Tracking } from "./track-event.ts";

export interface Dependencies extends Tracking {
  /** Puts a message of the queue off. */
  postpone: (message: Omit<ChangeMessageVisibilityCommandInput, "QueueUrl">) => Promise<unknown>;
}

type Message = FunctionEvent<"track-model">["Records"][number];

/**
 * Brings what happened to the tracking server. Nothing waits for it: what can't be told now goes back to the queue, for
 * longer each time, and what is told twice is written once.
 */
export const createHandler =
  (dependencies: Dependencies) =>
  async (event: unknown): Promise<FunctionAnswer<"track-model">> => {
    const { Records } = parse(FUNCTIONS["track-model"].event, event, "event of track-model");
    const failed: Message[] = [];
    let isAway = false;
    for (const message of Records) {
      // A server that gave no answer about one message gives none about the next: each would wait for it in vain.
      if (!isAway) {
        const fault: Error | null = await faultOf(dependencies, message);
        if (fault === null) continue;
        isAway = fault instanceof TrackingAway;
      }
      failed.push(message);
    }
    await Promise.all(failed.map((message) => putOff(dependencies, message)));
    return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  };

/** Why a message could not be handled; null if it was. */
async function faultOf(dependencies: Dependencies, message: Message): Promise<Error | null> {
  const { telemetry } = dependencies;
  const { messageId, body, attributes } = message;
  try {
    await trackEvent(dependencies, body);
    return null;
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const attempts = attributes.ApproximateReceiveCount;
    telemetry.log("not tracked", { messageId, attempts, error: error.name, reason: error.message });
    telemetry.count("TrackingPostponed", { error: error.name });
    return error;
  }
}

async function putOff({ postpone, telemetry }: Dependencies, message: Message): Promise<void> {
  const { receiptHandle: ReceiptHandle, messageId, attributes } = message;
  const VisibilityTimeout = postponementSeconds(attributes.ApproximateReceiveCount);
  try {
    await postpone({ ReceiptHandle, VisibilityTimeout });
  } catch (error) {
    // The message comes back all the same, after the queue's own time.
    const reason = error instanceof Error ? error.message : String(error);
    telemetry.log("not postponed", { messageId, reason });
  }
}
