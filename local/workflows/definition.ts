import type { StateMachineDefinition } from "aws-local-stepfunctions";
import type { Retrier } from "./errors.ts";
import { isEmulated, unmapped } from "./integrations.ts";

/** What a handler does in place of a state that the interpreter cannot run by our clock. */
export type Step =
  | { kind: "task"; resource: string; timeoutSeconds: number | null; retriers: Retrier[] }
  | { kind: "wait"; until: Wait }
  | { kind: "result"; result: unknown };

export type Wait =
  | { seconds: number }
  | { timestamp: string }
  | { secondsPath: string }
  | { timestampPath: string };

/** A definition as the interpreter runs it, with one step for each state that is handled here. */
export interface Prepared {
  definition: StateMachineDefinition;
  steps: Map<string, Step>;
  /** All states by name, nested ones too; the place in this list names a state in the context object. */
  states: string[];
  timeoutSeconds: number | null;
}

type Json = Record<string, unknown>;

/** The interpreter's own timer must never fire: it is real time. In seconds, below what a timer can hold. */
const NEVER_SECONDS = 2_000_000;

/**
 * Rewrites a definition for the interpreter, which knows only real time and neither `$$.State` nor the execution's own
 * start: waits and tasks become handled steps, and those context paths become paths of ours, one for each state.
 *
 * @throws an error that names every state which asks for something that isn't emulated.
 */
export function prepare(definition: Json): Prepared {
  const steps = new Map<string, Step>();
  const states: string[] = [];
  const faults: string[] = [];

  const prepareStates = (machine: Json): Json => {
    const prepared = Object.entries(machine["States"] as Record<string, Json>).map(([name, state]) => [
      name,
      prepareState(name, state),
    ]);
    return { ...machine, States: Object.fromEntries(prepared) as Json };
  };

  const prepareState = (name: string, state: Json): Json => {
    const visit = `$$.Visits.${visitKey(states.push(name) - 1)}`;
    const { Branches, ItemProcessor, Iterator: iterator, ...own } = state;
    const rewritten = replaceStrings(own, (text) =>
      text.replaceAll(/\$\$\.State\b/g, () => visit).replaceAll(/\$\$\.Execution\b/g, () => "$$.Run"),
    ) as Json;
    const nested = {
      ...(Branches === undefined ? {} : { Branches: (Branches as Json[]).map(prepareStates) }),
      ...(ItemProcessor === undefined ? {} : { ItemProcessor: prepareStates(ItemProcessor as Json) }),
      ...(iterator === undefined ? {} : { Iterator: prepareStates(iterator as Json) }),
    };
    return { ...handled(name, rewritten), ...nested };
  };

  const handled = (name: string, state: Json): Json => {
    switch (state["Type"]) {
      case "Task": {
        const resource = String(state["Resource"]);
        if (!isEmulated(resource)) faults.push(`${name}: ${unmapped(resource)}`);
        for (const field of [
          "TimeoutSecondsPath",
          "HeartbeatSeconds",
          "HeartbeatSecondsPath",
          "Credentials",
        ]) {
          if (field in state) faults.push(`${name}: ${field} is not emulated`);
        }
        steps.set(name, {
          kind: "task",
          resource,
          timeoutSeconds: typeof state["TimeoutSeconds"] === "number" ? state["TimeoutSeconds"] : null,
          retriers: (state["Retry"] as Retrier[] | undefined) ?? [],
        });
        return { ...state, TimeoutSeconds: NEVER_SECONDS };
      }
      case "Wait": {
        const { Seconds, Timestamp, SecondsPath, TimestampPath, ...rest } = state;
        const until = waitOf(Seconds, Timestamp, SecondsPath, TimestampPath);
        steps.set(name, { kind: "wait", until });
        return { ...rest, Type: "Task", Resource: "local:wait", TimeoutSeconds: NEVER_SECONDS };
      }
      case "Pass": {
        // The interpreter takes a Result of null, false, 0 or "" for none.
        if (!("Result" in state) || Boolean(state["Result"])) return state;
        const { Result, ...rest } = state;
        steps.set(name, { kind: "result", result: Result });
        return { ...rest, Type: "Task", Resource: "local:result", TimeoutSeconds: NEVER_SECONDS };
      }
      default:
        return state;
    }
  };

  const { TimeoutSeconds, ...machine } = definition;
  const prepared = prepareStates(machine);
  if (faults.length > 0) throw new Error(`The state machine cannot run here:\n  ${faults.join("\n  ")}`);
  return {
    definition: prepared as unknown as StateMachineDefinition,
    steps,
    states,
    timeoutSeconds: typeof TimeoutSeconds === "number" ? TimeoutSeconds : null,
  };
}

/** Key of a state in the context object's `Visits`. */
export const visitKey = (place: number): string => `s${place}`;

function waitOf(seconds: unknown, timestamp: unknown, secondsPath: unknown, timestampPath: unknown): Wait {
  if (typeof seconds === "number") return { seconds };
  if (typeof timestamp === "string") return { timestamp };
  if (typeof secondsPath === "string") return { secondsPath };
  return { timestampPath: String(timestampPath) };
}

function replaceStrings(value: unknown, replace: (text: string) => string): unknown {
  if (typeof value === "string") return replace(value);
  if (Array.isArray(value)) return value.map((item) => replaceStrings(item, replace));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaceStrings(item, replace)]));
}
