import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Platform } from "@perennial/contracts";
import type { EndpointRecord } from "@perennial/contracts";
import { documentClient, Ledger } from "@perennial/ledger";
import type { RealClock } from "../../local/clock.ts";
import { type LocalCloud } from "../../local/cloud.ts";
import type { RecordedCall } from "../../local/identity/call-log.ts";
import type { Account, RecordedResource } from "../../local/program/resource.ts";
import { retrain, type RetrainingResult } from "../../local/retraining.ts";
import { mondayClock } from "./monday-clock.ts";
import { readPlatform } from "../../local/published.ts";
import { openTestCloud, STACK } from "./test-cloud.ts";

/** How long a captured invocation may take to be written. */
const CAPTURE_MS = 20_000;
/** How long the tracking server may take to be told, from the end of the rollout. */
const TRACKING_MS = 120_000;

/** Longer than any workload's cool-down, and into the next day's budget. */
const A_DAY = 25 * 60 * 60_000;

/** What a run of the whole loop left. */
export interface LoopRun {
  result: RetrainingResult;
  /** How the retraining from the first one's snapshot went. */
  again: RetrainingResult;
  account: Account;
  resources: readonly RecordedResource[];
  /** Every call that any role made, each once. */
  calls: RecordedCall[];
}

/**
 * Runs the whole loop of one workload on this machine, from nothing to a verified rollout and an answer that was captured,
 * and once more from the snapshot of its data; then takes everything down.
 *
 * @param record what the endpoint is asked.
 */
export async function runLoop(workload: string, record: EndpointRecord): Promise<LoopRun> {
  const stateFolder = mkdtempSync(join(tmpdir(), "perennial-run-"));
  try {
    const clock = mondayClock();
    const cloud = await openTestCloud(stateFolder, {
      clock,

      workloads: [workload],
    });
    const { account, resources } = cloud;
    let results: Pick<LoopRun, "result" | "again">;
    try {
      results = await goRound(cloud, clock, workload, record, stateFolder);
    } finally {
      await cloud.close();
    }
    return { ...results, account, resources, calls: readCalls(stateFolder) };
  } finally {
    rmSync(stateFolder, { recursive: true, force: true });
  }
}

async function goRound(
  cloud: LocalCloud,
  clock: RealClock,
  workload: string,
  record: EndpointRecord,
  stateFolder: string,
): Promise<Pick<LoopRun, "result" | "again">> {
  await cloud.sageMaker.settled();
  const tracking = cloud.tracking.open();
  const platform = await readPlatform(cloud, STACK);
  const published = platform.workloads.find(({ name }) => name === workload);
  if (published === undefined) throw new Error(`the platform publishes no workload ${workload}`);
  const result = await retrain(cloud, platform, published, "a test asks for it");
  await cloud.call("runtime.sagemaker", "InvokeEndpoint", {
    EndpointName: published.endpoint,
    ContentType: "application/json",
    Body: Buffer.from(JSON.stringify(record)).toString("base64"),
  });
  await askOverHttp(cloud, workload, record);
  await captured(workload, stateFolder, Date.now() + CAPTURE_MS);
  const snapshot = await snapshotOf(cloud, platform, workload);
  clock.skip(A_DAY);
  const again = await retrain(cloud, platform, published, "a test asks for it again", { snapshot });
  await tracking;
  await tracked(stateFolder, Date.now() + TRACKING_MS);
  return { result, again };
}

async function askOverHttp(
  { httpApis }: LocalCloud,
  workload: string,
  record: EndpointRecord,
): Promise<void> {
  const [keyFile = ""] = httpApis.keys.files;
  const response = await fetch(`${httpApis.url}/v1/${workload}/predict`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": readFileSync(keyFile, "utf8") },
    body: JSON.stringify(record),
  });
  if (!response.ok) throw new Error(`the HTTP API answered ${response.status}: ${await response.text()}`);
}

async function snapshotOf({ url }: LocalCloud, platform: Platform, workload: string): Promise<string> {
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const client = new DynamoDBClient({ endpoint: url, region: platform.region, credentials });
  const entries = await new Ledger(documentClient(client), platform.ledgerTable).listHistory(workload, {
    limit: 9,
  });
  const sha256 = entries.find((entry) => entry.kind === "retraining")?.snapshotSha256;
  if (typeof sha256 !== "string") throw new Error(`the first retraining of ${workload} left no snapshot`);
  return sha256;
}

async function captured(workload: string, stateFolder: string, until: number): Promise<void> {
  while (!readCalls(stateFolder).some(({ resource }) => resource.includes(`/capture/${workload}/`))) {
    if (Date.now() > until) throw new Error(`no invocation of ${workload} was captured in ${CAPTURE_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** Waits until a run has its artifacts and a message is done with. */
async function tracked(stateFolder: string, until: number): Promise<void> {
  const isTold = (): boolean => {
    const calls = readCalls(stateFolder).filter(({ role }) => role.endsWith("-track-model"));
    return (
      calls.some(({ resource }) => resource.includes("/tracking/")) &&
      calls.some(({ action }) => action === "sqs:DeleteMessage")
    );
  };
  while (!isTold()) {
    if (Date.now() > until) throw new Error(`the tracking server was told nothing in ${TRACKING_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** Every call that any role of a local cloud made, each once. */
export function readCalls(stateFolder: string): RecordedCall[] {
  return readFileSync(join(stateFolder, "calls.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as RecordedCall);
}
