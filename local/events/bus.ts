import { randomUUID } from "node:crypto";
import type { CloudClock } from "../clock.ts";
import type { Caller, Gateway } from "../gateway/interfaces.ts";
import { checkPattern, matches } from "./pattern.ts";
import { parseSchedule } from "./schedule.ts";
import { inputFor, type TargetInput } from "./transformer.ts";

export interface Rule {
  name: string;
  arn: string;
  pattern: Record<string, unknown> | null;
  schedule: string | null;
  isEnabled: boolean;
}

export interface Target extends TargetInput {
  id: string;
  arn: string;
  roleArn?: string | undefined;
  deadLetterArn?: string | undefined;
  /** @default 185, as EventBridge has it */
  maximumRetryAttempts?: number | undefined;
  /** @default 86400 */
  maximumEventAgeSeconds?: number | undefined;
}

/** An event as EventBridge hands it to rules. */
export interface BusEvent {
  version: "0";
  id: string;
  "detail-type": string;
  source: string;
  account: string;
  /** Whole seconds, UTC. */
  time: string;
  region: string;
  resources: string[];
  detail: Record<string, unknown>;
}

export interface BusSurroundings {
  clock: CloudClock;
  call: Gateway["call"];
  /** Hands an event to a function: accepted, or refused with the reason. */
  invokeFunction: (arn: string, payload: string, sourceArn: string) => Promise<void>;
  /** Asks the policy of a queue or topic, and of the key it is encrypted with, whether a service may use it. */
  authorize: (principal: string, action: string, resourceArn: string, sourceArn: string) => Promise<void>;
  accountId: string;
  region: string;
  /** Tells the person at the machine what could not be delivered. */
  warn: (message: string) => void;
}

/** How EventBridge itself appears to the services that it delivers to. */
const DELIVERY: Caller = { accessKeyId: "events", principalArn: "events.amazonaws.com", role: null };

/** The account's default event bus: rules by pattern and by schedule, and delivery to their targets, at least once. */
export class Bus {
  private readonly around: BusSurroundings;
  private readonly rules = new Map<string, { rule: Rule; targets: Target[] }>();
  private readonly ending = new AbortController();
  private readonly listeners: ((event: BusEvent) => void)[] = [];
  private duplicate: (event: BusEvent) => number = () => 0;

  constructor(around: BusSurroundings) {
    this.around = around;
  }

  /** @throws where the pattern or the schedule is wrong. */
  putRule(rule: Rule): void {
    if (rule.pattern !== null) checkPattern(rule.pattern, `pattern of rule ${rule.name}`);
    const targets = this.rules.get(rule.name)?.targets ?? [];
    this.rules.set(rule.name, { rule, targets });
    if (rule.schedule !== null && rule.isEnabled) this.follow(rule, rule.schedule);
  }

  putTarget(ruleName: string, target: Target): void {
    const entry = this.rules.get(ruleName);
    if (entry === undefined) throw new Error(`target ${target.id}: there is no rule ${ruleName}.`);
    entry.targets = [...entry.targets.filter(({ id }) => id !== target.id), target];
  }

  list(): { rule: Rule; targets: Target[] }[] {
    return [...this.rules.values()];
  }

  /** Calls `listener` with every event, before its rules see it. */
  onEvent(listener: (event: BusEvent) => void): void {
    this.listeners.push(listener);
  }

  /** Fault: delivers an event as many times more as `times` answers. */
  injectDuplicates(times: (event: BusEvent) => number): void {
    this.duplicate = times;
  }

  /** Puts an event on the bus; answers its id. Delivery goes on after the return. */
  put(event: {
    source: string;
    "detail-type": string;
    detail: unknown;
    resources?: string[];
    time?: string;
  }): string {
    const time = event.time ?? new Date(this.around.clock.now()).toISOString();
    const whole: BusEvent = {
      version: "0",
      id: randomUUID(),
      "detail-type": event["detail-type"],
      source: event.source,
      account: this.around.accountId,
      time: time.replace(/\.\d+Z$/, "Z"),
      region: this.around.region,
      resources: event.resources ?? [],
      // What is left out of JSON must not be there for an `exists` filter either.
      detail: JSON.parse(JSON.stringify(event.detail)) as Record<string, unknown>,
    };
    this.deliver(whole);
    return whole.id;
  }

  /** Delivers an event again, as it stands: what EventBridge may do at any time. */
  deliver(event: BusEvent): void {
    const reached = [...this.rules.values()].filter(
      ({ rule }) =>
        rule.isEnabled &&
        rule.pattern !== null &&
        matches(rule.pattern, event as unknown as Record<string, unknown>),
    );
    this.dispatch(event, reached);
  }

