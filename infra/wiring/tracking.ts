import * as pulumi from "@pulumi/pulumi";
import { DeadLetters } from "../components/alerts/dead-letters.ts";
import { ServiceRole } from "../components/identity/service-role.ts";
import type { Prefix } from "../components/storage/private-bucket.ts";
import { EventQueue } from "../components/tracking/event-queue.ts";
import { TrackingApp } from "../components/tracking/tracking-app.ts";
import * as patterns from "../components/triggers/patterns.ts";
import { stateMachinesOf } from "./doors.ts";
import type { Foundation } from "./foundation.ts";
import { type Bundles, deployStep } from "./functions.ts";
import type { Stack } from "./stack.ts";
import { perWorkload } from "./steps.ts";
import type { Loop } from "./workflows.ts";

/** Folder of the artifact bucket where runs keep their artifacts. */
const RUN_ARTIFACTS: Prefix = "tracking/";
/** Most time for one batch of messages: a search of 200 trials is a thousand requests. */
const HANDLING_SECONDS = 900;
/** With the function's own postponements this is four and a half days. */
const ATTEMPTS = 60;

/**
 * What tells MLflow about retrainings and versions, after the fact: no workflow waits for it or fails with it.
 *
 * @returns the app that they are told to.
 */
export function trackModels(stack: Stack, foundation: Foundation, loops: Loop[], code: Bundles): TrackingApp {
  const { names, settings, opts } = stack;
  const { accountId } = settings;
  const { alerts, artifacts, key, ledger } = foundation;
  const app = deployApp(stack, foundation);
  const deadLetters = new DeadLetters(
    "tracking-dead-letters",
    {
      queueName: names.shared("tracking-dead-letters"),
      keyArn: key.keyArn,
      accountId,
      rulePattern: names.arn("events", `rule/${names.prefix}-tracking-*`),
      alertTopicArn: alerts.topicArn,
    },
    opts,
  );
  const source = (name: string, description: string, pattern: pulumi.Input<object>) => ({
    name,
    ruleName: names.shared(`tracking-${name}`),
    description,
    pattern,
  });
  const machines = loops.flatMap(({ retrain, rollout }) => [
    retrain.stateMachineArn,
    rollout.stateMachineArn,
  ]);
  const groups = loops.map(({ registry }) => registry.groupName);
  const queue = new EventQueue(
    "tracking",
    {
      queueName: names.shared("tracking"),
      keyArn: key.keyArn,
      accountId,
      sources: [
        source(
          "executions",
          "Tells the tracking server of retrainings and rollouts",
          pulumi.all(machines).apply(patterns.executionEnded),
        ),
        source(
          "versions",
          "Tells the tracking server of versions",
          pulumi.all(groups).apply(patterns.versionChanged),
        ),
      ],
      deadLetterQueueArn: deadLetters.queueArn,
      attempts: ATTEMPTS,
      handlingSeconds: HANDLING_SECONDS,
    },
    opts,
  );
  const folders = (...kinds: string[]): Prefix[] =>
    loops.flatMap(({ spec }) => kinds.map((kind) => `${kind}/${spec.name}/` as const));
  const track = deployStep(stack, foundation, code, "track-model", {
    description: "Writes retrainings and versions to the tracking server",
    environment: {
      LEDGER_TABLE: ledger.table.name,
      ARTIFACT_BUCKET: artifacts.bucket.bucket,
      TRACKING_APP: app.appArn,
      QUEUE_URL: queue.queueUrl,
      WORKLOADS: perWorkload(loops, ({ registry }) => ({ modelPackageGroup: registry.groupName })),
      STATE_MACHINES: stateMachinesOf(loops),
    },
    timeoutSeconds: HANDLING_SECONDS,
    memoryMiB: 1024,
    grants: (grantee, role) => [
      app.grantCall(grantee, role),
      queue.grantConsume(grantee, role),
      ledger.grantRead(grantee, role),
      ledger.grantReadHistory(grantee, role),
      artifacts.grantRead(grantee, role, folders("audits", "cards", "evaluations", "models", "verdicts")),
      // Past the app, as MLflow's own clients do it.
      artifacts.grantWrite(grantee, role, [RUN_ARTIFACTS]),
      key.grantDecrypt(grantee, role, ["dynamodb", "sqs"]),
      key.grantEncrypt(grantee, role, ["s3"]),
      ...loops.flatMap(({ registry }) => [
        registry.grantRead(grantee, role),
        registry.grantList(grantee, role),
      ]),
    ],
  });
  queue.feed(track.function);
  return app;
}

function deployApp({ names, settings, opts }: Stack, { artifacts, key }: Foundation): TrackingApp {
  const appName = names.shared("tracking");
  const { role } = new ServiceRole(
    "tracking",
    {
      roleName: appName,
      description: `MLflow app ${appName}`,
      service: "sagemaker.amazonaws.com",
      accountId: settings.accountId,
      // The app's own ARN holds an id that nobody knows before it is there.
      sourceArn: names.arn("sagemaker", "*"),
    },
    opts,
  );
  return new TrackingApp(
    "tracking",
    {
      appName,
      role,
      granted: [
        artifacts.grantReadAll("tracking", role, [RUN_ARTIFACTS]),
        artifacts.grantWrite("tracking", role, [RUN_ARTIFACTS]),
        key.grantEncrypt("tracking", role, ["s3"]),
      ],
      artifactStoreUri: pulumi.interpolate`s3://${artifacts.bucket.bucket}/${RUN_ARTIFACTS.slice(0, -1)}`,
    },
    opts,
  );
}
