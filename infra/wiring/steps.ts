import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { grantReadQuotas } from "../components/endpoint/read-quotas.ts";
import { grantReadMetrics } from "../components/monitoring/read-metrics.ts";
import type { Prefix } from "../components/storage/private-bucket.ts";
import type { Foundation } from "./foundation.ts";
import { type Bundles, deployStep } from "./functions.ts";
import { hasEndpoint, type Serving } from "./endpoints.ts";
import type { Model } from "./models.ts";
import { isTried } from "./rollouts.ts";
import type { Stack } from "./stack.ts";

export type Steps = ReturnType<typeof deploySteps>;

/** The functions that workflows call: accept, evaluate, judge, describe, register; check, probe, verify, observe; record. */
export function deploySteps(stack: Stack, foundation: Foundation, models: Serving[], code: Bundles) {
  const { artifacts, lake, ledger, online, key, servingImage } = foundation;
  const { names } = stack;
  const LEDGER_TABLE = ledger.table.name;
  const ARTIFACT_BUCKET = artifacts.bucket.bucket;
  const baselineOf = ({ baseline }: Model) => ({
    baselineUri: baseline.uri,
    baselineSha256: baseline.sha256,
  });
  const folders = (...kinds: string[]): Prefix[] => foldersOf(models, ...kinds);

  const accept = deployStep(stack, foundation, code, "accept-data", {
    description: "Keeps data that passed the gate: snapshot, profile, online states",
    environment: { LAKE_BUCKET: lake.bucket.bucket, ONLINE_TABLE: online.table.name },
    timeoutSeconds: 900,
    memoryMiB: 1024,
    grants: (grantee, role) => [
      lake.grantReadAll(grantee, role, folders("raw", "entities")),
      lake.grantReadVersions(grantee, role, folders("raw")),
      lake.grantRead(grantee, role, folders("gates")),
      lake.grantList(grantee, role, folders("snapshots")),
      lake.grantWrite(grantee, role, folders("snapshots", "accepted")),
      online.grantWrite(grantee, role),
      key.grantDecrypt(grantee, role, ["dynamodb"]),
      key.grantEncrypt(grantee, role, ["s3"]),
    ],
  });
  const evaluate = deployStep(stack, foundation, code, "evaluate-model", {
    description: "Scores champion and challenger on the sealed holdout",
    environment: {
      LEDGER_TABLE,
      ARTIFACT_BUCKET,
      WORKLOADS: perWorkload(models, baselineOf),
    },
    timeoutSeconds: 900,
    memoryMiB: 3008,
    grants: (grantee, role) => [
      ledger.grantRead(grantee, role),
      lake.grantRead(grantee, role, folders("sealed")),
      artifacts.grantRead(grantee, role, folders("baselines", "models", "specs")),
      artifacts.grantWrite(grantee, role, folders("evaluations", "audits")),
      key.grantDecrypt(grantee, role, ["dynamodb"]),
      key.grantEncrypt(grantee, role, ["s3"]),
    ],
  });
  const judge = deployStep(stack, foundation, code, "judge-challenger", {
    description: "Holds an evaluation against the gate",
    environment: { LEDGER_TABLE, ARTIFACT_BUCKET },
    timeoutSeconds: 900,
    memoryMiB: 3008,
    grants: (grantee, role) => [
      ledger.grantCount(grantee, role),
      ledger.grantReadHistory(grantee, role),
      artifacts.grantRead(grantee, role, folders("evaluations", "specs", "verdicts")),
      artifacts.grantWrite(grantee, role, folders("verdicts")),
      key.grantDecrypt(grantee, role, ["dynamodb"]),
      key.grantEncrypt(grantee, role, ["s3"]),
    ],
  });
  const describe = deployStep(stack, foundation, code, "write-card", {
    description: "Writes the model card of an execution",
    environment: { ARTIFACT_BUCKET, CARD_PREFIX: `${names.prefix}-` },
    timeoutSeconds: 300,
    memoryMiB: 1024,
    grants: (grantee, role) => [
      artifacts.grantRead(grantee, role, folders("models", "specs", "evaluations", "audits", "verdicts")),
      lake.grantRead(grantee, role, folders("gates")),
      artifacts.grantWrite(grantee, role, folders("cards")),
      key.grantEncrypt(grantee, role, ["s3"]),
      ...models.map(({ registry }) => registry.grantDescribe(grantee, role)),
    ],
  });
  const approvesByGate = stack.settings.approval === "gate";
  const register = deployStep(stack, foundation, code, "register-model", {
    description: "Registers a challenger as pending, then carries the verdict out",
    environment: {
      AUTO_APPROVE: approvesByGate ? "true" : "false",
      SERVING_IMAGE: servingImage.imageUri,
      WORKLOADS: perWorkload(models, (model) => ({
        modelPackageGroup: model.registry.groupName,
        ...baselineOf(model),
      })),
    },
    timeoutSeconds: 120,
    memoryMiB: 1024,
    grants: (grantee, role) => [
      artifacts.grantRead(grantee, role, folders("baselines", "evaluations", "models", "verdicts")),
      key.grantDecrypt(grantee, role, ["s3"]),
      ...models.flatMap(({ registry }) => [
        registry.grantRead(grantee, role),
        registry.grantList(grantee, role),
        registry.grantRegister(grantee, role),
        registry.grantReject(grantee, role),
        approvesByGate ? registry.grantApprove(grantee, role) : registry.grantApproveBaseline(grantee, role),
      ]),
    ],
  });
  const behindEndpoints = models.filter(hasEndpoint);
  const capacity = deployStep(stack, foundation, code, "check-capacity", {
    description: "Says whether the account may run a second fleet",
    environment: {
      ENDPOINTS: pulumi.jsonStringify(behindEndpoints.map(({ endpoint }) => endpoint.endpointName)),
    },
    timeoutSeconds: 100,
    grants: (grantee, role) => [
      ...behindEndpoints.map(({ endpoint }) => endpoint.grantDescribe(grantee, role)),
      grantReadQuotas(grantee, role, stack.opts),
    ],
  });
  const probe = deployStep(stack, foundation, code, "probe-endpoint", {
    description: "Sends an endpoint the workload's examples",
    environment: {},
    timeoutSeconds: 240,
    memoryMiB: 512,
    grants: (grantee, role) => [
      artifacts.grantRead(grantee, role, folders("specs")),
      key.grantDecrypt(grantee, role, ["s3"]),
      ...models.map((serving) => grantProbe(serving, grantee, role)),
    ],
  });
  const verify = deployStep(stack, foundation, code, "verify-rollout", {
    description: "Says whether the model that has just gone into service may stay",
    environment: {},
    timeoutSeconds: 100,
    memoryMiB: 512,
    grants: (grantee, role) => [
      artifacts.grantRead(grantee, role, folders("specs")),
      key.grantDecrypt(grantee, role, ["s3"]),
      ...models.map((serving) => grantProbe(serving, grantee, role)),
      grantReadMetrics(grantee, role, stack.opts),
    ],
  });
  const tried = models.filter(({ spec }) => isTried(spec, stack.settings));
  const observe =
    tried.length === 0
      ? null
      : deployStep(stack, foundation, code, "observe-trial", {
          description: "Says whether a trial goes on, and how it ended",
          environment: { LEDGER_TABLE, LAKE_BUCKET: lake.bucket.bucket },
          timeoutSeconds: 600,
          memoryMiB: 1024,
          grants: (grantee, role) => [
            artifacts.grantRead(grantee, role, foldersOf(tried, "specs")),
            lake.grantReadAll(grantee, role, foldersOf(tried, "capture", "labels", "trials")),
            lake.grantWrite(grantee, role, foldersOf(tried, "trials")),
            ledger.grantRead(
              grantee,
              role,
              tried.map(({ spec }) => spec.name),
            ),
            key.grantDecrypt(grantee, role, ["dynamodb"]),
            key.grantEncrypt(grantee, role, ["s3"]),
            grantReadMetrics(grantee, role, stack.opts),
          ],
        });
  const record = deployStep(stack, foundation, code, "record-outcome", {
    description: "Adds a line to the history",
    environment: { LEDGER_TABLE },
    grants: (grantee, role) => [
      ledger.grantWrite(grantee, role),
      key.grantDecrypt(grantee, role, ["dynamodb"]),
    ],
  });
  return { accept, evaluate, judge, describe, register, capacity, probe, verify, observe, record };
}

/** Lets a step ask whatever answers: of a function every version, before callers may reach it. */
const grantProbe = (serving: Serving, grantee: string, role: aws.iam.Role): aws.iam.RolePolicy =>
  hasEndpoint(serving)
    ? serving.endpoint.grantInvoke(grantee, role)
    : serving.scoring.grantProbe(grantee, role);

const foldersOf = (models: Model[], ...kinds: string[]): Prefix[] =>
  models.flatMap(({ spec }) => kinds.map((kind) => `${kind}/${spec.name}/` as const));

/** An environment variable that says something about each workload, as JSON. */
export const perWorkload = <Of extends Model>(
  models: Of[],
  settings: (model: Of) => Record<string, pulumi.Input<string | number | boolean>>,
): pulumi.Output<string> =>
  pulumi.jsonStringify(Object.fromEntries(models.map((model) => [model.spec.name, settings(model)])));
