import {
  COMPARABLE_REQUESTS,
  InvalidInput,
  isTrial,
  NEGLIGIBLE_LATENCY,
  type Strategy,
  type WorkloadSpec,
} from "@perennial/contracts";
import type { Filling } from "../components/workflow/definition.ts";
import type { Settings } from "../config.ts";
import { planTrial, type TrialPlan } from "./trial-rollout.ts";

/** What SageMaker takes: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_BlueGreenUpdatePolicy.html */
const LONGEST_DEPLOYMENT_SECONDS = 14_400;
/** What a new fleet may take to be started, and the old one to end. */
const PROVISIONING_SECONDS = 3600;
/** What an update may take to be verified, and undone. */
const AFTERWARDS_MINUTES = 60;
/** Time between two looks at an update, each with some probes. */
const ROUND_SECONDS = 15;

export interface RolloutPlan {
  /** Longest that a rollout may take. */
  minutes: number;
  /** Tokens of the workflow. */
  fillings: Record<string, Filling>;
}

export interface EndpointRolloutPlan extends RolloutPlan {
  /** What goes before the update where both models are tried in service. */
  trial: TrialPlan | null;
}

type StackSettings = Pick<Settings, "rollout" | "servingInstanceCount" | "bakeSeconds">;

/**
 * How the workload's models are put in service behind an endpoint of this stack.
 *
 * @throws {InvalidInput} where SageMaker would refuse it during the first rollout.
 */
export function planRollout(spec: WorkloadSpec, settings: StackSettings): EndpointRolloutPlan {
  const { guards, probesPerMinute } = spec.rollout;
  const strategy = strategyIn(spec, settings);
  const policy = policyOf(spec, strategy, settings);
  const trial = isTrial(strategy) ? planTrial(strategy, probesPerMinute) : null;
  // Both models are brought up for it, and the champion alone after it.
  const trialSeconds = trial === null ? 0 : trial.longestSeconds + 2 * PROVISIONING_SECONDS;
  const seconds = policy.MaximumExecutionTimeoutInSeconds + trialSeconds;
  return {
    trial,
    minutes: Math.ceil(seconds / 60) + AFTERWARDS_MINUTES,
    fillings: {
      BlueGreenUpdatePolicy: policy,
      RoundSeconds: ROUND_SECONDS,
      ProbesPerRound: Math.ceil((probesPerMinute * ROUND_SECONDS) / 60),
      MinRequests: guards.minRequests,
      RefusedShare: guards.refusedShare,
      LatencyMicros: guards.p99Millis * 1000,
      NegligibleMicros: guards.p99Millis * 1000 * NEGLIGIBLE_LATENCY,
      LatencyRatio: guards.p99Ratio,
      ComparableRequests: COMPARABLE_REQUESTS,
    },
  };
}

/** Whether the workload's challengers are tried beside the champion in this stack. */
export const isTried = (spec: WorkloadSpec, settings: Pick<Settings, "rollout">): boolean =>
  isTrial(strategyIn(spec, settings));

/** The stack's settings may ask for less than the spec does. */
const strategyIn = ({ rollout }: WorkloadSpec, settings: Pick<Settings, "rollout">): Strategy =>
  settings.rollout === undefined ? rollout.strategy : { kind: settings.rollout };

function policyOf(spec: WorkloadSpec, strategy: Strategy, settings: StackSettings) {
  const { bakeSeconds } = settings;
  switch (strategy.kind) {
    case "all-at-once":
    // What was tried in service needn't get there by degrees.
    case "shadow":
    case "experiment":
      return policy({ Type: "ALL_AT_ONCE", WaitIntervalInSeconds: bakeSeconds }, bakeSeconds, 0);
    case "canary": {
      mustHaveTwoInstances(spec, strategy.kind, settings);
      const CanarySize = { Type: "CAPACITY_PERCENT", Value: strategy.percent };
      const routing = { Type: "CANARY", WaitIntervalInSeconds: strategy.waitSeconds, CanarySize };
      return policy(routing, strategy.waitSeconds, bakeSeconds);
    }
    case "linear": {
      mustHaveTwoInstances(spec, strategy.kind, settings);
      const waits = Math.ceil(100 / strategy.stepPercent) * strategy.waitSeconds;
      if (waits + bakeSeconds + PROVISIONING_SECONDS > LONGEST_DEPLOYMENT_SECONDS) {
        throw fault(
          spec,
          `steps of ${strategy.stepPercent} % with ${strategy.waitSeconds} s after each take ${waits} s; SageMaker ` +
            `ends an update after ${LONGEST_DEPLOYMENT_SECONDS} s, of which ${PROVISIONING_SECONDS + bakeSeconds} s are ` +
            "needed for the rest: take larger steps or shorter waits",
        );
      }
      const LinearStepSize = { Type: "CAPACITY_PERCENT", Value: strategy.stepPercent };
      const routing = { Type: "LINEAR", WaitIntervalInSeconds: strategy.waitSeconds, LinearStepSize };
      return policy(routing, waits, bakeSeconds);
    }
  }
}

const policy = (routing: Record<string, Filling>, waits: number, bakeSeconds: number) => ({
  TrafficRoutingConfiguration: routing,
  TerminationWaitInSeconds: bakeSeconds,
  MaximumExecutionTimeoutInSeconds: PROVISIONING_SECONDS + waits + bakeSeconds,
});

function mustHaveTwoInstances(
  spec: WorkloadSpec,
  kind: string,
  { servingInstanceCount }: StackSettings,
): void {
  const capacity = spec.serving.mode === "realtime" ? spec.serving.capacity : null;
  const least = Math.min(
    capacity?.minInstances ?? servingInstanceCount,
    ...(capacity?.schedules ?? []).map(({ minInstances }) => minInstances),
  );
  if (least >= 2) return;
  const given = capacity === null ? "servingInstanceCount" : "serving.capacity.minInstances";
  throw fault(
    spec,
    `${kind} moves requests between fleets of at least 2 instances, and ${given} is ${least}: raise it, or set rollout ` +
      "to all-at-once for the stack",
  );
}

const fault = ({ name }: WorkloadSpec, message: string): InvalidInput =>
  new InvalidInput(`workload ${name} in this stack`, [{ path: "rollout.strategy", message }]);
