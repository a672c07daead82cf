import type { WorkloadSpec } from "@perennial/contracts";
import { tuningJobConfig } from "./tuning-job-config.ts";
import { TrainingJobs } from "../components/training/training-jobs.ts";
import type { Filling } from "../components/workflow/definition.ts";
import type { Workflow } from "../components/workflow/workflow.ts";
import { type EndpointServing, hasEndpoint, instancesOf, type Serving } from "./endpoints.ts";
import type { Foundation } from "./foundation.ts";
import { deployFunctionRollout } from "./function-rollout.ts";
import { sageMakerRole, workflowRole } from "./roles.ts";
import { planRollout } from "./rollouts.ts";
import { serverlessRollout } from "./serverless-rollout.ts";
import type { Stack } from "./stack.ts";
import { deploy, tagList } from "./state-machines.ts";
import type { Steps } from "./steps.ts";
import { trialRollout } from "./trial-rollout.ts";

/** Shares of an execution's time. Two jobs run one after the other; waiting for an instance counts to a job's time. */
const JOB_SHARE = 0.45;
const SPOT_WAIT_SHARE = 0.4;
const RUNTIME_SHARE = 0.35;

interface Workflows {
  retrain: Workflow;
  rollout: Workflow;
  /** Longest that a rollout may take. */
  rolloutMinutes: number;
}
export type Loop = Serving & Workflows;

/** For each workload: the workflow that renews its model, and the one that puts a model in service. */
export function deployWorkflows(
  stack: Stack,
  foundation: Foundation,
  served: Serving[],
  steps: Steps,
): Loop[] {
  return served.map((serving) => ({
    ...serving,
    retrain: deployRetrain(stack, foundation, serving, steps),
    ...(hasEndpoint(serving)
      ? deployRollout(stack, foundation, serving, steps)
      : deployFunctionRollout(stack, foundation, serving, steps)),
  }));
}

function deployRetrain(
  stack: Stack,
  foundation: Foundation,
  { spec, stored }: Serving,
  steps: Steps,
): Workflow {
  const { settings, names, network } = stack;
  const { key, alerts, lake, artifacts, trainingImage } = foundation;
  const { name } = spec;
  const role = workflowRole(stack, name, "retrain");
  const { jobs, processingRole, trainingRole } = deployJobs(stack, foundation, spec);
  const timeoutSeconds = spec.retraining.timeoutMinutes * 60;
  const seconds = (share: number) => Math.floor(timeoutSeconds * share);
  const grantee = `${name}-retrain`;
  return deploy(
    stack,
    foundation,
    name,
    "retrain",
    role,
    {
      Workload: name,
      Tags: tagList(names.allTags(name)),
      ExecutionTimeoutSeconds: timeoutSeconds,
      JobTimeoutSeconds: seconds(JOB_SHARE),
      JobSeconds: seconds(RUNTIME_SHARE),
      SpotWaitSeconds: settings.useSpot ? seconds(SPOT_WAIT_SHARE) : null,
      UseSpot: settings.useSpot,
      TrainingImage: trainingImage.imageUri,
      ProcessingRoleArn: processingRole.arn,
      TrainingRoleArn: trainingRole.arn,
      ProcessingInstanceType: settings.processingInstanceType,
      TrainingInstanceType: settings.trainingInstanceType,
      VolumeSizeGiB: settings.trainingVolumeGiB,
      VpcConfig: vpcConfig(network),
      KmsKeyArn: key.keyArn,
      LakeBucket: lake.bucket.bucket,
      ArtifactBucket: artifacts.bucket.bucket,
      SpecPrefixUri: stored.prefixUri,
      SpecUri: stored.specUri,
      TrainingInstanceCount: spec.training.instanceCount,
      SearchEngine: spec.search?.engine ?? "none",
      TuningPrefix: names.tuningPrefix(name),
      TuningAlgorithm: spec.algorithms[0]?.kind ?? null,
      TuningJobConfig: tuningJobConfig(spec, seconds(RUNTIME_SHARE)),
      AcceptFunctionArn: steps.accept.functionArn,
      EvaluateFunctionArn: steps.evaluate.functionArn,
      JudgeFunctionArn: steps.judge.functionArn,
      CardFunctionArn: steps.describe.functionArn,
      RegisterFunctionArn: steps.register.functionArn,
      RecordFunctionArn: steps.record.functionArn,
      AlertTopicArn: alerts.topicArn,
    },
    [
      jobs.grantRun(grantee, role),
      key.grantVolumes(grantee, role),
      steps.accept.grantInvoke(grantee, role),
      steps.evaluate.grantInvoke(grantee, role),
      steps.describe.grantInvoke(grantee, role),
      steps.judge.grantInvoke(grantee, role),
      steps.register.grantInvoke(grantee, role),
      steps.record.grantInvoke(grantee, role),
      alerts.grantPublish(grantee, role),
      key.grantEncrypt(grantee, role, ["sns"]),
    ],
  );
}

