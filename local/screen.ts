import type { Progress } from "./progress.ts";

/** Names of the stages, by the state that begins each. A state without a name belongs to the stage before it. */
const STAGES: Record<string, string> = {
  Prepare: "prepare",
  AcceptData: "accept the data",
  Tune: "tune",
  Train: "train",
  Evaluate: "evaluate",
  Judge: "judge",
  WriteCard: "write the card",
  Register: "register",
  ReadPointer: "roll out",
  AwaitUpdate: "update the endpoint",
  PublishVersion: "publish a version",
  MoveRequests: "lead requests to it",
  MovePointer: "move the pointer",
  RecordInService: "record",
  RecordKept: "record",
  RecordFailure: "record the failure",
  RecordRefusal: "record the refusal",
  Record: "record",
};

/** Milliseconds between two lines of a job's metrics. */
const METRIC_EVERY = 2000;

export interface Timing {
  stage: string;
  seconds: number;
}

/** Tells the person at the machine what happens, a line each, and measures the stages on the way. */
export class Screen {
  readonly timings: Timing[] = [];
  private readonly started = performance.now();
  private readonly print: (line: string) => void;
  private readonly current = new Map<string, { stage: string; since: number }>();
  private lastMetric = 0;

  constructor(print: (line: string) => void) {
    this.print = print;
  }

  get progress(): Partial<Progress> {
    return {
      step: (what) => this.say(what),
      warn: (message) => this.say(`! ${message}`),
      alert: (subject, message) => {
        // An alarm that finds all well at its first look is no news.
        if (!subject.startsWith("OK:")) this.say(`alert: ${subject}. ${shownMessage(message)}`);
      },
      state: (arn, state) => this.enter(arn, state),
      line: (group, _, message) => this.jobLine(group, message),
      event: ({ source, detail }) => {
        if (source === "aws.states" && detail["status"] !== "RUNNING") {
          this.leave(String(detail["executionArn"]));
        }
      },
    };
  }

  say(text: string): void {
    const seconds = (performance.now() - this.started) / 1000;
    this.print(`${seconds.toFixed(1).padStart(6)} s  ${text}`);
  }

  private enter(arn: string, state: string): void {
    const stage = STAGES[state];
    if (stage === undefined || stage === this.current.get(arn)?.stage) return;
    this.leave(arn);
    this.current.set(arn, { stage, since: performance.now() });
    this.say(`${executionOf(arn)}: ${stage} …`);
  }

  private leave(arn: string): void {
    const left = this.current.get(arn);
    if (left === undefined) return;
    this.current.delete(arn);
    const seconds = (performance.now() - left.since) / 1000;
    this.timings.push({ stage: left.stage, seconds: Math.round(seconds * 10) / 10 });
    this.say(`${executionOf(arn)}: ${left.stage} took ${seconds.toFixed(1)} s`);
  }

  private jobLine(group: string, message: string): void {
    if (!/^\/aws\/sagemaker\/(Training|Processing)Jobs$/.test(group)) return;
    const text = message.replace(/^\S+Z /, "");
    if (text.startsWith("metric ")) {
      if (performance.now() - this.lastMetric < METRIC_EVERY) return;
      this.lastMetric = performance.now();
    }
    this.say(`  ${text.slice(0, 200)}`);
  }
}

const executionOf = (arn: string): string => arn.split(":").at(-1) ?? arn;

/** An alarm's message is JSON, whose reason is what a person wants to know. */
function shownMessage(message: string): string {
  if (!message.startsWith("{")) return message;
  const { NewStateReason } = JSON.parse(message) as { NewStateReason?: string };
  return NewStateReason ?? message;
}
