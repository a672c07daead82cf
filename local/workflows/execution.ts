import { StateMachine } from "aws-local-stepfunctions";
import { setImmediate as turn } from "node:timers/promises";
import { prepare, visitKey, type Prepared, type Step, type Wait } from "./definition.ts";
import { TaskError, TimeoutError, retrierFor, retryDelay } from "./errors.ts";
import type { History, InterpreterEvent } from "./history.ts";
import { integrationOf } from "./integrations.ts";
import { performTask, type TaskSurroundings } from "./task.ts";

type Json = Record<string, unknown>;
type Interpreter = InstanceType<typeof StateMachine>;
type Handlers = NonNullable<
  NonNullable<NonNullable<Parameters<Interpreter["run"]>[1]>["overrides"]>["taskResourceLocalHandlers"]
>;
type JsonValue = Parameters<Interpreter["run"]>[0];

/** A state machine as it was created. */
export interface Machine {
  arn: string;
  name: string;
  roleArn: string;
  definition: Json;
  createdAt: number;
}

export interface Execution {
  arn: string;
  name: string;
  machine: Machine;
  input: unknown;
  startedAt: number;
}

export interface Outcome {
  status: "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "ABORTED";
  output?: string;
  error?: string;
  cause?: string;
}

/** Bytes of JSON that a state may take or give. */
const PAYLOAD_LIMIT = 262_144;

/** Why a running execution is ended from outside. */
export class Stop extends Error {
  readonly outcome: Outcome;

  constructor(outcome: Outcome) {
    super(outcome.cause ?? outcome.status);
    this.name = "Stop";
    this.outcome = outcome;
  }
}

/** Runs an execution to its end. `stop` is aborted with a {@link Stop}. */
export async function runExecution(
  around: TaskSurroundings,
  execution: Execution,
  history: History,
  stop: AbortSignal,
): Promise<Outcome> {
  const prepared = prepare(execution.machine.definition);
  const ending = new AbortController();
  const signal = AbortSignal.any([stop, ending.signal]);
  const end = (outcome: Outcome): void => ending.abort(new Stop(outcome));
  if (prepared.timeoutSeconds !== null) {
    const expired = around.clock.sleep(prepared.timeoutSeconds * 1000, signal);
    expired.then(
      () => end({ status: "TIMED_OUT", error: "States.Timeout", cause: "The execution timed out." }),
      () => undefined,
    );
  }

  const visits = new Map(prepared.states.map((name) => [name, visitOf(name, around)]));
  const context = {
    Visits: Object.fromEntries(prepared.states.map((name, place) => [visitKey(place), visits.get(name)])),
    Run: {
      Id: execution.arn,
      Input: execution.input,
      Name: execution.name,
      RoleArn: execution.machine.roleArn,
      StartTime: new Date(execution.startedAt).toISOString(),
      RedriveCount: 0,
    },
    StateMachine: { Id: execution.machine.arn, Name: execution.machine.name },
  };
  const handlers = Object.fromEntries(
    [...prepared.steps].map(([name, step]) => [
      name,
      (input: unknown) => {
        const visit = visits.get(name) ?? visitOf(name, around);
        return takeStep(around, execution, history, name, step, visit, input, signal);
      },
    ]),
  ) as unknown as Handlers;
  const retryIntervalOverrides = Object.fromEntries(prepared.states.map((name) => [name, 0]));

  const machine = new StateMachine(prepared.definition, { validationOptions: { noValidate: true } });
  const run = machine.run(execution.input as JsonValue, {
    overrides: { taskResourceLocalHandlers: handlers, retryIntervalOverrides },
    context,
  });
  signal.addEventListener("abort", run.abort, { once: true });
  if (signal.aborted) run.abort();

  const listening = listen(run.eventLogs as AsyncIterable<InterpreterEvent>, prepared, history, end);
  try {
    const output = await run.result;
    await listening;
    return { status: "SUCCEEDED", output: JSON.stringify(output) };
  } catch (error) {
    await listening;
    const reason: unknown = signal.reason;
    if (signal.aborted && reason instanceof Stop) return reason.outcome;
    const failure = error instanceof Error && error.cause instanceof Error ? error.cause : (error as Error);
    return { status: "FAILED", error: failure.name, cause: failure.message };
  } finally {
    ending.abort(new Stop({ status: "SUCCEEDED" }));
  }
}

/** What the context object says about a state: `$$.State` is rewritten to one of these for each state. */
interface Visit {
  readonly Name: string;
  readonly RetryCount: number;
  readonly EnteredTime: string;
  /** How often each retrier has been used since the state was entered. */
  attempts: number[];
  /** Milliseconds to wait before the attempt that comes next. */
  delay: number;
}

/** The getters are the object's own: a JSON path doesn't see those of a class. */
function visitOf(name: string, { clock }: TaskSurroundings): Visit {
  return {
    Name: name,
    get RetryCount() {
      return this.attempts.reduce((sum, count) => sum + count, 0);
    },
    get EnteredTime() {
      return new Date(clock.now()).toISOString();
    },
    attempts: [],
    delay: 0,
  };
}

function leave(visit: Visit): void {
  visit.attempts = [];
  visit.delay = 0;
}