  close(): void {
    this.ending.abort();
  }

  private follow(rule: Rule, expression: string): void {
    const { clock } = this.around;
    const schedule = parseSchedule(expression, clock.now());
    const run = async (): Promise<void> => {
      for (;;) {
        const next = schedule(clock.now());
        if (next === null) return;
        await clock.sleep(next - clock.now(), this.ending.signal);
        // A rule that was put again is followed by its successor.
        if (this.rules.get(rule.name)?.rule !== rule) return;
        this.fire(rule, next);
      }
    };
    // Only the end of the bus breaks off its sleep.
    run().catch(() => undefined);
  }

  private fire(rule: Rule, moment: number): void {
    const event: BusEvent = {
      version: "0",
      id: randomUUID(),
      "detail-type": "Scheduled Event",
      source: "aws.events",
      account: this.around.accountId,
      time: new Date(moment).toISOString().replace(".000Z", "Z"),
      region: this.around.region,
      resources: [rule.arn],
      detail: {},
    };
    const entry = this.rules.get(rule.name);
    this.dispatch(event, entry === undefined ? [] : [entry]);
  }

  private dispatch(event: BusEvent, reached: { rule: Rule; targets: Target[] }[]): void {
    for (const listener of this.listeners) listener(event);
    const times = 1 + this.duplicate(event);
    for (const { rule, targets } of reached) {
      for (let time = 0; time < times; time++) {
        for (const target of targets) this.send(rule, target, event);
      }
    }
  }

  private send(rule: Rule, target: Target, event: BusEvent): void {
    const work = async (): Promise<void> => {
      let payload = JSON.stringify(event);
      try {
        payload = inputFor(event as unknown as Record<string, unknown>, target, rule);
        await this.deliverWithRetries(rule, target, payload);
      } catch (error) {
        await this.bury(rule, target, payload, error as Error);
      }
    };
    this.around.clock.during(work()).catch((error: unknown) => {
      this.around.warn(`rule ${rule.name}: ${(error as Error).message}`);
    });
  }

  /** Retries what a service refuses for the moment, a few times and quickly; anything else is final, as on AWS. */
  private async deliverWithRetries(rule: Rule, target: Target, payload: string): Promise<void> {
    const attempts = Math.min(target.maximumRetryAttempts ?? 185, 3);
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.hand(rule, target, payload);
      } catch (error) {
        const { status = 400, name } = error as { status?: number; name: string };
        const passes = status >= 500 || status === 429 || name.includes("Throttling");
        if (!passes || attempt >= attempts) throw error;
      }
    }
  }

  private async hand(rule: Rule, target: Target, payload: string): Promise<void> {
    const { call, authorize } = this.around;
    const [, , service = ""] = target.arn.split(":");
    const as = target.roleArn ?? DELIVERY;
    switch (service) {
      case "lambda":
        await this.around.invokeFunction(target.arn, payload, rule.arn);
        return;
      case "sqs":
        await authorize(DELIVERY.principalArn, "sqs:SendMessage", target.arn, rule.arn);
        await call(as, "sqs", "SendMessage", { QueueUrl: queueUrl(target.arn), MessageBody: payload });
        return;
      case "sns":
        await authorize(DELIVERY.principalArn, "sns:Publish", target.arn, rule.arn);
        await call(as, "sns", "Publish", { TopicArn: target.arn, Message: payload });
        return;
      case "states":
        await call(as, "states", "StartExecution", { stateMachineArn: target.arn, input: payload });
        return;
      default:
        throw new Error(`a target of ${service} is not emulated: ${target.arn}`);
    }
  }

  private async bury(rule: Rule, target: Target, payload: string, error: Error): Promise<void> {
    this.around.warn(`rule ${rule.name}: ${target.arn} did not take the event: ${error.message}`);
    if (target.deadLetterArn === undefined) return;
    await this.around.authorize(DELIVERY.principalArn, "sqs:SendMessage", target.deadLetterArn, rule.arn);
    await this.around.call(DELIVERY, "sqs", "SendMessage", {
      QueueUrl: queueUrl(target.deadLetterArn),
      MessageBody: payload,
      MessageAttributes: {
        ERROR_CODE: { DataType: "String", StringValue: error.name },
        ERROR_MESSAGE: { DataType: "String", StringValue: error.message.slice(0, 1000) },
        RULE_ARN: { DataType: "String", StringValue: rule.arn },
        TARGET_ARN: { DataType: "String", StringValue: target.arn },
      },
    });
  }
}

/** Queues are found by account and name; the host of their URL doesn't matter. */
export function queueUrl(arn: string): string {
  const [, , , region, account, name] = arn.split(":");
  return `https://sqs.${region}.amazonaws.com/${account}/${name}`;
}
