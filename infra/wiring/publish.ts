import { type FunctionName, FUNCTIONS, platformParameter } from "@perennial/contracts";
import * as pulumi from "@pulumi/pulumi";
import { PlatformParameters } from "../components/platform/platform-parameters.ts";
import type { TrackingApp } from "../components/tracking/tracking-app.ts";
import { JOB_LOG_GROUPS } from "../components/training/job-logs.ts";
import type { Foundation } from "./foundation.ts";
import { isDeployed } from "./functions.ts";
import type { Stack } from "./stack.ts";
import type { Loop } from "./workflows.ts";

/** Publishes what the stack holds, for the command line and for people. */
export function publish(
  { settings, names, opts }: Stack,
  { lake, artifacts, ledger, online, servingImage }: Foundation,
  loops: Loop[],
  tracking: TrackingApp,
  httpApi: { url: pulumi.Input<string>; auth: "key" | "jwt" | "iam" } | null,
) {
  const { stack, region, accountId } = settings;
  const parameterName = platformParameter(stack);
  new PlatformParameters(
    "platform",
    {
      platformName: parameterName,
      platform: {
        stack,
        region,
        accountId,
        ledgerTable: ledger.table.name,
        // Events of AWS services arrive on the account's default bus only.
        eventBus: "default",
        lakeBucket: lake.bucket.bucket,
        artifactBucket: artifacts.bucket.bucket,
        onlineTable: online.table.name,
        trackingApp: tracking.appArn,
        ...(httpApi === null ? {} : { httpApi }),
        logGroups: {
          ...Object.fromEntries(
            (Object.keys(FUNCTIONS) as FunctionName[])
              .filter((name) => isDeployed(settings, name))
              .map((name) => [name, names.functionLogGroup(name)]),
          ),
          ...JOB_LOG_GROUPS,
          ...(httpApi === null ? {} : { "http-api": names.httpApiLogGroup }),
          ...Object.fromEntries(
            loops.map(({ spec }) => [`endpoint/${spec.name}`, names.endpointLogGroup(spec.name)]),
          ),
        },
        workloads: loops.map(({ spec, registry, endpoint, retrain, rollout, stored, baseline }) => ({
          name: spec.name,
          title: spec.title,
          endpoint: endpoint.endpointName,
          modelPackageGroup: registry.groupName,
          retrainStateMachineArn: retrain.stateMachineArn,
          rolloutStateMachineArn: rollout.stateMachineArn,
          specUri: stored.specUri,
          baselineUri: baseline.uri,
        })),
      },
      servingImageName: names.servingImageParameter,
      servingImageUri: servingImage.imageUri,
    },
    // A changed image is rolled out by the workflow, which must know it by then.
    { ...opts, dependsOn: loops.map(({ rollout }) => rollout) },
  );
  return {
    platform: parameterName,
    endpoints: pulumi.output(
      Object.fromEntries(loops.map(({ spec, endpoint }) => [spec.name, endpoint.endpointName])),
    ),
  };
}
