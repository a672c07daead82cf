import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Strategy, TrialStrategy } from "@perennial/contracts";
import { fill, type Filling } from "../../infra/components/workflow/definition.ts";
import { planTrial, trialRollout } from "../../infra/wiring/trial-rollout.ts";

/** The workflows: rollouts by the trial that goes before, if any. */
export type Workflow = "retrain" | "rollout" | "rollout-function" | TrialStrategy["kind"];

/** As long as a workload's name may be: job and model names are built from it. */
export const WORKLOAD = "hospital-readmission-in-30-days1";
export const EXECUTION = `${WORKLOAD}-0123456789ab`;

const arn = (service: string, resource: string) => `arn:aws:${service}:eu-central-1:123456789012:${resource}`;
const functionArn = (name: string) => arn("lambda", `function:perennial-dev-${name}`);

const SHARED = {
  Workload: WORKLOAD,
  Tags: [{ Key: "perennial:workload", Value: WORKLOAD }],
  KmsKeyArn: arn("kms", "key/1"),
  RecordFunctionArn: functionArn("record-outcome"),
  AlertTopicArn: arn("sns", "perennial-dev-alerts"),
  VpcConfig: { Subnets: ["subnet-1"], SecurityGroupIds: ["sg-1"] },
};

export const TRIALS = {
  shadow: { kind: "shadow", requests: 500, maxMinutes: 24 * 60, samplePercent: 20 },
  experiment: {
    kind: "experiment",
    share: 0.1,
    stickyBy: "patient_nbr",
    alpha: 0.05,
    worthwhileGain: 0.01,
    maxDays: 14,
  },
} as const satisfies Record<TrialStrategy["kind"], Strategy>;

/** What the program fills the tokens of the files with, in the smallest form that still runs. */
const OF_FILES: Record<"retrain" | "rollout" | "rollout-function", Record<string, Filling>> = {
  retrain: {
    ...SHARED,
    ExecutionTimeoutSeconds: 7200,
    TrainingImage: "registry/training@sha256:1",
    ProcessingRoleArn: arn("iam", "role/processing"),
    TrainingRoleArn: arn("iam", "role/training"),
    LakeBucket: "perennial-dev-123456789012-lake",
    ArtifactBucket: "perennial-dev-123456789012-artifacts",
    SpecPrefixUri: "s3://perennial-dev-123456789012-artifacts/specs/w/1/",
    SpecUri: "s3://perennial-dev-123456789012-artifacts/specs/w/1/spec.json",
    ProcessingInstanceType: "ml.m5.large",
    TrainingInstanceType: "ml.m5.large",
    VolumeSizeGiB: 30,
    JobSeconds: 300,
    JobTimeoutSeconds: 600,
    SpotWaitSeconds: 600,
    UseSpot: true,
    TrainingInstanceCount: 1,
    SearchEngine: "tuning-job",
    TuningPrefix: "0a1b2c3d",
    TuningAlgorithm: "xgboost",
    TuningJobConfig: {
      Strategy: "Bayesian",
      ResourceLimits: { MaxNumberOfTrainingJobs: 8, MaxParallelTrainingJobs: 4 },
    },
    AcceptFunctionArn: functionArn("accept-data"),
    EvaluateFunctionArn: functionArn("evaluate-model"),
    JudgeFunctionArn: functionArn("judge-challenger"),
    CardFunctionArn: functionArn("write-card"),
    RegisterFunctionArn: functionArn("register-model"),
  },
  rollout: {
    ...SHARED,
    ExecutionTimeoutSeconds: 7200,
    LedgerTable: "perennial-dev-ledger",
    EndpointName: `perennial-dev-${WORKLOAD}`,
    ServingImage: "registry/serving@sha256:1",
    ModelRoleArn: arn("iam", "role/model"),
    InstanceType: "ml.m5.large",
    InstanceCount: 1,
    CaptureUri: `s3://perennial-dev-123456789012-lake/capture/${WORKLOAD}/`,
    CapturePercent: 100,
    AlarmPrefix: "perennial-dev",
    BlueGreenUpdatePolicy: {
      TrafficRoutingConfiguration: {
        Type: "CANARY",
        WaitIntervalInSeconds: 300,
        CanarySize: { Type: "CAPACITY_PERCENT", Value: 10 },
      },
      TerminationWaitInSeconds: 60,
      MaximumExecutionTimeoutInSeconds: 3960,
    },
    RoundSeconds: 15,
    ProbesPerRound: 15,
    SpecUri: "s3://perennial-dev-123456789012-artifacts/specs/w/1/spec.json",
    MinRequests: 20,
    ComparableRequests: 100,
    RefusedShare: 0.05,
    LatencyMicros: 500_000,
    NegligibleMicros: 50_000,
    LatencyRatio: 3,
    CapacityFunctionArn: functionArn("check-capacity"),
    ProbeFunctionArn: functionArn("probe-endpoint"),
    VerifyFunctionArn: functionArn("verify-rollout"),
    MaxBodyKiB: "1024",
    MaxRecords: "1000",
    OnlineTable: "arn:aws:dynamodb:eu-central-1:123456789012:table/perennial-dev-online",
    IsIsolated: false,
    BaselineModelName: "baseline-model",
    BaselineEndpointConfigName: "baseline-config",
  },
  "rollout-function": {
    Workload: WORKLOAD,
    Tags: SHARED.Tags,
    RecordFunctionArn: SHARED.RecordFunctionArn,
    AlertTopicArn: SHARED.AlertTopicArn,
    ExecutionTimeoutSeconds: 7200,
    LedgerTable: "perennial-dev-ledger",
    FunctionName: `perennial-dev-${WORKLOAD}-score`,
    Alias: "live",
    AlarmPrefix: "perennial-dev",
    Shares: [0.1, 1],
    Rounds: [3, 2],
    RoundSeconds: 15,
    ProbesPerRound: 15,
    SpecUri: "s3://perennial-dev-123456789012-artifacts/specs/w/1/spec.json",
    ComparableRequests: 100,
    LatencyMillis: 500,
    ProbeFunctionArn: functionArn("probe-endpoint"),
    VerifyFunctionArn: functionArn("verify-rollout"),
    MaxBodyKiB: "1024",
    MaxRecords: "1000",
    OnlineTable: "arn:aws:dynamodb:eu-central-1:123456789012:table/perennial-dev-online",
    BaselineModelName: "baseline-model",
  },
};

