import type { Faults } from "../gateway/faults.ts";
import type { LocalGateway } from "../gateway/gateway.ts";
import type { Caller, Clock, EventSink, LogSink, MetricSink } from "../gateway/interfaces.ts";

/** A program that stands for a container image. */
export interface Program {
  /** The image's entry point; the container's argument (`train`, `serve`) follows it. */
  command: readonly string[];
  cwd: string;
  /** Environment that the image itself sets. */
  env: Record<string, string>;
}

/** What the emulated SageMaker stands on. */
export interface Surroundings {
  gateway: LocalGateway;
  clock: Clock;
  events: EventSink;
  metrics: MetricSink;
  logs: LogSink;
  /** Folder of the state that outlives the process. */
  stateFolder: string;
  /** Python that holds the leashes, and runs jobs whose entry point says `python`. */
  python: string;
  /** The program behind an image; undefined where the local cloud has none. */
  programOf: (image: string) => Program | undefined;
  /** Seconds from SIGTERM to SIGKILL for a job that is being stopped. SageMaker gives 120. */
  stopGraceSeconds?: number;
  /** Seconds within which a variant must answer its health check. SageMaker gives 480. */
  startupSeconds?: number;
  /** Number in [0, 1): which variant answers, and what is captured where not everything is. */
  random?: () => number;
}

/** An operation of the API: the input as it came, who sent it, the output as it goes. */
export type Operation = (input: Record<string, unknown>, caller: Caller) => Promise<unknown>;
export type Operations = Record<string, Operation>;

export type { Caller, Faults };
