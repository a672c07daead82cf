import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import type { HistoryEntry } from "@perennial/contracts";
import type { RealClock } from "../../local/clock.ts";
import { type LocalCloud } from "../../local/cloud.ts";
import { writeExampleRecord } from "../../local/examples.ts";
import { mondayClock } from "../support/monday-clock.ts";
import { openTestCloud } from "../support/test-cloud.ts";

const WORKLOAD = "hospital-readmission";
const ENDPOINT = `perennial-dev-${WORKLOAD}`;
const MACHINE = `arn:aws:states:eu-central-1:123456789012:stateMachine:${ENDPOINT}`;
const COOL_DOWN = 16 * 60_000;

// One loop on the real data, told as a story: each test begins where the one before it ended.
let folder: string;
let clock: RealClock;
let cloud: LocalCloud;

const open = () =>
  openTestCloud(folder, {
    clock,
    workloads: [WORKLOAD],
  });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "perennial-loop-"));
  clock = mondayClock();
  cloud = await open();
  await cloud.sageMaker.settled();
});

afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Item {
  [name: string]: { S?: string; N?: string; M?: Item };
}

async function historyOf(
  kind: HistoryEntry["kind"],
): Promise<{ outcome?: string; stage?: string; summary?: string }[]> {
  const { Items } = await cloud.call("dynamodb", "Query", {
    TableName: "perennial-dev-ledger",
    KeyConditionExpression: "pk = :pk AND begins_with(sk, :history)",
    ExpressionAttributeValues: { ":pk": { S: `workload#${WORKLOAD}` }, ":history": { S: "history#" } },
  });
  return (Items as Item[])
    .filter((item) => item["kind"]?.S === kind)
    .map(({ outcome, stage, summary }) => ({
      ...(outcome?.S === undefined ? {} : { outcome: outcome.S }),
      ...(stage?.S === undefined ? {} : { stage: stage.S }),
      ...(summary?.S === undefined ? {} : { summary: summary.S }),
    }));
}

async function item(sk: string): Promise<Item | undefined> {
  const Key = { pk: { S: `workload#${WORKLOAD}` }, sk: { S: sk } };
  const { Item } = await cloud.call("dynamodb", "GetItem", { TableName: "perennial-dev-ledger", Key });
  return Item as Item | undefined;
}

async function executions(kind: "retrain" | "rollout"): Promise<string[]> {
  const listed = await cloud.call("states", "ListExecutions", { stateMachineArn: `${MACHINE}-${kind}` });
  return (listed["executions"] as { status: string }[]).map(({ status }) => status).toReversed();
}

async function answeringVersion(): Promise<number> {
  const Body = readFileSync(writeExampleRecord(cloud.resources, WORKLOAD, folder)).toString("base64");
  const input = { EndpointName: ENDPOINT, ContentType: "application/json", Body };
  const answer = await cloud.call("runtime.sagemaker", "InvokeEndpoint", input);
  const { model } = JSON.parse(Buffer.from(String(answer["Body"]), "base64").toString()) as {
    model: { version: number };
  };
  return model.version;
}

const request = (detailType: string, detail: Record<string, unknown>) =>
  cloud.bus.put({
    source: "perennial",
    "detail-type": detailType,
    detail: { stack: "dev", workload: WORKLOAD, requestedBy: "test", ...detail },
  });

/** Waits for `isTrue`, looking at it twice a second. */
async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 500));
}

/**
 * Waits for the history's `count`th entry of a kind, and until the door is free again: a workflow records its outcome before
 * it has ended.
 */
async function outcomes(kind: "retraining" | "rollout", count: number): Promise<void> {
  await until(async () => (await historyOf(kind)).length >= count);
  const door = kind === "retraining" ? "retrain" : "rollout";
  await until(async () => (await item(`admission#${door}`))?.["holder"]?.M === undefined);
}

const liveConfig = async () =>
  (await cloud.call("sagemaker", "DescribeEndpoint", { EndpointName: ENDPOINT }))["EndpointConfigName"];

it("answers with the baseline before anything was trained", async () => {
  expect(await answeringVersion()).toBe(0);
});

it("retrains once for a duplicated event and a racing one, although calls are throttled on the way", async () => {
  cloud.bus.injectDuplicates(({ source }) => (source === "perennial" ? 2 : 0));
  cloud.gateway.faults.throttle("sagemaker", "CreateTrainingJob", 1);
  cloud.gateway.faults.throttle("dynamodb", "PutItem", 2);
  cloud.gateway.faults.throttle("sagemaker", "CreateModelPackage", 1);
  cloud.gateway.faults.throttle("s3", "GetObject", 1);
  cloud.gateway.faults.silentRollback(ENDPOINT);
  request("Retraining Requested", { reason: "one" });
  request("Retraining Requested", { reason: "two" });
  await outcomes("retraining", 1);
  cloud.bus.injectDuplicates(() => 0);
  expect(await executions("retrain")).toEqual(["SUCCEEDED"]);
  expect(await historyOf("retraining")).toMatchObject([{ outcome: "better" }]);
  expect(Number((await item("admission#retrain"))?.["pending"]?.M?.["count"]?.N)).toBe(1);
});