/** A workflow as its file says it, with a trial where it has one. */
function sourceOf(workflow: Workflow): { definition: string; fillings: Record<string, Filling> } {
  const file = isFile(workflow) ? workflow : "rollout";
  const path = join(import.meta.dirname, `../../statemachines/${file}.asl.json`);
  const plain = { definition: readFileSync(path, "utf8"), fillings: OF_FILES[file] };
  if (workflow === file) return plain;
  const strategy = TRIALS[workflow as TrialStrategy["kind"]];
  const tried = trialRollout(plain, planTrial(strategy, 60), functionArn("observe-trial"));
  return { ...tried, fillings: tried.fillings as Record<string, Filling> };
}

const isFile = (workflow: Workflow): workflow is keyof typeof OF_FILES => workflow in OF_FILES;

export const WORKFLOWS: Workflow[] = ["retrain", "rollout", "rollout-function", "shadow", "experiment"];

export const source = (workflow: Workflow): string => sourceOf(workflow).definition;
export const fillingsOf = (workflow: Workflow): Record<string, Filling> => sourceOf(workflow).fillings;

/** A workflow's definition with its tokens filled; `changes` replace fillings. */
export function rendered(workflow: Workflow, changes: Record<string, Filling> = {}): Definition {
  const { definition, fillings } = sourceOf(workflow);
  return JSON.parse(fill(definition, { ...fillings, ...changes })) as Definition;
}

export interface Definition {
  [field: string]: unknown;
  StartAt: string;
  States: Record<string, State>;
}

export interface State {
  Type: "Task" | "Pass" | "Choice" | "Wait" | "Succeed" | "Fail";
  Resource?: string;
  Parameters?: Record<string, unknown>;
  TimeoutSeconds?: number;
  Next?: string;
  Retry?: { ErrorEquals: string[]; MaxAttempts: number }[];
  Catch?: { ErrorEquals: string[]; ResultPath: string; Next: string }[];
  Choices?: { Next: string }[];
  Default?: string;
}
