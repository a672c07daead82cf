import { join } from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { bundleScoring } from "../components/function/bundle.ts";
import { ServiceRole } from "../components/identity/service-role.ts";
import { ScoringFunction } from "../components/scoring-function/scoring-function.ts";
import type { Settings } from "../config.ts";
import type { Foundation } from "./foundation.ts";
import type { Model } from "./models.ts";
import type { Stack } from "./stack.ts";

/** A model that answers as a function. */
export interface FunctionServing extends Model {
  scoring: ScoringFunction;
  /** ARN of the table that the function looks states up in; null for a model that looks nothing up. */
  onlineTable: pulumi.Output<string> | null;
}

/** Answers with the code of every scoring function, which is bundled when the first one asks for it. */
export function scoringCode({ lambdaArchitecture }: Settings): () => pulumi.asset.AssetArchive {
  let code: pulumi.asset.AssetArchive | undefined;
  return () =>
    (code ??= bundleScoring(
      join(import.meta.dirname, "../../functions"),
      "score-records",
      lambdaArchitecture,
    ));
}

/** A function in service with the workload's baseline. */
export function serveByFunction(
  { settings, names, opts }: Stack,
  { artifacts, online, key, alerts }: Foundation,
  model: Model,
  code: pulumi.asset.AssetArchive,
): FunctionServing {
  const { spec, baseline } = model;
  const { name, serving, entities } = spec;
  if (serving.mode !== "lambda") throw new Error(`${name} is of serving mode ${serving.mode}`);
  const functionName = names.scoringFunction(name);
  const { role } = new ServiceRole(
    `${name}-score`,
    {
      roleName: functionName,
      description: `Function ${functionName}`,
      service: "lambda.amazonaws.com",
      accountId: settings.accountId,
      sourceArn: names.arn("lambda", `function:${functionName}`),
      tags: names.tags(name),
    },
    opts,
  );
  const grantee = `${name}-score`;
  const onlineTable = Object.keys(entities).length === 0 ? null : online.table.arn;
  const granted = [
    artifacts.grantRead(grantee, role, [`baselines/${name}/`, `models/${name}/`]),
    key.grantDecrypt(grantee, role, onlineTable === null ? ["s3"] : ["s3", "dynamodb"]),
    ...(onlineTable === null ? [] : [online.grantLookUp(grantee, role, name)]),
  ];
  const scoring = new ScoringFunction(
    name,
    {
      functionName,
      description: `Answers for ${name}`,
      code,
      architecture: settings.lambdaArchitecture,
      environment: {
        PERENNIAL_MODEL_URI: baseline.uri,
        PERENNIAL_MODEL_SHA256: baseline.sha256,
        PERENNIAL_MODEL_VERSION: "0",
        PERENNIAL_MAX_BODY_KIB: String(serving.maxBodyKiB),
        PERENNIAL_MAX_RECORDS: String(serving.maxRecords),
        ...(onlineTable === null ? {} : { PERENNIAL_ONLINE_TABLE: onlineTable }),
      },
      role,
      memoryMiB: serving.memoryMiB,
      logGroupName: names.scoringLogGroup(name),
      logRetentionDays: settings.logRetentionDays,
      keyArn: key.keyArn,
      alertTopicArn: alerts.topicArn,
      tags: names.tags(name),
    },
    // Its first start fetches the baseline.
    { ...opts, dependsOn: [baseline.object, ...granted] },
  );
  return { ...model, scoring, onlineTable };
}
