import { join } from "node:path";
import { Alerts } from "../components/alerts/alerts.ts";
import { EncryptionKey } from "../components/encryption/encryption-key.ts";
import { ContainerImage } from "../components/images/container-image.ts";
import { ArtifactStore } from "../components/storage/artifact-store.ts";
import { DataLake } from "../components/storage/data-lake.ts";
import { LedgerTable } from "../components/table/ledger-table.ts";
import { OnlineTable } from "../components/table/online-table.ts";
import { JobLogs } from "../components/training/job-logs.ts";
import type { Workload } from "../workloads.ts";
import type { Stack } from "./stack.ts";

const REPOSITORY = join(import.meta.dirname, "../..");

export type Foundation = ReturnType<typeof layFoundation>;

/** What all workloads share: key, alerts, buckets, ledger, online states, images. */
export function layFoundation({ settings, names, opts }: Stack, workloads: Workload[]) {
  const { accountId, region, protect, logRetentionDays, recoveryDays } = settings;
  const alarmPattern = names.arn("cloudwatch", `alarm:${names.prefix}-*`);
  const key = new EncryptionKey(
    "key",
    {
      alias: names.keyAlias,
      accountId,
      region,
      deletionWindowDays: settings.kmsDeletionWindowDays,
      rulePattern: names.arn("events", `rule/${names.prefix}-*`),
      alarmPattern,
      logGroupPattern: names.arn("logs", "log-group:*"),
      protect,
    },
    opts,
  );
  const { keyArn } = key;
  const alerts = new Alerts(
    "alerts",
    { topicName: names.alertTopic, keyArn, accountId, alarmPattern, email: settings.alertEmail },
    opts,
  );
  const lake = new DataLake(
    "lake",
    {
      bucketName: names.lakeBucket,
      keyArn,
      recoveryDays,
      preparedDays: settings.preparedDays,
      captureDays: settings.captureDays,
      protect,
    },
    opts,
  );
  const artifacts = new ArtifactStore(
    "artifacts",
    { bucketName: names.artifactBucket, keyArn, recoveryDays, protect },
    opts,
  );
  const ledger = new LedgerTable(
    "ledger",
    { tableName: names.ledgerTable, keyArn, workloads: workloads.map(({ spec }) => spec.name), protect },
    opts,
  );
  const online = new OnlineTable(
    "online",
    { tableName: names.onlineTable, keyArn, workloads: workloads.map(({ spec }) => spec.name), protect },
    opts,
  );
  const trainingImage = new ContainerImage(
    "training-image",
    {
      imageUri: settings.trainingImageUri,
      repositoryName: names.shared("training"),
      keyArn,
      contextPath: join(REPOSITORY, "training-images/tabular"),
      dockerfilePath: join(REPOSITORY, "training-images/tabular/Dockerfile"),
      protect,
    },
    opts,
  );
  const servingImage = new ContainerImage(
    "serving-image",
    {
      imageUri: settings.servingImageUri,
      repositoryName: names.shared("serving"),
      keyArn,
      // The whole repository, less what .dockerignore leaves out: the container is built from several packages.
      contextPath: REPOSITORY,
      dockerfilePath: join(REPOSITORY, "apps/serving/Dockerfile"),
      protect,
    },
    opts,
  );
  if (settings.ownsJobLogs) new JobLogs("job-logs", { logRetentionDays, keyArn }, opts);
  return { key, alerts, lake, artifacts, ledger, online, trainingImage, servingImage };
}
