import { randomUUID } from "node:crypto";
import type { CloudClock } from "../clock.ts";
import {
  ApiError,
  type ApiCall,
  type Gateway,
  type LogSink,
  type MetricSink,
} from "../gateway/interfaces.ts";
import { queueUrl } from "../events/bus.ts";
import { environmentOf, LOG_STREAM, shown, type FunctionDefinition } from "./definition.ts";
import { mustPermit, type Permission } from "./permission.ts";
import { Sandbox, type Answer } from "./sandbox.ts";

export interface AsyncConfig {
  /** @default 2 */
  maximumRetryAttempts: number;
  onFailureArn: string | null;
}

export interface FunctionSurroundings {
  clock: CloudClock;
  call: Gateway["call"];
  credentialsFor: Gateway["credentialsFor"];
  /** Address of the gateway, known once it listens. */
  endpoint: () => string;
  region: string;
  log: LogSink;
  metric: MetricSink;
  /** The cloud's time, as `SharedTime` keeps it. */
  time: SharedArrayBuffer;
  warn: (message: string) => void;
}

/** Sandboxes of one function at a time; further calls wait. Lambda would start hundreds, this machine has few cores. */
const MOST_SANDBOXES = 3;

const LARGEST_PAYLOAD = { sync: 6 * 1024 * 1024, async: 1024 * 1024 };

interface Entry {
  definition: FunctionDefinition;
  permissions: Permission[];
  async: AsyncConfig;
  idle: Sandbox[];
  running: number;
  waiting: (() => void)[];
}

/** Lambda: the program's functions, run in workers as their roles. */
export class Functions {
  private readonly around: FunctionSurroundings;
  private readonly entries = new Map<string, Entry>();
  private readonly sandboxes = new Set<Sandbox>();
  private isClosed = false;

  constructor(around: FunctionSurroundings) {
    this.around = around;
  }

  create(definition: FunctionDefinition): void {
    this.entries.set(definition.name, {
      definition,
      permissions: [],
      async: { maximumRetryAttempts: 2, onFailureArn: null },
      idle: [],
      running: 0,
      waiting: [],
    });
  }

  permit(functionName: string, permission: Permission): void {
    this.find(functionName).permissions.push(permission);
  }

  configureAsync(functionName: string, config: AsyncConfig): void {
    this.find(functionName).async = config;
  }

  /** Starts a sandbox of a function before it is asked for, so that the first call finds it warm. */
  warm(functionName: string): void {
    const entry = this.find(functionName);
    if (entry.idle.length === 0 && entry.running === 0) entry.idle.push(this.open(entry.definition));
  }

  /**
   * Accepts an event from a service, if the function's policy lets that service call it; it is handled after the return.
   *
   * @throws {ApiError} AccessDenied.
   */
  async accept(functionArn: string, payload: string, principal: string, sourceArn: string): Promise<void> {
    const entry = this.find(functionArn);
    mustPermit(entry.definition.name, entry.permissions, principal, sourceArn);
    this.handleLater(entry, payload);
  }

  /**
   * Runs a function once for a service that waits for its answer, if the function's policy lets that service call it.
   *
   * @throws {ApiError} AccessDenied.
   */
  async invokeFor(
    functionArn: string,
    payload: string,
    principal: string,
    sourceArn: string,
  ): Promise<Answer> {
    const entry = this.find(functionArn);
    mustPermit(entry.definition.name, entry.permissions, principal, sourceArn);
    return await this.run(entry, payload);
  }

  /** ARN of the role that a function runs as. */
  roleOf(functionArn: string): string {
    return this.find(functionArn).definition.roleArn;
  }

  /** Runs a function once and waits for its answer. */
  async invoke(functionArn: string, payload: string): Promise<Answer> {
    return await this.run(this.find(functionArn), payload);
  }

