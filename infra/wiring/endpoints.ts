import * as pulumi from "@pulumi/pulumi";
import type * as aws from "@pulumi/aws";
import { ModelEndpoint } from "../components/endpoint/model-endpoint.ts";
import type { Foundation } from "./foundation.ts";
import type { Model } from "./models.ts";
import { sageMakerRole } from "./roles.ts";
import type { Stack } from "./stack.ts";

export interface Serving extends Model {
  role: aws.iam.Role;
  endpoint: ModelEndpoint;
  captureUri: pulumi.Output<string>;
}

/** For each workload: an endpoint in service. */
export function serveModels(stack: Stack, foundation: Foundation, models: Model[]): Serving[] {
  const { settings, names, network, opts } = stack;
  const { artifacts, lake, key, alerts, servingImage } = foundation;
  return models.map((model) => {
    const { name, serving, monitoring } = model.spec;
    const role = sageMakerRole(stack, name, "serving");
    const grantee = `${name}-serving`;
    const granted = [
      artifacts.grantReadAll(grantee, role, [`baselines/${name}/`, `models/${name}/`]),
      lake.grantWrite(grantee, role, [`capture/${name}/`]),
      key.grantEncrypt(grantee, role, ["s3"]),
      key.grantVolumes(grantee, role),
      servingImage.grantPull(grantee, role),
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
        instanceCount: settings.servingInstanceCount,
        captureUri,
        capturePercent: monitoring.capturePercent,
        maxBodyKiB: serving.maxBodyKiB,
        maxRecords: serving.maxRecords,
        logRetentionDays: settings.logRetentionDays,
        keyArn: key.keyArn,
        alertTopicArn: alerts.topicArn,
        network,
      },
      // The model's data and image are fetched with the role when the endpoint is created.
      { ...opts, dependsOn: [model.baseline.object, ...granted] },
    );
    return { ...model, role, endpoint, captureUri };
  });
}
