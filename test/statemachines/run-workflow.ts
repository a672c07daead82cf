import { setImmediate as turn } from "node:timers/promises";
import { FUNCTIONS, type FunctionName } from "@perennial/contracts";
import { VirtualClock } from "../../local/clock.ts";
import { runExecution, Stop } from "../../local/workflows/execution.ts";
import { History, type HistoryEvent } from "../../local/workflows/history.ts";
import { type Definition, EXECUTION } from "./fillings.ts";

type Json = Record<string, unknown>;

/** One call that a state made. */
export interface Call {
  state: string;
  /** `sagemaker:CreateModel`, or `lambda:judge-challenger` for a function. */
  what: string;
  /** The API's input, or a function's event. */
  input: Json;
}

/** Answers a call, or throws. `attempt` counts the calls of its state from 1, `at` is the time in milliseconds. */
export type Answer = (input: Json, attempt: number, at: number) => unknown;

/** Answers by state, or else by what is called. */
export type Answers = Record<string, Answer>;

/** A step from one state to the next, and whether an error led there. */
export interface Step {
  from: string;
  to: string;
  isCaught: boolean;
}

export interface Run {
  status: string;
  error: string | undefined;
  cause: string | undefined;
  /** The states entered, in order. */
  path: string[];
  steps: Step[];
  calls: Call[];
  /** Seconds from start to end. */
  seconds: number;
  /** What a function or a reader would have refused. */
  faults: string[];
}

/** The calls that a state made. */
export const callsOf = ({ calls }: Run, state: string): Call[] =>
  calls.filter((call) => call.state === state);
/** What the history is told last. */
export const reportOf = ({ calls }: Run): Json | undefined =>
  calls.findLast(({ what }) => what === "lambda:record-outcome")?.input;
/** What people are told last. */
export const messageOf = ({ calls }: Run): Json | undefined =>
  calls.findLast(({ what }) => what === "sns:Publish")?.input;

const START = "2026-03-01T02:00:00Z";
const HOURS = 48 * 3_600_000;

/** Runs a definition on the local cloud's interpreter over two days of virtual time; `answers` stand for every service. */
export async function runWorkflow(
  definition: Definition,
  input: unknown,
  answers: Answers,
  abortAfterSeconds = Infinity,
): Promise<Run> {
  const clock = new VirtualClock(START);
  const history = new History(clock);
  const calls: Call[] = [];
  const faults: string[] = [];
  const call = async (_as: unknown, service: string, action: string, given: Json): Promise<unknown> => {
    const state = enteredOf(history.events).at(-1) ?? "";
    const name = action === "Invoke" ? String(given["FunctionName"]).replace(/^.*:perennial-dev-/, "") : null;
    const what = `${service}:${name ?? action}`;
    const members = name === null ? given : decoded(given["Payload"]);
    calls.push({ state, what, input: members });
    if (name !== null) checkEvent(name, members, faults);
    const answer = answers[state] ?? answers[what];
    if (answer === undefined) throw new Error(`no answer for ${what}, called by ${state}`);
    const attempt = calls.filter((other) => other.state === state && other.what === what).length;
    // A service answers in a later turn of the event loop; a virtual clock waits for that and for no microtask.
    await turn();
    const result = await answer(members, attempt, clock.now());
    return name === null ? result : { StatusCode: 200, Payload: encoded(result) };
  };

  const machine = {
    arn: "arn:aws:states:eu-central-1:123456789012:stateMachine:perennial-dev-w",
    name: "perennial-dev-w",
    roleArn: "arn:aws:iam::123456789012:role/workflow",
    definition,
    createdAt: clock.now(),
  };
  const arn = `arn:aws:states:eu-central-1:123456789012:execution:perennial-dev-w:${EXECUTION}`;
  const execution = { arn, name: EXECUTION, machine, input, startedAt: clock.now() };
  const stop = new AbortController();
  if (abortAfterSeconds < Infinity) {
    void clock
      .sleep(abortAfterSeconds * 1000)
      .then(() => stop.abort(new Stop({ status: "ABORTED", error: "Stopped", cause: "by hand" })));
  }
  let end = 0;
  const running = runExecution({ call, clock }, execution, history, stop.signal);
  void running.then(() => (end = clock.now()));
  await clock.advance(HOURS);
  const { status, error, cause } = await running;
  if (error === "States.Runtime") faults.push(cause ?? "");
  return {
    status,
    error,
    cause,
    path: enteredOf(history.events),
    steps: stepsOf(history.events),
    calls,
    seconds: Math.round((end - execution.startedAt) / 1000),
    faults,
  };
}

function checkEvent(name: string, event: Json, faults: string[]): void {
  const result = FUNCTIONS[name as FunctionName].event.safeParse(event);
  if (!result.success) faults.push(`${name}: ${result.error.message}`);
}

const nameOf = (event: HistoryEvent): string | undefined =>
  (event["stateEnteredEventDetails"] as { name: string } | undefined)?.name;

const enteredOf = (events: HistoryEvent[]): string[] => events.flatMap((event) => nameOf(event) ?? []);

function stepsOf(events: HistoryEvent[]): Step[] {
  const steps: Step[] = [];
  let from: string | undefined;
  let isCaught = false;
  for (const event of events) {
    if (event.type === "TaskFailed" || event.type === "TaskTimedOut") isCaught = true;
    if (event.type === "TaskSucceeded") isCaught = false;
    const to = nameOf(event);
    if (to === undefined) continue;
    if (from !== undefined) steps.push({ from, to, isCaught });
    from = to;
    isCaught = false;
  }
  return steps;
}

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64");
const decoded = (payload: unknown): Json =>
  JSON.parse(Buffer.from(String(payload), "base64").toString()) as Json;
