import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TrialStrategy, VARIANTS } from "@perennial/contracts";
import type { Filling } from "../components/workflow/definition.ts";
import type { WorkflowSource } from "./serverless-rollout.ts";

export interface TrialPlan {
  kind: TrialStrategy["kind"];
  /** Longest that it takes, its last look included. */
  longestSeconds: number;
  /** Tokens of the trial alone. */
  fillings: Record<string, Filling>;
}

type Parameters = Record<string, Filling>;

interface State {
  Next?: string;
  Parameters?: Parameters;
  Choices?: Filling[];
}
type States = Record<string, State>;

const FRAGMENT = join(import.meta.dirname, "../../statemachines/trial.asl.json");

/** Looks of the first hour, one a minute: what fails, fails early. */
const EARLY_LOOKS = 60;
const EARLY_LOOK_SECONDS = 60;
/** Looks that a trial is divided into after that. Each makes 16 of the 25,000 events that an execution may have. */
const LOOKS = 1000;

/** How the workflow tries a challenger. */
export function planTrial(strategy: TrialStrategy, probesPerMinute: number): TrialPlan {
  const isShadow = strategy.kind === "shadow";
  const share = isShadow ? strategy.samplePercent / 100 : strategy.share;
  const stickyBy = isShadow ? null : strategy.stickyBy;
  const seconds = isShadow ? strategy.maxMinutes * 60 : strategy.maxDays * 86_400;
  const lookSeconds = Math.max(EARLY_LOOK_SECONDS, Math.ceil(seconds / LOOKS));
  return {
    kind: strategy.kind,
    longestSeconds: seconds + lookSeconds,
    fillings: {
      TrialKind: strategy.kind,
      TrialShare: String(share),
      // An attribute of DynamoDB.
      StickyBy: stickyBy === null ? { NULL: true } : { S: stickyBy },
      // Of a shadow the share of the champion's requests that are copied, of variants beside each other the requests' own.
      ChampionWeight: isShadow ? 1 : Number((1 - share).toFixed(6)),
      ChallengerWeight: share,
      EarlyLooks: EARLY_LOOKS,
      EarlyLookSeconds: EARLY_LOOK_SECONDS,
      LookSeconds: lookSeconds,
      ProbesPerLook: probesPerMinute,
    },
  };
}

/**
 * The rollout of a workload whose challengers are tried first: `trial.asl.json` between the claim of the endpoint and its
 * update. After a trial the champion answers alone again, so that all that follows is the rollout as it is.
 */
export function trialRollout(
  { definition, fillings }: WorkflowSource,
  trial: TrialPlan,
  observeFunctionArn: WorkflowSource["fillings"][string],
): WorkflowSource {
  const rollout = JSON.parse(definition) as { States: States };
  const fragment = JSON.parse(readFileSync(FRAGMENT, "utf8")) as { StartAt: string; States: States };
  const state = (name: string): State => {
    const found = rollout.States[name];
    if (found === undefined) throw new Error(`the rollout has no state ${name}`);
    return found;
  };
  /** Gives a function something more to know. */
  const tell = (name: string, told: Parameters): void => {
    Object.assign(state(name).Parameters?.["Payload"] ?? {}, told);
  };
  state("NothingKnownYet").Next = fragment.StartAt;
  tell("CheckCapacity", { "models.$": "$.plan.models" });
  state("ClaimEndpoint").Next = "DescribeChampion";
  tell("VerifyRollout", { "startedAt.$": "$.plan.startedAt" });
  for (const record of ["RecordInService", "RecordRolledBack", "RecordKept"]) {
    tell(record, { "trial.$": "$.plan.trial" });
  }
  state("IsKept").Choices?.push({ Variable: "$.stage", StringEquals: "trial", Next: "RecordTrial" });
  const configuration = fragment.States["CreateTrialConfig"]?.Parameters;
  if (trial.kind === "shadow" && configuration !== undefined) castShadow(configuration);
  return {
    definition: JSON.stringify({ ...rollout, States: { ...rollout.States, ...fragment.States } }),
    fillings: { ...fillings, ...trial.fillings, ObserveFunctionArn: observeFunctionArn },
  };
}

/** Makes the challenger a shadow, which gets copies of the champion's requests and whose answers nobody sees. */
function castShadow(configuration: Parameters): void {
  const variants = configuration["ProductionVariants"] as readonly Parameters[];
  const isShadow = ({ VariantName }: Parameters): boolean => VariantName === VARIANTS.challenger;
  configuration["ProductionVariants"] = variants.filter((variant) => !isShadow(variant));
  configuration["ShadowProductionVariants"] = variants.filter(isShadow);
}
