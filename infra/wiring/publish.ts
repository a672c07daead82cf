import { type FunctionName, FUNCTIONS, LIVE_ALIAS, platformParameter } from "@perennial/contracts";
import * as pulumi from "@pulumi/pulumi";
import { PlatformParameters } from "../components/platform/platform-parameters.ts";
import type { TrackingApp } from "../components/tracking/tracking-app.ts";
import { JOB_LOG_GROUPS } from "../components/training/job-logs.ts";
import type { Foundation } from "./foundation.ts";
import { isDeployed } from "./functions.ts";
import type { Stack } from "./stack.ts";
import { type EndpointServing, hasEndpoint } from "./endpoints.ts";
import type { FunctionServing } from "./scoring-functions.ts";
import type { Loop } from "./workflows.ts";

type Answering = Pick<EndpointServing, "endpoint"> | Pick<FunctionServing, "scoring">;

/** Publishes what the stack holds, for the command line and for people. */
export function publish(
  { settings, names, opts }: Stack,
  { lake, artifacts, ledger, online, servingImage }: Foundation,
  loops: Loop[],
  tracking: TrackingApp,
  httpApi: { url: pulumi.Input<string>; auth: "key" | "jwt" | "iam" } | null,
) {
  const { stack, region, accountId } = settings;
  const specs = loops.map(({ spec }) => spec);
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
              .filter((name) => isDeployed(settings, specs, name))
              .map((name) => [name, names.functionLogGroup(name)]),
          ),
          ...JOB_LOG_GROUPS,
          ...(httpApi === null ? {} : { "http-api": names.httpApiLogGroup }),
          ...Object.fromEntries(
            loops.map((loop) =>
              hasEndpoint(loop)
                ? [`endpoint/${loop.spec.name}`, names.endpointLogGroup(loop.spec.name)]
                : [`scoring/${loop.spec.name}`, names.scoringLogGroup(loop.spec.name)],
            ),
          ),
        },
        workloads: loops.map(({ spec, registry, retrain, rollout, stored, baseline, ...serving }) => ({
          name: spec.name,
          title: spec.title,
          ...answering(serving),
          modelPackageGroup: registry.groupName,
          retrainStateMachineArn: retrain.stateMachineArn,
          rolloutStateMachineArn: rollout.stateMachineArn,
          specUri: stored.specUri,
          baselineUri: baseline.uri,
        })),
      },
      servingImageName: names.servingImageParameter,
      servingImageUri: servingImage.imageUri,
      scoringCode: Object.fromEntries(
        loops.flatMap((loop) =>
          hasEndpoint(loop) ? [] : [[names.scoringCodeParameter(loop.spec.name), loop.scoring.codeSha256]],
        ),
      ),
    },
    // A changed image or function is rolled out by the workflow, which must know it by then.
    { ...opts, dependsOn: loops.map(({ rollout }) => rollout) },
  );
  return {
    platform: parameterName,
    endpoints: pulumi.output(
      Object.fromEntries(loops.map((loop) => [loop.spec.name, answering(loop).endpoint])),
    ),
  };
}

/** What answers for a workload, and how it is asked. */
const answering = (serving: Answering) =>
  "endpoint" in serving
    ? { endpoint: serving.endpoint.endpointName }
    : { endpoint: serving.scoring.functionName, functionAlias: LIVE_ALIAS };
