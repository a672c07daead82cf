import { isDeepStrictEqual } from "node:util";
import type { CloudClock } from "../clock.ts";
import { ApiError, type ApiCall, type EventSink, type Gateway } from "../gateway/interfaces.ts";
import { describe, page, shown } from "./answers.ts";
import { prepare } from "./definition.ts";
import { Stop, runExecution, type Machine, type Outcome } from "./execution.ts";
import { ExecutionStore, type ExecutionRecord } from "./execution-store.ts";
import { History } from "./history.ts";

type Json = Record<string, unknown>;

export interface WorkflowSurroundings {
  clock: CloudClock;
  call: Gateway["call"];
  putEvent: EventSink;
  /** Folder that keeps the executions. */
  folder: string;
  /** Hears of every state that an execution enters. */
  onState?: (executionArn: string, state: string) => void;
}

const INPUT_LIMIT = 262_144;

/** Step Functions: state machines of the program, their executions, and the part of the API that clients use. */
export class Workflows {
  private readonly around: WorkflowSurroundings;
  private readonly store: ExecutionStore;
  private readonly machines = new Map<string, Machine>();
  private readonly running = new Map<
    string,
    { stop: AbortController; done: Promise<void>; history: History }
  >();
  private isClosing = false;

  constructor(around: WorkflowSurroundings) {
    this.around = around;
    this.store = new ExecutionStore(around.folder);
  }

  /** @throws where the definition asks for something that isn't emulated. */
  createStateMachine(machine: Omit<Machine, "createdAt">): void {
    prepare(machine.definition);
    this.machines.set(machine.arn, { ...machine, createdAt: this.around.clock.now() });
  }

  /** Executions that were running when the process ended cannot go on: they become ABORTED, and the bus hears of it. */
  abortInterrupted(): ExecutionRecord[] {
    const interrupted = this.store.all().filter(({ status }) => status === "RUNNING");
    for (const record of interrupted) {
      const cause = "The local cloud was stopped while this execution ran.";
      this.finish(record, { status: "ABORTED", error: "LocalCloud.Stopped", cause });
    }
    return interrupted;
  }

  /** Stops what runs without recording an end: the next start does that. */
  async close(): Promise<void> {
    this.isClosing = true;
    for (const { stop } of this.running.values()) stop.abort(new Stop({ status: "ABORTED" }));
    await Promise.all([...this.running.values()].map(({ done }) => done));
  }

  /** Resolves when no execution runs. */
  async idle(): Promise<void> {
    while (this.running.size > 0) await Promise.all([...this.running.values()].map(({ done }) => done));
  }

  readonly handle = async ({ action, input }: ApiCall): Promise<unknown> => {
    switch (action) {
      case "StartExecution":
        return this.start(input);
      case "StopExecution":
        return this.stopExecution(input);
      case "DescribeExecution":
        return shown(this.find(input["executionArn"]));
      case "GetExecutionHistory":
        return this.historyOf(input);
      case "ListExecutions":
        return this.list(input);
      case "DescribeStateMachine":
        return describe(this.machine(input["stateMachineArn"]));
      case "ListStateMachines":
        return {
          stateMachines: [...this.machines.values()].map(({ arn, name, createdAt }) => ({
            stateMachineArn: arn,
            name,
            type: "STANDARD",
            creationDate: createdAt / 1000,
          })),
        };
      default:
        throw new ApiError(
          "UnknownOperationException",
          `states:${action} is not emulated; the local cloud takes state machines from the program and answers ` +
            `StartExecution, StopExecution, DescribeExecution, GetExecutionHistory, ListExecutions, ` +
            `DescribeStateMachine and ListStateMachines.`,
        );
    }
  };

