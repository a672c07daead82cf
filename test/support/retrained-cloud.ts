import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Platform } from "@perennial/contracts";
import type { EndpointRecord } from "@perennial/contracts";
import type { RealClock } from "../../local/clock.ts";
import { writeExampleRecord } from "../../local/examples.ts";
import { retrain, type RetrainingResult } from "../../local/retraining.ts";
import { mondayClock } from "./monday-clock.ts";
import { readPlatform } from "../../local/published.ts";
import { openTestCloud, STACK } from "./test-cloud.ts";

/** A local cloud on the real data, after a workload's first retraining. */
export interface RetrainedCloud {
  /** What an AWS SDK for JavaScript is made with: only the endpoint tells it from AWS. */
  settings: {
    endpoint: string;
    region: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
  };
  platform: Platform;
  workload: Platform["workloads"][number];
  /** How the retraining went. */
  first: RetrainingResult;
  /** A record that the workload's endpoint takes. */
  record: EndpointRecord;
  clock: RealClock;
  close(): Promise<void>;
}

export async function openRetrainedCloud(name: string): Promise<RetrainedCloud> {
  const stateFolder = mkdtempSync(join(tmpdir(), "perennial-retrained-"));
  const clock = mondayClock();
  const cloud = await openTestCloud(stateFolder, {
    clock,
    workloads: [name],
  });
  const close = async (): Promise<void> => {
    await cloud.close();
    rmSync(stateFolder, { recursive: true, force: true });
  };
  try {
    await cloud.sageMaker.settled();
    const platform = await readPlatform(cloud, STACK);
    const workload = platform.workloads.find((one) => one.name === name);
    if (workload === undefined) throw new Error(`the platform publishes no workload ${name}`);
    const first = await retrain(cloud, platform, workload, "a client wants a model");
    const text = readFileSync(writeExampleRecord(cloud.resources, name, stateFolder), "utf8");
    const record = JSON.parse(text) as EndpointRecord;
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const settings = { endpoint: cloud.url, region: platform.region, credentials };
    return { settings, platform, workload, first, record, clock, close };
  } catch (error) {
    await close();
    throw error;
  }
}