async function takeStep(
  around: TaskSurroundings,
  execution: Execution,
  history: History,
  name: string,
  step: Step,
  visit: Visit,
  input: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  await history.catchUp();
  signal.throwIfAborted();
  const { clock } = around;
  if (step.kind === "result") return step.result;
  if (step.kind === "wait") {
    await clock.sleep(clock.patience(waitMs(step.until, input, clock.now())), signal);
    return input;
  }
  await clock.sleep(clock.patience(visit.delay), signal);
  const details = { resourceType: step.resource.split(":").slice(5).join(":"), resource: step.resource };
  history.add("TaskScheduled", {
    taskScheduledEventDetails: { ...details, parameters: JSON.stringify(input), region: "" },
  });
  try {
    refuseLarge(name, "input", input);
    const output = await withinTime(around, step.timeoutSeconds, signal, (within) => {
      const integration = integrationOf(step.resource);
      if (integration === null) throw new TaskError("States.Runtime", `unmapped resource ${step.resource}`);
      const { roleArn } = execution.machine;
      return performTask(around, roleArn, integration, step.resource, input as Json, within);
    });
    refuseLarge(name, "result", output);
    history.add("TaskSucceeded", {
      taskSucceededEventDetails: { ...details, output: JSON.stringify(output) },
    });
    leave(visit);
    return output;
  } catch (error) {
    const failure = error as Error;
    const type = failure.name === "States.Timeout" ? "TaskTimedOut" : "TaskFailed";
    history.add(type, {
      [type === "TaskFailed" ? "taskFailedEventDetails" : "taskTimedOutEventDetails"]: {
        ...details,
        error: failure.name,
        cause: failure.message,
      },
    });
    const place = retrierFor(failure, step.retriers, visit.attempts);
    const retrier = step.retriers[place];
    if (retrier === undefined) {
      leave(visit);
    } else {
      const used = visit.attempts[place] ?? 0;
      visit.delay = retryDelay(retrier, used);
      visit.attempts = step.retriers.map(
        (_, other) => (visit.attempts[other] ?? 0) + (other === place ? 1 : 0),
      );
    }
    throw failure;
  }
}

async function withinTime<Result>(
  { clock }: TaskSurroundings,
  seconds: number | null,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const late = new AbortController();
  const done = new AbortController();
  // Step Functions gives a Task 99,999,999 seconds when it isn't told otherwise.
  const timer =
    seconds === null
      ? Promise.resolve()
      : clock
          .sleep(seconds * 1000, AbortSignal.any([signal, done.signal]))
          .then(() => late.abort(new TimeoutError()));
  timer.catch(() => undefined);
  const within = AbortSignal.any([signal, late.signal]);
  const aborted = new Promise<never>((_, reject) => {
    within.addEventListener("abort", () => reject(within.reason as Error), { once: true });
  });
  const working = work(within);
  // After a timeout nobody waits for the work any more, and its error is of no interest.
  working.catch(() => undefined);
  try {
    return await Promise.race([working, aborted]);
  } finally {
    done.abort();
  }
}

async function listen(
  events: AsyncIterable<InterpreterEvent>,
  prepared: Prepared,
  history: History,
  end: (outcome: Outcome) => void,
): Promise<void> {
  const typeOf = (name: string): string => {
    const step = prepared.steps.get(name);
    if (step?.kind === "wait") return "Wait";
    if (step?.kind === "result") return "Pass";
    return prepared.definition.States[name]?.Type ?? "Task";
  };
  for await (const event of events) {
    history.hear(event, typeOf);
    const output = event.type === "StateExited" ? event.state?.output : undefined;
    if (output !== undefined && sizeOf(output) > PAYLOAD_LIMIT) {
      const cause = `The state ${event.state?.name} gave ${sizeOf(output)} bytes; expected at most ${PAYLOAD_LIMIT}.`;
      end({ status: "FAILED", error: "States.DataLimitExceeded", cause });
    }
  }
  await turn();
}

export const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value) ?? "");

function refuseLarge(state: string, what: string, value: unknown): void {
  const size = sizeOf(value);
  if (size <= PAYLOAD_LIMIT) return;
  const cause = `The ${what} of the state ${state} has ${size} bytes; expected at most ${PAYLOAD_LIMIT}.`;
  throw new TaskError("States.DataLimitExceeded", cause);
}

function waitMs(until: Wait, input: unknown, now: number): number {
  if ("seconds" in until) return until.seconds * 1000;
  if ("timestamp" in until) return Math.max(0, Date.parse(until.timestamp) - now);
  const path = "secondsPath" in until ? until.secondsPath : until.timestampPath;
  const value = path
    .split(/[.[\]]/)
    .slice(1)
    .filter((key) => key !== "")
    .reduce<unknown>((inner, key) => (inner as Json | null | undefined)?.[key], input);
  if ("secondsPath" in until && typeof value === "number") return value * 1000;
  if ("timestampPath" in until && typeof value === "string") return Math.max(0, Date.parse(value) - now);
  throw new TaskError("States.Runtime", `${path} is ${JSON.stringify(value)}; expected a time to wait for.`);
}