it("keeps the champion when the endpoint rolls back without a word, and says so in the history", async () => {
  await until(async () => (await executions("rollout")).some((status) => status !== "RUNNING"));
  expect(await executions("rollout")).toEqual(["FAILED"]);
  expect(await historyOf("rollout")).toMatchObject([{ outcome: "kept" }]);
  expect(await liveConfig()).toBe(`${ENDPOINT}-baseline`);
  expect(await item("pointer")).toBeUndefined();
  expect(await answeringVersion()).toBe(0);
});

it("puts the version in service when it is promoted, and moves the pointer after that is verified", async () => {
  await until(async () => (await item("admission#rollout"))?.["holder"]?.M === undefined);
  request("Rollout Requested", { kind: "promote", version: 2, reason: "the update was rolled back" });
  await outcomes("rollout", 2);
  expect(await historyOf("rollout")).toMatchObject([{ outcome: "kept" }, { outcome: "in-service" }]);
  const pointer = await item("pointer");
  expect(pointer?.["version"]?.N).toBe("2");
  expect(await liveConfig()).toBe(pointer?.["endpointConfigName"]?.S);
  expect(await answeringVersion()).toBe(2);
});

it("records a killed job, frees the lease and leaves the champion in service", async () => {
  cloud.gateway.faults.killJob(/-train-0$/, { afterMs: 500 });
  // The sweep lets in what was held back in the beginning. A request of our own would race with it.
  clock.skip(COOL_DOWN);
  await outcomes("retraining", 2);
  const [, killed] = await historyOf("retraining");
  expect(killed).toMatchObject({ outcome: "failed", stage: "train" });
  expect(await executions("retrain")).toEqual(["SUCCEEDED", "FAILED"]);
  expect(await answeringVersion()).toBe(2);
});

it("retrains because a metric from an SDK drives the drift alarm, and leaves an identical model unregistered", async () => {
  clock.skip(COOL_DOWN);
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const client = new CloudWatchClient({ endpoint: cloud.url, region: "eu-central-1", credentials });
  const { Dimensions, MetricName } = cloud.alarms.get(`${ENDPOINT}-drift`)!.alarm;
  const MetricData = [{ MetricName, Dimensions, Value: 0.9, Timestamp: new Date(clock.now()) }];
  await client.send(new PutMetricDataCommand({ Namespace: "Perennial", MetricData }));
  // The alarm's period is five minutes.
  clock.skip(5 * 60_000);
  await outcomes("retraining", 3);
  expect((await historyOf("retraining")).at(-1)).toMatchObject({ outcome: "unchanged" });
  const listing = { stateMachineArn: `${MACHINE}-retrain` };
  const { executions: listed } = await cloud.call("states", "ListExecutions", listing);
  const [{ executionArn }] = listed as [{ executionArn: string }];
  const { input } = await cloud.call("states", "DescribeExecution", { executionArn });
  const { cause } = JSON.parse(String(input)) as { cause: { kind: string; reason: string } };
  expect([cause.kind, cause.reason]).toEqual([
    "drift",
    expect.stringContaining("[0.9] was greater than the threshold"),
  ]);
  expect(await answeringVersion()).toBe(2);
});

it("comes back after a restart with champion, registry and history, and ends what was cut off as aborted", async () => {
  clock.skip(COOL_DOWN);
  request("Retraining Requested", { reason: "cut off" });
  await until(async () => (await executions("retrain")).includes("RUNNING"));
  const before = await historyOf("rollout");
  await cloud.close();
  cloud = await open();
  await cloud.sageMaker.settled();
  expect(await answeringVersion()).toBe(2);
  expect(await historyOf("rollout")).toEqual(before);
  const { ModelPackageSummaryList } = await cloud.call("sagemaker", "ListModelPackages", {
    ModelPackageGroupName: ENDPOINT,
  });
  const versions = (ModelPackageSummaryList as { ModelPackageVersion: number }[]).map(
    (one) => one.ModelPackageVersion,
  );
  expect(new Set(versions)).toEqual(new Set([1, 2]));
  await outcomes("retraining", 4);
  expect((await historyOf("retraining")).at(-1)).toMatchObject({ outcome: "aborted" });
  expect(await executions("retrain")).toEqual(["SUCCEEDED", "FAILED", "SUCCEEDED", "ABORTED"]);
});
