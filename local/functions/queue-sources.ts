import { queueUrl } from "../events/bus.ts";
import type { Gateway } from "../gateway/interfaces.ts";

/** A queue whose messages Lambda hands to a function. */
export interface QueueSource {
  queueArn: string;
  functionArn: string;
  batchSize: number;
}

interface Message {
  MessageId: string;
  ReceiptHandle: string;
  Body: string;
  MD5OfBody: string;
  Attributes?: Record<string, string>;
}

export interface QueueSurroundings {
  call: Gateway["call"];
  /** ARN of the role that a function runs as: it is the one that takes the messages. */
  roleOf: (functionArn: string) => string;
  invoke: (functionArn: string, payload: string) => Promise<{ payload: string; error?: true }>;
  region: string;
  /** Tells the person at the machine what could not be handled. */
  warn: (message: string) => void;
}

/** Milliseconds between two looks into an empty queue. Lambda waits for messages with SQS, which takes up to 20 seconds. */
const PAUSE_MS = 1000;

/** Lambda's side of event source mappings: takes messages in batches, and deletes those that were handled. */
export class QueueSources {
  private readonly around: QueueSurroundings;
  private readonly sources: QueueSource[] = [];
  private readonly ending = new AbortController();
  private following: Promise<void>[] = [];

  constructor(around: QueueSurroundings) {
    this.around = around;
  }

  add(source: QueueSource): void {
    this.sources.push(source);
  }

  /** Begins to look into the queues. */
  start(): void {
    this.following = this.sources.map((source) => this.follow(source));
  }

  /** Resolves when no queue is looked into any more. */
  async close(): Promise<void> {
    this.ending.abort();
    await Promise.all(this.following);
  }

  private async follow(source: QueueSource): Promise<void> {
    const { signal } = this.ending;
    while (!signal.aborted) {
      try {
        if ((await this.handOver(source)) > 0) continue;
      } catch (error) {
        if (!signal.aborted) {
          this.around.warn(
            `messages of ${source.queueArn} can't be handed over: ${(error as Error).message}`,
          );
        }
      }
      await pause(PAUSE_MS, signal);
    }
  }

  /** @returns how many messages were taken. */
  private async handOver({ queueArn, functionArn, batchSize }: QueueSource): Promise<number> {
    const { call, roleOf, invoke, region, warn } = this.around;
    const [role, QueueUrl] = [roleOf(functionArn), queueUrl(queueArn)];
    const AttributeNames = ["ApproximateNumberOfMessages"];
    const { Attributes } = (await call(role, "sqs", "GetQueueAttributes", { QueueUrl, AttributeNames })) as {
      Attributes?: Record<string, string>;
    };
    if (Attributes?.["ApproximateNumberOfMessages"] === "0") return 0;
    const { Messages: messages = [] } = (await call(role, "sqs", "ReceiveMessage", {
      QueueUrl,
      MaxNumberOfMessages: batchSize,
      AttributeNames: ["All"],
    })) as { Messages?: Message[] };
    // What was taken while it ends comes back to the queue; a function started now would outlive the local cloud.
    if (messages.length === 0 || this.ending.signal.aborted) return 0;
    const Records = messages.map(
      ({ MessageId, ReceiptHandle, Body, MD5OfBody, Attributes: attributes = {} }) => ({
        messageId: MessageId,
        receiptHandle: ReceiptHandle,
        body: Body,
        attributes,
        messageAttributes: {},
        md5OfBody: MD5OfBody,
        eventSource: "aws:sqs",
        eventSourceARN: queueArn,
        awsRegion: region,
      }),
    );
    const { payload, error } = await invoke(functionArn, JSON.stringify({ Records }));
    if (error === true && this.ending.signal.aborted) return 0;
    if (error === true) {
      warn(
        `${functionArn.split(":").at(-1)} failed on ${messages.length} messages: ${payload.slice(0, 300)}`,
      );
      return messages.length;
    }
    const { batchItemFailures } = JSON.parse(payload) as { batchItemFailures: { itemIdentifier: string }[] };
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    for (const { MessageId, ReceiptHandle } of messages) {
      if (!failed.has(MessageId)) await call(role, "sqs", "DeleteMessage", { QueueUrl, ReceiptHandle });
    }
    return messages.length;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}