  readonly handle = async ({ action, input }: ApiCall): Promise<unknown> => {
    switch (action) {
      case "Invoke": {
        const entry = this.find(input["FunctionName"]);
        const payload =
          Buffer.from((input["Payload"] as string | undefined) ?? "", "base64").toString() || "{}";
        const isAsync = input["InvocationType"] === "Event";
        if (Buffer.byteLength(payload) > LARGEST_PAYLOAD[isAsync ? "async" : "sync"]) {
          throw new ApiError(
            "RequestTooLargeException",
            `Request must be smaller than ${LARGEST_PAYLOAD[isAsync ? "async" : "sync"]} bytes.`,
            413,
          );
        }
        if (isAsync) {
          this.handleLater(entry, payload);
          return { StatusCode: 202, Payload: "" };
        }
        const answer = await this.run(entry, payload);
        return {
          StatusCode: 200,
          ExecutedVersion: "$LATEST",
          Payload: Buffer.from(answer.payload).toString("base64"),
          ...(answer.error === true ? { FunctionError: "Unhandled" } : {}),
        };
      }
      case "GetFunctionConfiguration":
        return shown(this.find(input["FunctionName"]).definition);
      case "GetFunction":
        return { Configuration: shown(this.find(input["FunctionName"]).definition) };
      case "ListFunctions":
        return { Functions: [...this.entries.values()].map(({ definition }) => shown(definition)) };
      default:
        throw new ApiError(
          "UnknownOperationException",
          `lambda:${action} is not emulated; functions come from the program, and the local cloud answers Invoke, ` +
            `GetFunction, GetFunctionConfiguration and ListFunctions.`,
        );
    }
  };

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all([...this.sandboxes].map((sandbox) => sandbox.close()));
  }

  /** An asynchronous call: retried after one minute and after two more, then handed to the failure destination. */
  private handleLater(entry: Entry, payload: string): void {
    const { clock, warn } = this.around;
    const work = async (): Promise<void> => {
      const { name } = entry.definition;
      for (let attempt = 0; ; attempt++) {
        const answer = await clock.during(this.run(entry, payload));
        if (answer.error !== true || this.isClosed) return;
        warn(`${name} failed: ${describe(answer.payload)}`);
        if (attempt >= entry.async.maximumRetryAttempts) {
          await clock.during(this.bury(entry, payload, answer, attempt + 1));
          return;
        }
        await clock.sleep(clock.patience((attempt + 1) * 60_000));
      }
    };
    work().catch((error: unknown) => warn(`${entry.definition.name}: ${(error as Error).message}`));
  }

  /** Sends what failed for good to the destination, as the function's role: that is whose permission Lambda uses. */
  private async bury(entry: Entry, payload: string, answer: Answer, count: number): Promise<void> {
    const { definition, async } = entry;
    if (async.onFailureArn === null) return;
    const record = {
      version: "1.0",
      timestamp: new Date(this.around.clock.now()).toISOString(),
      requestContext: {
        requestId: randomUUID(),
        functionArn: `${definition.arn}:$LATEST`,
        condition: "RetriesExhausted",
        approximateInvokeCount: count,
      },
      requestPayload: JSON.parse(payload) as unknown,
      responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
      responsePayload: JSON.parse(answer.payload) as unknown,
    };
    const QueueUrl = queueUrl(async.onFailureArn);
    await this.around.call(definition.roleArn, "sqs", "SendMessage", {
      QueueUrl,
      MessageBody: JSON.stringify(record),
    });
  }

  private async run(entry: Entry, payload: string): Promise<Answer> {
    const { definition } = entry;
    const dimensions = { FunctionName: definition.name };
    const metric = (name: string, value: number): void =>
      this.around.metric({ namespace: "AWS/Lambda", name, dimensions, value });
    const sandbox = await this.take(entry);
    const started = performance.now();
    let answer: Answer;
    try {
      const context = {
        functionName: definition.name,
        functionVersion: "$LATEST",
        invokedFunctionArn: definition.arn,
        memoryLimitInMB: String(definition.memoryMiB),
        awsRequestId: randomUUID(),
        logGroupName: definition.logGroup,
        logStreamName: LOG_STREAM,
      };
      const deadline = Date.now() + definition.timeoutSeconds * 1000;
      answer = await sandbox.invoke({ event: payload, context, deadline }, definition.timeoutSeconds);
    } finally {
      this.give(entry, sandbox);
    }
    metric("Invocations", 1);
    metric("Errors", answer.error === true ? 1 : 0);
    metric("Duration", performance.now() - started);
    return answer;
  }

  private async take(entry: Entry): Promise<Sandbox> {
    while (entry.running >= MOST_SANDBOXES) {
      await new Promise<void>((resolve) => {
        entry.waiting.push(resolve);
      });
    }
    entry.running += 1;
    for (;;) {
      const idle = entry.idle.pop();
      if (idle === undefined) return this.open(entry.definition);
      if (!idle.isDead) return idle;
    }
  }

  private give(entry: Entry, sandbox: Sandbox): void {
    entry.running -= 1;
    if (sandbox.isDead) this.sandboxes.delete(sandbox);
    else entry.idle.push(sandbox);
    entry.waiting.shift()?.();
  }

  private open(definition: FunctionDefinition): Sandbox {
    const { around } = this;
    const credentials = around.credentialsFor(definition.roleName);
    const sandbox = new Sandbox({
      folder: definition.folder,
      handler: definition.handler,
      time: around.time,
      memoryMiB: definition.memoryMiB,
      onLine: (line) => around.log(definition.logGroup, LOG_STREAM, line),
      environment: environmentOf(definition, around.region, around.endpoint(), credentials),
    });
    this.sandboxes.add(sandbox);
    return sandbox;
  }

  private find(nameOrArn: unknown): Entry {
    const text = String(nameOrArn);
    const name = text.includes(":function:") ? text.split(":")[6] : text.split(":")[0];
    const entry = this.entries.get(name ?? "");
    if (entry === undefined)
      throw new ApiError("ResourceNotFoundException", `Function not found: ${text}`, 404);
    return entry;
  }
}

function describe(payload: string): string {
  const { errorType, errorMessage } = JSON.parse(payload) as { errorType?: string; errorMessage?: string };
  return `${errorType ?? "Error"}: ${errorMessage ?? payload}`;
}
