import { StateMachine } from "aws-local-stepfunctions";

/** A rule of a Task's `Retry`, as the language writes it. */
export interface Retrier {
  ErrorEquals: string[];
  IntervalSeconds?: number;
  MaxAttempts?: number;
  BackoffRate?: number;
  MaxDelaySeconds?: number;
  JitterStrategy?: "NONE" | "FULL";
}

/** A task failed under a name that Retry and Catch can match; the message is its Cause. */
export class TaskError extends Error {
  /** The interpreter's names for what it asks of an error. Step Functions never catches a few of its own errors. */
  readonly isRetryable: boolean;
  readonly isCatchable: boolean;

  constructor(name: string, cause: string) {
    super(cause);
    this.name = name;
    const isCatchable = name !== "States.DataLimitExceeded" && name !== "States.Runtime";
    this.isRetryable = isCatchable;
    this.isCatchable = isCatchable;
  }
}

/**
 * A task took longer than its `TimeoutSeconds`. `States.TaskFailed` stands for every error but this one, which the
 * interpreter recognises by a class that it keeps to itself: one timed-out task, at the start, tells us which.
 */
export const TimeoutError = await learnTimeoutClass();

async function learnTimeoutClass(): Promise<new () => Error> {
  const definition = {
    StartAt: "Late",
    States: {
      Late: { Type: "Task" as const, Resource: "local:late", TimeoutSeconds: 0.001, End: true as const },
    },
  };
  const never = new Promise<never>(() => undefined);
  const run = new StateMachine(definition, { validationOptions: { noValidate: true } }).run(
    {},
    { overrides: { taskResourceLocalHandlers: { Late: () => never } } },
  );
  try {
    await run.result;
  } catch (error) {
    const cause = (error as Error).cause;
    if (cause instanceof Error && cause.name === "States.Timeout")
      return cause.constructor as new () => Error;
  }
  throw new Error(
    "aws-local-stepfunctions no longer fails a late task with States.Timeout: see local/workflows/errors.ts.",
  );
}

/** The retrier that answers `error`, or -1: the interpreter's own choice, made here too because it waits by real time. */
export function retrierFor(error: Error, retriers: readonly Retrier[], attempts: readonly number[]): number {
  if (error instanceof TaskError && !error.isRetryable) return -1;
  const place = retriers.findIndex(({ ErrorEquals }) =>
    ErrorEquals.some(
      (name) =>
        name === error.name ||
        name === "States.ALL" ||
        (name === "States.TaskFailed" && error.name !== "States.Timeout"),
    ),
  );
  const retrier = retriers[place];
  if (retrier === undefined) return -1;
  return (attempts[place] ?? 0) < (retrier.MaxAttempts ?? 3) ? place : -1;
}

/** Milliseconds before the next attempt. `FULL` jitter takes half of the interval, so that a run can be repeated. */
export function retryDelay(retrier: Retrier, attempt: number): number {
  const {
    IntervalSeconds = 1,
    BackoffRate = 2,
    MaxDelaySeconds = Infinity,
    JitterStrategy = "NONE",
  } = retrier;
  const seconds = Math.min(IntervalSeconds * BackoffRate ** attempt, MaxDelaySeconds);
  return seconds * (JitterStrategy === "FULL" ? 500 : 1000);
}
