import type { WorkloadSpec } from "@perennial/contracts";
import * as pulumi from "@pulumi/pulumi";
import type * as aws from "@pulumi/aws";
import { EndpointScaling } from "../components/endpoint/endpoint-scaling.ts";
import { ModelEndpoint } from "../components/endpoint/model-endpoint.ts";
import type { Settings } from "../config.ts";
import type { Foundation } from "./foundation.ts";
import type { Model } from "./models.ts";
import { sageMakerRole } from "./roles.ts";
import { type FunctionServing, scoringCode, serveByFunction } from "./scoring-functions.ts";
import type { Stack } from "./stack.ts";

/** A model that answers behind an endpoint. */
export interface EndpointServing extends Model {
  role: aws.iam.Role;
  endpoint: ModelEndpoint;
  captureUri: pulumi.Output<string>;
  /** ARN of the table that the containers look states up in; null for a model that looks nothing up. */
  onlineTable: pulumi.Output<string> | null;
}

/** A model that answers behind an endpoint, or as a function. */
export type Serving = EndpointServing | FunctionServing;

/** Whether a model answers behind an endpoint. */
export const hasEndpoint = <Of extends Serving>(serving: Of): serving is Extract<Of, EndpointServing> =>
  "endpoint" in serving;

/** For each workload: an endpoint or a function in service. */
export function serveModels(stack: Stack, foundation: Foundation, models: Model[]): Serving[] {
  const code = scoringCode(stack.settings);
  return models.map((model) =>
    model.spec.serving.mode === "lambda"
      ? serveByFunction(stack, foundation, model, code())
      : serveByEndpoint(stack, foundation, model),
  );
}

function serveByEndpoint(stack: Stack, foundation: Foundation, model: Model): EndpointServing {
  const { settings, names, network, opts } = stack;
  const { artifacts, lake, online, key, alerts, servingImage } = foundation;
  const { name, serving, monitoring, entities } = model.spec;
  // Only a container that looks something up is let out of its isolation.
  const onlineTable = Object.keys(entities).length === 0 ? null : online.table.arn;
  const role = sageMakerRole(stack, name, "serving");
  const grantee = `${name}-serving`;
  const granted = [
    artifacts.grantReadAll(grantee, role, [`baselines/${name}/`, `models/${name}/`]),
    // Batch transform jobs run the endpoint's models, with the same role.
    lake.grantReadAll(grantee, role, [`batch/${name}/`]),
    lake.grantWrite(grantee, role, [`batch/${name}/`, `capture/${name}/`]),
    key.grantEncrypt(grantee, role, ["s3"]),
    key.grantVolumes(grantee, role),
    servingImage.grantPull(grantee, role),
    ...(onlineTable === null
      ? []
      : [online.grantLookUp(grantee, role, name), key.grantDecrypt(grantee, role, ["dynamodb"])]),
  ];
  const captureUri = pulumi.interpolate`s3://${lake.bucket.bucket}/capture/${name}/`;
  const endpoint = new ModelEndpoint(
    name,
    {
      workload: name,
      names,
      role,
      imageUri: servingImage.imageUri,
      baselineUri: model.baseline.uri,
      instanceType: settings.servingInstanceType,
      instanceCount: instancesOf(model.spec, settings),
      serverless: serving.mode === "serverless" ? serving : null,
      captureUri,
      capturePercent: monitoring.capturePercent,
      maxBodyKiB: serving.maxBodyKiB,
      maxRecords: serving.maxRecords,
      onlineTable,
      logRetentionDays: settings.logRetentionDays,
      keyArn: key.keyArn,
      alertTopicArn: alerts.topicArn,
      network,
    },
    // The model's data and image are fetched with the role when the endpoint is created.
    { ...opts, dependsOn: [model.baseline.object, ...granted] },
  );
  const capacity = serving.mode === "realtime" ? serving.capacity : null;
  if (capacity !== null) {
    const { endpointName } = endpoint;
    new EndpointScaling(`${name}-scaling`, { endpointName, capacity, tags: names.tags(name) }, opts);
  }
  return { ...model, role, endpoint, captureUri, onlineTable };
}

/** Instances that a fleet begins with: the least that its capacity allows, or the stack's number. */
export const instancesOf = (
  { serving }: WorkloadSpec,
  { servingInstanceCount }: Pick<Settings, "servingInstanceCount">,
): number =>
  (serving.mode === "realtime" ? serving.capacity?.minInstances : undefined) ?? servingInstanceCount;
