import { records, text } from "../gateway/requirements/question.ts";
import type { Deployment, UpdateEndpoint } from "./endpoint-requests.ts";
import type { Fleet } from "./fleet.ts";
import type { Caller, Surroundings } from "./surroundings.ts";

/** Seconds between two looks at the alarms that guard an update. */
const ALARM_INTERVAL_SECONDS = 10;

/** An update is to be undone; the message says why. */
export class RollBack extends Error {}

/** What guards an update: the caller's alarms, for as long as the new fleet is on trial. */
export class Guard {
  private readonly surroundings: Surroundings;
  private readonly caller: Caller;
  private readonly alarms: string[];
  private readonly trialSeconds: number;

  constructor(surroundings: Surroundings, caller: Caller, deployment: Deployment | undefined) {
    const policy = deployment?.BlueGreenUpdatePolicy;
    this.surroundings = surroundings;
    this.caller = caller;
    this.alarms = deployment?.AutoRollbackConfiguration?.Alarms.map(({ AlarmName }) => AlarmName) ?? [];
    this.trialSeconds =
      (policy?.TrafficRoutingConfiguration.WaitIntervalInSeconds ?? 0) +
      (policy?.TerminationWaitInSeconds ?? 0);
  }

  /** @throws {RollBack} where an alarm is in ALARM before the trial is over. */
  async watchTrial(signal: AbortSignal): Promise<void> {
    for (let passed = 0; passed < this.trialSeconds; passed += ALARM_INTERVAL_SECONDS) {
      const seconds = Math.min(ALARM_INTERVAL_SECONDS, this.trialSeconds - passed);
      await this.surroundings.clock.sleep(seconds * 1000, signal);
      await this.check();
    }
  }

  /**
   * SageMaker reads the alarms with the permission of whoever asked for the update.
   *
   * @throws {RollBack} where an alarm is in ALARM.
   */
  async check(): Promise<void> {
    if (this.alarms.length === 0) return;
    const answer = await this.surroundings.gateway.call(this.caller, "monitoring", "DescribeAlarms", {
      AlarmNames: this.alarms,
    });
    const found = typeof answer === "object" && answer !== null ? Reflect.get(answer, "MetricAlarms") : [];
    const inAlarm = records(found).filter((alarm) => text(alarm, "StateValue") === "ALARM");
    if (inAlarm.length === 0) return;
    throw new RollBack(`${inAlarm.map((alarm) => text(alarm, "AlarmName")).join(", ")} in ALARM`);
  }
}

/** Instance counts and weights that were changed while the old fleet served stay, unless the caller excludes them. */
export function retainProperties(request: UpdateEndpoint, blue: Fleet, green: Fleet): void {
  if (!request.RetainAllVariantProperties) return;
  const excluded = new Set(
    request.ExcludeRetainedVariantProperties.map(({ VariantPropertyType }) => VariantPropertyType),
  );
  for (const variant of green.variants) {
    const before = blue.variants.find(({ name }) => name === variant.name);
    if (before === undefined) continue;
    if (!excluded.has("DesiredWeight")) variant.weight = before.weight;
    if (!excluded.has("DesiredInstanceCount")) variant.instanceCount = before.instanceCount;
  }
}
