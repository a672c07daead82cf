import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Platform, platformParameter } from "@perennial/contracts";
import { openCloud, type LocalCloud } from "../../local/cloud.ts";
import { writeExampleRecord } from "../../local/examples.ts";
import type { RecordedCall } from "../../local/identity/call-log.ts";
import type { Account, RecordedResource } from "../../local/program/resource.ts";
import { retrain, type RetrainingResult } from "../../local/retraining.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const STACK = "dev";
/** How long a captured invocation may take to be written. */
const CAPTURE_MS = 20_000;
/** How long the tracking server may take to be told, from the end of the rollout. */
const TRACKING_MS = 120_000;

/** What a run of the whole loop left. */
export interface LoopRun {
  result: RetrainingResult;
  account: Account;
  resources: readonly RecordedResource[];
  /** Every call that any role made, each once. */
  calls: RecordedCall[];
}

/**
 * Runs the whole loop of one workload on this machine, from nothing to a verified rollout and an answer that was captured,
 * and takes everything down.
 */
export async function runLoop(workload: string): Promise<LoopRun> {
  const stateFolder = mkdtempSync(join(tmpdir(), "perennial-run-"));
  try {
    const cloud = await openCloud({
      repository: REPOSITORY,
      stateFolder,
      stack: STACK,
      port: 0,
      python: join(REPOSITORY, ".venv/bin/python"),
      settings: { "perennial:workloads": JSON.stringify([workload]) },
    });
    const { account, resources } = cloud;
    let result: RetrainingResult;
    try {
      result = await goRound(cloud, workload, stateFolder);
    } finally {
      await cloud.close();
    }
    return { result, account, resources, calls: readCalls(stateFolder) };
  } finally {
    rmSync(stateFolder, { recursive: true, force: true });
  }
}

async function goRound(cloud: LocalCloud, workload: string, stateFolder: string): Promise<RetrainingResult> {
  await cloud.sageMaker.settled();
  const tracking = cloud.tracking.open();
  const { Parameter } = await cloud.call("ssm", "GetParameter", { Name: platformParameter(STACK) });
  const platform = Platform.parse(JSON.parse((Parameter as { Value: string }).Value));
  const published = platform.workloads.find(({ name }) => name === workload);
  if (published === undefined) throw new Error(`the platform publishes no workload ${workload}`);
  const result = await retrain(cloud, platform, published, "a test asks for it");
  await cloud.call("runtime.sagemaker", "InvokeEndpoint", {
    EndpointName: published.endpoint,
    ContentType: "application/json",
    Body: readFileSync(writeExampleRecord(cloud.resources, workload, stateFolder)).toString("base64"),
  });
  await captured(workload, stateFolder, Date.now() + CAPTURE_MS);
  await tracking;
  await tracked(stateFolder, Date.now() + TRACKING_MS);
  return result;
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

function readCalls(stateFolder: string): RecordedCall[] {
  return readFileSync(join(stateFolder, "calls.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as RecordedCall);
}
