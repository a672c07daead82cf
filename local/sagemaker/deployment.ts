import { records, text } from "../gateway/requirements/question.ts";
import type { Deployment, TrafficRouting, UpdateEndpoint } from "./endpoint-requests.ts";
import type { Fleet } from "./fleet.ts";
import type { StoredConfig } from "./models.ts";
import { invalid } from "./requests.ts";
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

  constructor(surroundings: Surroundings, caller: Caller, deployment: Deployment | undefined) {
    this.surroundings = surroundings;
    this.caller = caller;
    this.alarms = deployment?.AutoRollbackConfiguration?.Alarms.map(({ AlarmName }) => AlarmName) ?? [];
  }

  /**
   * Moves the requests to the new fleet as the caller asked for, and looks at the alarms all the while.
   *
   * @param route is told the new share of the requests, 0 to 1, whenever it changes.
   * @throws {RollBack} where an alarm is in ALARM before the trial is over.
   */
  async shift(
    deployment: Deployment | undefined,
    route: (share: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const policy = deployment?.BlueGreenUpdatePolicy;
    await this.check();
    for (const { share, waitSeconds } of stepsOf(policy?.TrafficRoutingConfiguration)) {
      route(share);
      await this.watch(waitSeconds, signal);
    }
    await this.watch(policy?.TerminationWaitInSeconds ?? 0, signal);
  }

  private async watch(trialSeconds: number, signal: AbortSignal): Promise<void> {
    for (let passed = 0; passed < trialSeconds; passed += ALARM_INTERVAL_SECONDS) {
      const seconds = Math.min(ALARM_INTERVAL_SECONDS, trialSeconds - passed);
      await this.surroundings.clock.sleep(seconds * 1000, signal);
      await this.check();
    }
  }

  /**
   * SageMaker reads the alarms with the permission of whoever asked for the update.
   *
   * @throws {RollBack} where an alarm is in ALARM.
   */
  private async check(): Promise<void> {
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

interface ShiftStep {
  share: number;
  waitSeconds: number;
}

/** Shares of the requests that the new fleet gets one after the other, and how long each is kept. */
export function stepsOf(routing: TrafficRouting | undefined): ShiftStep[] {
  if (routing === undefined) return [{ share: 1, waitSeconds: 0 }];
  const waitSeconds = routing.WaitIntervalInSeconds;
  switch (routing.Type) {
    case "ALL_AT_ONCE":
      return [{ share: 1, waitSeconds }];
    case "CANARY":
      return [
        { share: routing.CanarySize.Value / 100, waitSeconds },
        { share: 1, waitSeconds: 0 },
      ];
    case "LINEAR": {
      const step = routing.LinearStepSize.Value;
      const shares = Array.from({ length: Math.ceil(100 / step) }, (_, place) =>
        Math.min(1, ((place + 1) * step) / 100),
      );
      return shares.map((share) => ({ share, waitSeconds: share < 1 ? waitSeconds : 0 }));
    }
  }
}

/**
 * Refuses updates that SageMaker doesn't make: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-exclusions.html
 *
 * @throws {ApiError} with what is wrong.
 */
export function mustBePossible(
  { DeploymentConfig: deployment, RetainAllVariantProperties: isRetained }: UpdateEndpoint,
  config: StoredConfig,
  blue: Fleet | undefined,
): void {
  const variants = config.ProductionVariants;
  if (deployment === undefined) return;
  if (variants.some(({ InstanceType }) => InstanceType === undefined)) {
    throw invalid("A serverless endpoint is updated all at once: expected no DeploymentConfig.");
  }
  const names = variants.map(({ VariantName }) => VariantName).sort();
  const before = blue?.variants.map(({ name }) => name).sort() ?? names;
  if (names.join() !== before.join()) {
    throw invalid(
      `An update with a DeploymentConfig keeps the names of the variants: given ${names.join(", ")}, ` +
        `expected ${before.join(", ")}. Update to other variants without a DeploymentConfig.`,
    );
  }
  const counts =
    isRetained && blue !== undefined
      ? blue.variants.map(({ instanceCount }) => instanceCount)
      : variants.map(({ InitialInstanceCount }) => InitialInstanceCount);
  mustBeDivisible(deployment, Math.min(...counts));
}

function mustBeDivisible(deployment: Deployment, instances: number): void {
  const type = deployment.BlueGreenUpdatePolicy?.TrafficRoutingConfiguration.Type ?? "ALL_AT_ONCE";
  if (type === "ALL_AT_ONCE" || instances >= 2) return;
  throw invalid(
    `${type} traffic shifting needs a variant with at least 2 instances; this one has ${instances}. ` +
      "Use more instances, or ALL_AT_ONCE.",
  );
}

/** Instance counts and weights that were changed while the old fleet served stay, unless the caller excludes them. */
export function retainProperties(request: UpdateEndpoint, blue: Fleet, green: Fleet): void {
  if (!request.RetainAllVariantProperties) return;
  const excluded = new Set(
    request.ExcludeRetainedVariantProperties.map(({ VariantPropertyType }) => VariantPropertyType),
  );
  const old = [...blue.variants, ...(blue.shadow === undefined ? [] : [blue.shadow])];
  for (const variant of [...green.variants, ...(green.shadow === undefined ? [] : [green.shadow])]) {
    const before = old.find(({ name }) => name === variant.name);
    if (before === undefined) continue;
    if (!excluded.has("DesiredWeight")) variant.weight = before.weight;
    if (!excluded.has("DesiredInstanceCount")) variant.instanceCount = before.instanceCount;
  }
}
