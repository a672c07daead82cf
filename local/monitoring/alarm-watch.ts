import type { CloudClock } from "../clock.ts";
import type { Caller, EventSink, Gateway } from "../gateway/interfaces.ts";
import { evaluate, type Alarm, type AlarmState } from "./alarms.ts";
import type { Metrics } from "./metrics.ts";

export interface AlarmStatus {
  alarm: Alarm;
  state: AlarmState;
  reason: string;
  /** Milliseconds since 1970. */
  since: number;
}

export interface AlarmSurroundings {
  clock: CloudClock;
  metrics: Metrics;
  putEvent: EventSink;
  call: Gateway["call"];
  /** Asks a topic's policy, and that of its key, whether CloudWatch may publish for an alarm. */
  authorize: (principal: string, action: string, resourceArn: string, sourceArn: string) => Promise<void>;
  warn: (message: string) => void;
}

const MINUTE = 60_000;

/** How CloudWatch itself appears to the services that its actions call. */
const ACTIONS: Caller = { accessKeyId: "cloudwatch", principalArn: "cloudwatch.amazonaws.com", role: null };

/** All alarms of the account, looked at every minute of the clock. */
export class AlarmWatch {
  private readonly around: AlarmSurroundings;
  private readonly alarms = new Map<string, AlarmStatus>();
  private readonly ending = new AbortController();

  constructor(around: AlarmSurroundings) {
    this.around = around;
  }

  /** Looks at the alarms at every full minute, until closed. */
  start(): void {
    const { clock } = this.around;
    const run = async (): Promise<void> => {
      for (;;) {
        await clock.sleep(MINUTE - (clock.now() % MINUTE), this.ending.signal);
        this.look();
      }
    };
    // Only the end of the watch breaks off its sleep.
    run().catch(() => undefined);
  }

  close(): void {
    this.ending.abort();
  }

  put(alarm: Alarm): void {
    const before = this.alarms.get(alarm.AlarmName);
    if (before !== undefined && before.alarm.series.key === alarm.series.key) {
      before.alarm = alarm;
      return;
    }
    this.alarms.set(alarm.AlarmName, {
      alarm,
      state: "INSUFFICIENT_DATA",
      reason: "Unchecked: Initial alarm creation",
      since: this.around.clock.now(),
    });
  }

  delete(name: string): void {
    this.alarms.delete(name);
  }

  get(name: string): AlarmStatus | undefined {
    return this.alarms.get(name);
  }

  list(): AlarmStatus[] {
    return [...this.alarms.values()];
  }

  /** Evaluates every alarm once. */
  look(): void {
    for (const status of this.alarms.values()) {
      const found = evaluate(status.alarm, this.around.metrics, this.around.clock.now());
      if (found !== null && found.state !== status.state) this.change(status, found.state, found.reason);
    }
  }

  /** Moves an alarm to a state: the event, and the actions of that state. */
  change(status: AlarmStatus, state: AlarmState, reason: string): void {
    const { alarm } = status;
    const now = this.around.clock.now();
    const previous = { value: status.state, reason: status.reason, timestamp: stamp(status.since) };
    status.state = state;
    status.reason = reason;
    status.since = now;
    this.around.putEvent({
      source: "aws.cloudwatch",
      "detail-type": "CloudWatch Alarm State Change",
      resources: [alarm.AlarmArn],
      detail: {
        alarmName: alarm.AlarmName,
        state: { value: state, reason, timestamp: stamp(now) },
        previousState: previous,
        configuration: {
          description: alarm.AlarmDescription,
          metrics: alarm.series.shown,
        },
      },
    });
    if (alarm.ActionsEnabled === false) return;
    const actions = {
      OK: alarm.OKActions,
      ALARM: alarm.AlarmActions,
      INSUFFICIENT_DATA: alarm.InsufficientDataActions,
    };
    for (const action of actions[state] ?? []) this.act(action, status, previous.value);
  }

  private act(action: string, { alarm, state, reason, since }: AlarmStatus, previous: AlarmState): void {
    const work = async (): Promise<void> => {
      if (!action.startsWith("arn:aws:sns:")) throw new Error(`only SNS actions are emulated`);
      await this.around.authorize(ACTIONS.principalArn, "sns:Publish", action, alarm.AlarmArn);
      await this.around.call(ACTIONS, "sns", "Publish", {
        TopicArn: action,
        Subject: `${state}: "${alarm.AlarmName}"`,
        Message: JSON.stringify({
          AlarmName: alarm.AlarmName,
          AlarmDescription: alarm.AlarmDescription ?? null,
          NewStateValue: state,
          NewStateReason: reason,
          OldStateValue: previous,
          StateChangeTime: stamp(since),
          AlarmArn: alarm.AlarmArn,
        }),
      });
    };
    this.around.clock.during(work()).catch((error: unknown) => {
      this.around.warn(`alarm ${alarm.AlarmName}: the action ${action} failed: ${(error as Error).message}`);
    });
  }
}

/** As alarm events have it: 2026-03-01T00:00:00.000+0000. */
const stamp = (time: number): string => new Date(time).toISOString().replace("Z", "+0000");
