import type { BusEvent } from "./events/bus.ts";

/** What the person at the machine is told. */
export interface Progress {
  /** A step of the start was done. */
  step: (what: string) => void;
  /** Something could not be delivered, or failed where nobody waits for an answer. */
  warn: (message: string) => void;
  /** An alert that a topic was told. */
  alert: (subject: string, message: string) => void;
  /** An execution entered a state. */
  state: (executionArn: string, state: string) => void;
  /** A line of a log. */
  line: (group: string, stream: string, message: string) => void;
  /** An event on the bus. */
  event: (event: BusEvent) => void;
}