  private start(input: Json): unknown {
    const machine = this.machine(input["stateMachineArn"]);
    const text = typeof input["input"] === "string" ? input["input"] : "{}";
    const value = parsed(text);
    const name = typeof input["name"] === "string" ? input["name"] : crypto.randomUUID();
    if (!/^[^\s<>{}[\]?*"#%\\^|~`$&,;:/]{1,80}$/.test(name)) {
      throw new ApiError(
        "InvalidName",
        `Invalid Name: '${name}', expected 1 to 80 characters without spaces and brackets.`,
      );
    }
    const arn = `${machine.arn.replace(":stateMachine:", ":execution:")}:${name}`;
    const existing = this.store.get(arn);
    if (existing !== undefined) {
      // The API is idempotent only while the execution runs.
      if (existing.status === "RUNNING" && isDeepStrictEqual(JSON.parse(existing.input), value)) {
        return { executionArn: arn, startDate: existing.startedAt / 1000 };
      }
      throw new ApiError("ExecutionAlreadyExists", `Execution Already Exists: '${arn}'`);
    }
    const record: ExecutionRecord = {
      executionArn: arn,
      stateMachineArn: machine.arn,
      name,
      input: text,
      status: "RUNNING",
      startedAt: this.around.clock.now(),
      stoppedAt: null,
      output: null,
      error: null,
      cause: null,
      history: [],
    };
    this.store.save(record);
    this.announce(record);
    const stop = new AbortController();
    const history = new History(this.around.clock, (state) => this.around.onState?.(arn, state));
    history.add("ExecutionStarted", {
      executionStartedEventDetails: { input: text, roleArn: machine.roleArn },
    });
    const execution = { arn, name, machine, input: value, startedAt: record.startedAt };
    const run = async (): Promise<void> => {
      const outcome = await runExecution(this.around, execution, history, stop.signal);
      this.running.delete(arn);
      record.history = history.events;
      if (!this.isClosing) this.finish(record, outcome);
    };
    this.running.set(arn, { stop, done: run(), history });
    return { executionArn: arn, startDate: record.startedAt / 1000 };
  }

  private async stopExecution(input: Json): Promise<unknown> {
    const record = this.find(input["executionArn"]);
    const running = this.running.get(record.executionArn);
    if (running !== undefined) {
      const { error, cause } = input;
      running.stop.abort(
        new Stop({
          status: "ABORTED",
          ...(typeof error === "string" ? { error } : {}),
          ...(typeof cause === "string" ? { cause } : {}),
        }),
      );
      await running.done;
    }
    return { stopDate: (record.stoppedAt ?? this.around.clock.now()) / 1000 };
  }

  private finish(record: ExecutionRecord, { status, output, error, cause }: Outcome): void {
    record.status = status;
    record.stoppedAt = this.around.clock.now();
    record.output = output ?? null;
    record.error = error ?? null;
    record.cause = cause ?? null;
    const type = ENDINGS[status];
    const id = record.history.length + 1;
    const detail = status === "SUCCEEDED" ? { output } : { error: error ?? null, cause: cause ?? null };
    record.history.push({
      timestamp: record.stoppedAt / 1000,
      type,
      id,
      previousEventId: id - 1,
      [`e${type.slice(1)}EventDetails`]: detail,
    });
    this.store.save(record);
    this.announce(record);
  }

  /** "Step Functions Execution Status Change", with dates in milliseconds as that event has them. */
  private announce(record: ExecutionRecord): void {
    this.around.putEvent({
      source: "aws.states",
      "detail-type": "Step Functions Execution Status Change",
      resources: [record.executionArn],
      detail: {
        executionArn: record.executionArn,
        stateMachineArn: record.stateMachineArn,
        name: record.name,
        status: record.status,
        startDate: record.startedAt,
        stopDate: record.stoppedAt,
        input: record.input,
        output: record.output,
        error: record.error,
        cause: record.cause,
        stateMachineVersionArn: null,
        stateMachineAliasArn: null,
        redriveCount: 0,
        redriveDate: null,
        redriveStatus: "NOT_REDRIVABLE",
      },
    });
  }

  private historyOf(input: Json): unknown {
    const record = this.find(input["executionArn"]);
    const { events } = this.running.get(record.executionArn)?.history ?? { events: record.history };
    const ordered = input["reverseOrder"] === true ? events.toReversed() : events;
    return page(ordered, "events", input, 100);
  }

  private list(input: Json): unknown {
    const { arn } = this.machine(input["stateMachineArn"]);
    const chosen = this.store
      .all()
      .filter(({ stateMachineArn }) => stateMachineArn === arn)
      .filter(({ status }) => input["statusFilter"] === undefined || status === input["statusFilter"])
      .map((record) => {
        const { input: _, output: __, error: ___, cause: ____, ...summary } = shown(record);
        return summary;
      });
    return page(chosen, "executions", input, 100);
  }

  private find(arn: unknown): ExecutionRecord {
    const record = this.store.get(String(arn));
    if (record === undefined)
      throw new ApiError("ExecutionDoesNotExist", `Execution Does Not Exist: '${String(arn)}'`);
    return record;
  }

  private machine(arn: unknown): Machine {
    const machine = this.machines.get(String(arn));
    if (machine === undefined) {
      throw new ApiError("StateMachineDoesNotExist", `State Machine Does Not Exist: '${String(arn)}'`);
    }
    return machine;
  }
}

const ENDINGS = {
  SUCCEEDED: "ExecutionSucceeded",
  FAILED: "ExecutionFailed",
  TIMED_OUT: "ExecutionTimedOut",
  ABORTED: "ExecutionAborted",
} as const;

function parsed(text: string): unknown {
  if (Buffer.byteLength(text) > INPUT_LIMIT) {
    throw new ApiError(
      "InvalidExecutionInput",
      `Invalid State Machine Execution Input: ${Buffer.byteLength(text)} bytes, expected at most ${INPUT_LIMIT}.`,
    );
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new ApiError(
      "InvalidExecutionInput",
      `Invalid State Machine Execution Input: '${(error as Error).message}'`,
    );
  }
}
