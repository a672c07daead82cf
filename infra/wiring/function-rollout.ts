import { COMPARABLE_REQUESTS, LIVE_ALIAS, type Strategy, type WorkloadSpec } from "@perennial/contracts";
import type { Workflow } from "../components/workflow/workflow.ts";
import type { Settings } from "../config.ts";
import type { Foundation } from "./foundation.ts";
import { workflowRole } from "./roles.ts";
import type { RolloutPlan } from "./rollouts.ts";
import type { FunctionServing } from "./scoring-functions.ts";
import type { Stack } from "./stack.ts";
import { deploy, tagList } from "./state-machines.ts";
import type { Steps } from "./steps.ts";

/** What a version may take to be published, verified, and undone. */
const BESIDES_MINUTES = 60;
/** Least time between two looks, each with some probes. */
const ROUND_SECONDS = 15;
/** Most looks while requests move: an execution's history ends after 25,000 events, of which a look takes some 30. */
const MOST_ROUNDS = 400;

/** A share of the requests, and how long the new version has it before more is asked. */
interface Step {
  share: number;
  seconds: number;
}

/** How the workload's models are put in service in this stack where a function answers. */
export function planFunctionRollout(
  spec: WorkloadSpec,
  { rollout, bakeSeconds }: Pick<Settings, "rollout" | "bakeSeconds">,
): Pick<RolloutPlan, "minutes" | "fillings"> {
  const { guards, probesPerMinute, strategy } = spec.rollout;
  const steps = [
    ...stepsOf(rollout === undefined ? strategy : { kind: rollout }),
    { share: 1, seconds: bakeSeconds },
  ];
  const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
  const roundSeconds = Math.max(ROUND_SECONDS, Math.ceil(seconds / MOST_ROUNDS));
  return {
    minutes: Math.ceil(seconds / 60) + BESIDES_MINUTES,
    fillings: {
      Shares: steps.map(({ share }) => share),
      Rounds: steps.map((step) => Math.max(1, Math.ceil(step.seconds / roundSeconds))),
      RoundSeconds: roundSeconds,
      ProbesPerRound: Math.min(600, Math.ceil((probesPerMinute * roundSeconds) / 60)),
      LatencyMillis: guards.p99Millis,
      ComparableRequests: COMPARABLE_REQUESTS,
    },
  };
}

/** The shares on the way to all requests. Lambda moves them when it is told to: what waits is the workflow. */
function stepsOf(strategy: Strategy): Step[] {
  switch (strategy.kind) {
    case "all-at-once":
      return [];
    case "canary":
      return [{ share: strategy.percent / 100, seconds: strategy.waitSeconds }];
    case "linear": {
      const { stepPercent, waitSeconds: seconds } = strategy;
      const steps = Math.ceil(100 / stepPercent) - 1;
      return Array.from({ length: steps }, (_, index) => ({
        share: (stepPercent * (index + 1)) / 100,
        seconds,
      }));
    }
    case "shadow":
    case "experiment":
      // The spec is refused before: SUPPORTED_STRATEGIES.
      throw new Error(`${strategy.kind} needs an endpoint`);
  }
}

/** The workflow that publishes a model as a version of the workload's function and leads requests to it. */
export function deployFunctionRollout(
  stack: Stack,
  foundation: Foundation,
  { spec, stored, scoring, onlineTable }: FunctionServing,
  steps: Steps,
): { rollout: Workflow; rolloutMinutes: number } {
  const { settings, names } = stack;
  const { key, alerts, ledger } = foundation;
  const { name } = spec;
  const role = workflowRole(stack, name, "rollout");
  const grantee = `${name}-rollout`;
  const plan = planFunctionRollout(spec, settings);
  const baseline = names.ofWorkload(name, "baseline");
  const fillings = {
    Workload: name,
    Tags: tagList(names.allTags(name)),
    ExecutionTimeoutSeconds: plan.minutes * 60,
    ...plan.fillings,
    SpecUri: stored.specUri,
    FunctionName: scoring.functionName,
    Alias: LIVE_ALIAS,
    MaxBodyKiB: String(spec.serving.maxBodyKiB),
    MaxRecords: String(spec.serving.maxRecords),
    OnlineTable: onlineTable,
    LedgerTable: ledger.table.name,
    BaselineModelName: baseline,
    ProbeFunctionArn: steps.probe.functionArn,
    VerifyFunctionArn: steps.verify.functionArn,
    RecordFunctionArn: steps.record.functionArn,
    AlertTopicArn: alerts.topicArn,
    AlarmPrefix: names.prefix,
  };
  const granted = [
    ledger.grantMovePointer(grantee, role, name),
    scoring.grantRollOut(grantee, role, {
      own: names.arn("cloudwatch", `alarm:${names.prefix}-${names.anyExecution(name)}-*`),
      // The first rollout replaces the baseline and drops alarms that it would have, had a rollout brought it.
      ofBaseline: names.arn("cloudwatch", `alarm:${names.prefix}-${baseline}-*`),
      topicArn: alerts.topicArn,
    }),
    steps.probe.grantInvoke(grantee, role),
    steps.verify.grantInvoke(grantee, role),
    steps.record.grantInvoke(grantee, role),
    alerts.grantPublish(grantee, role),
    key.grantDecrypt(grantee, role, ["dynamodb"]),
    key.grantEncrypt(grantee, role, ["sns"]),
  ];
  const rollout = deploy(stack, foundation, name, "rollout", role, fillings, granted, {
    file: "rollout-function",
  });
  return { rollout, rolloutMinutes: plan.minutes };
}
