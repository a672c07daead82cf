import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Manifest } from "@perennial/contracts";
import { afterAll, beforeAll, expect, it } from "vitest";
import { constantGraph } from "../../infra/components/endpoint/constant-graph.ts";
import { changedRepository } from "../support/changed-repository.ts";
import { changed, openRolloutCloud, type RolloutCloud } from "../support/rollout-cloud.ts";

const WORKLOAD = "hospital-readmission";
const REALTIME = 'serving: { mode: "realtime", maxRecords: 1000, maxBodyKiB: 1024 }';
const SERVERLESS =
  'serving: { mode: "serverless", maxRecords: 1000, maxBodyKiB: 1024, memoryMiB: 2048, maxConcurrency: 5 }';

const folder = mkdtempSync(join(tmpdir(), "perennial-serverless-"));
let rollouts: RolloutCloud;

beforeAll(async () => {
  rollouts = await openRolloutCloud(WORKLOAD, {
    settings: { "perennial:rollout": "" },
    repository: changedRepository(folder, WORKLOAD, REALTIME, SERVERLESS),
  });
});

afterAll(async () => {
  await rollouts.close();
  rmSync(folder, { recursive: true });
});

const liveConfig = async (): Promise<Record<string, unknown>> => {
  const { live: EndpointConfigName } = await rollouts.leftovers();
  return await rollouts.cloud.call("sagemaker", "DescribeEndpointConfig", { EndpointConfigName });
};

it("puts the first model in service without instances, and verifies it there", async () => {
  // The first one is the baseline's.
  expect((await rollouts.pointer())?.version).toBe(2);
  const config = await liveConfig();
  expect(config["ProductionVariants"]).toMatchObject([
    { VariantName: "primary", ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 5 } },
  ]);
  expect(config["DataCaptureConfig"]).toBeUndefined();
});

it("goes back by itself where a model answers everybody alike", async () => {
  const before = await rollouts.pointer();
  const { inputs } = JSON.parse(String(rollouts.trained["manifest.json"])) as Manifest;
  const numbers = inputs.filter(({ type }) => ["number", "integer", "date"].includes(type)).length;
  const graph = constantGraph({ strings: inputs.length - numbers, numbers }, [0.12]);
  const entry = await rollouts.rollOut(changed(rollouts.trained, { "model.onnx": Buffer.from(graph) }));
  expect([entry.outcome, entry.summary]).toEqual([
    "rolled-back",
    expect.stringContaining("it answers every probe alike (0.12)"),
  ]);
  const { live } = await rollouts.leftovers();
  expect([live, await rollouts.pointer()]).toEqual([before?.endpointConfigName, before]);
});