function deployRollout(
  stack: Stack,
  foundation: Foundation,
  serving: EndpointServing,
  steps: Steps,
): Omit<Workflows, "retrain"> {
  const { settings, names, network } = stack;
  const { key, alerts, ledger, servingImage } = foundation;
  const { spec, endpoint } = serving;
  const { name } = spec;
  const role = workflowRole(stack, name, "rollout");
  const grantee = `${name}-rollout`;
  const plan = planRollout(spec, settings);
  const { observe } = steps;
  const rollout = deploy(
    stack,
    foundation,
    name,
    "rollout",
    role,
    {
      Workload: name,
      Tags: tagList(names.allTags(name)),
      ExecutionTimeoutSeconds: plan.minutes * 60,
      ...plan.fillings,
      SpecUri: serving.stored.specUri,
      EndpointName: endpoint.endpointName,
      ServingImage: servingImage.imageUri,
      ModelRoleArn: serving.role.arn,
      InstanceType: settings.servingInstanceType,
      InstanceCount: instancesOf(spec, settings),
      CaptureUri: serving.captureUri,
      CapturePercent: spec.monitoring.capturePercent,
      MaxBodyKiB: String(spec.serving.maxBodyKiB),
      MaxRecords: String(spec.serving.maxRecords),
      OnlineTable: serving.onlineTable,
      IsIsolated: serving.onlineTable === null,
      VpcConfig: vpcConfig(network),
      KmsKeyArn: key.keyArn,
      LedgerTable: ledger.table.name,
      BaselineModelName: endpoint.baselineModelName,
      BaselineEndpointConfigName: endpoint.baselineConfigName,
      CapacityFunctionArn: steps.capacity.functionArn,
      ProbeFunctionArn: steps.probe.functionArn,
      VerifyFunctionArn: steps.verify.functionArn,
      RecordFunctionArn: steps.record.functionArn,
      AlertTopicArn: alerts.topicArn,
      AlarmPrefix: names.prefix,
    },
    [
      ledger.grantMovePointer(grantee, role, name),
      endpoint.grantRollOut(grantee, role),
      key.grantVolumes(grantee, role),
      steps.capacity.grantInvoke(grantee, role),
      steps.probe.grantInvoke(grantee, role),
      steps.verify.grantInvoke(grantee, role),
      steps.record.grantInvoke(grantee, role),
      alerts.grantPublish(grantee, role),
      key.grantDecrypt(grantee, role, ["dynamodb"]),
      key.grantEncrypt(grantee, role, ["sns"]),
      ...(plan.trial === null || observe === null
        ? []
        : [
            endpoint.grantTry(grantee, role),
            ledger.grantCloseTrial(grantee, role, name),
            observe.grantInvoke(grantee, role),
          ]),
    ],
    {
      adapt: (source) => {
        if (spec.serving.mode === "serverless") return serverlessRollout(source, spec.serving);
        if (plan.trial === null || observe === null) return source;
        return trialRollout(source, plan.trial, observe.functionArn);
      },
    },
  );
  return { rollout, rolloutMinutes: plan.minutes };
}

function deployJobs(
  stack: Stack,
  { key, lake, artifacts, trainingImage }: Foundation,
  { name, search }: WorkloadSpec,
) {
  const { names, network, opts } = stack;
  const isTuned = search?.engine === "tuning-job";
  const processingRole = sageMakerRole(stack, name, "processing");
  const trainingRole = sageMakerRole(stack, name, "training");
  const processing = `${name}-processing`;
  const training = `${name}-training`;
  const jobs = new TrainingJobs(
    name,
    { workload: name, names, processingRole, trainingRole, isTuned, network },
    opts,
  );

  lake.grantReadAll(processing, processingRole, [`raw/${name}/`, `snapshots/${name}/`, `accepted/${name}/`]);
  artifacts.grantReadAll(processing, processingRole, [`specs/${name}/`]);
  lake.grantWrite(processing, processingRole, [
    `prepared/${name}/`,
    `sealed/${name}/`,
    `gates/${name}/`,
    `entities/${name}/`,
  ]);

  lake.grantReadAll(training, trainingRole, [`prepared/${name}/`]);
  lake.seal(training, trainingRole, ["sealed/"]);
  artifacts.grantReadAll(training, trainingRole, [`specs/${name}/`, `checkpoints/${name}/`]);
  artifacts.grantWrite(training, trainingRole, [`models/${name}/`, `checkpoints/${name}/`]);

  for (const [grantee, role] of [
    [processing, processingRole],
    [training, trainingRole],
  ] as const) {
    key.grantEncrypt(grantee, role, ["s3"]);
    key.grantVolumes(grantee, role);
    trainingImage.grantPull(grantee, role);
  }
  return { jobs, processingRole, trainingRole };
}

const vpcConfig = (network: Stack["network"]): Filling =>
  network === undefined ? null : { Subnets: network.subnetIds, SecurityGroupIds: network.securityGroupIds };
