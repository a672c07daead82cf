import { setImmediate as turn } from "node:timers/promises";
import type { CloudClock } from "../clock.ts";

/** An event of an execution's history, as GetExecutionHistory answers it. */
export interface HistoryEvent {
  /** Seconds since 1970. */
  timestamp: number;
  type: string;
  id: number;
  previousEventId: number;
  [details: string]: unknown;
}

/** What the interpreter reports while it runs. Its types aren't exported. */
export interface InterpreterEvent {
  type: string;
  state?: { name: string; type: string; input: unknown; output?: unknown };
}

/** The history of one execution, in order. */
export class History {
  readonly events: HistoryEvent[] = [];
  private readonly clock: CloudClock;
  private readonly onState: (state: string) => void;

  constructor(clock: CloudClock, onState: (state: string) => void = () => undefined) {
    this.clock = clock;
    this.onState = onState;
  }

  add(type: string, details: Record<string, unknown> = {}): void {
    const id = this.events.length + 1;
    this.events.push({
      timestamp: this.clock.now() / 1000,
      type,
      id,
      previousEventId: id - 1,
      ...details,
    });
  }

  /** Takes over what the interpreter reports about states; executions, tasks and retries are reported by ours. */
  hear({ type, state }: InterpreterEvent, typeOf: (name: string) => string): void {
    if (state === undefined) return;
    if (type === "StateEntered") {
      this.onState(state.name);
      this.add(`${typeOf(state.name)}StateEntered`, {
        stateEnteredEventDetails: { name: state.name, input: JSON.stringify(state.input) },
      });
    }
    if (type === "StateExited" || type === "StateCaught") {
      this.add(`${typeOf(state.name)}StateExited`, {
        stateExitedEventDetails: { name: state.name, output: JSON.stringify(state.output ?? null) },
      });
    }
  }

  /** Lets events that the interpreter has already sent arrive before the next one is added. */
  async catchUp(): Promise<void> {
    await turn();
  }
}
