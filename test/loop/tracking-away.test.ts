import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Platform } from "@perennial/contracts";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { TrackedModel } from "../../apps/cli/tracking.ts";
import { type LocalCloud } from "../../local/cloud.ts";
import { ApiError } from "../../local/gateway/interfaces.ts";
import { writeInstance } from "../../local/instance.ts";
import { retrain, type RetrainingResult } from "../../local/retraining.ts";
import { perennial } from "../support/running-program.ts";
import { readPlatform } from "../../local/published.ts";
import { openTestCloud, STACK } from "../support/test-cloud.ts";

const WORKLOAD = "injury-duration";

// A retraining while MLflow is away, told as a story: each test begins where the one before it ended.
let folder: string;
let cloud: LocalCloud;
let platform: Platform;
let result: RetrainingResult;
/** Requests to MLflow that nobody answered. */
let inVain = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "perennial-tracking-away-"));
  cloud = await openTestCloud(folder, {
    workloads: [WORKLOAD],
  });
  cloud.gateway.register("mlflow", () => {
    inVain += 1;
    throw new ApiError("InternalError", "no space left on device", 507);
  });
  await cloud.sageMaker.settled();
  platform = await readPlatform(cloud, STACK);
  const { url } = cloud;
  writeInstance(folder, { url, pid: process.pid, stack: STACK, region: platform.region });
});

afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 500));
}

/** Messages in a queue of the stack, in sight or not. */
async function messagesIn(name: string): Promise<number> {
  const { QueueUrl } = await cloud.call("sqs", "GetQueueUrl", { QueueName: `perennial-${STACK}-${name}` });
  const { Attributes } = await cloud.call("sqs", "GetQueueAttributes", { QueueUrl, AttributeNames: ["All"] });
  const counts = Attributes as Record<string, string>;
  return (
    Number(counts["ApproximateNumberOfMessages"]) + Number(counts["ApproximateNumberOfMessagesNotVisible"])
  );
}

async function listed() {
  const { code, out, err } = await perennial("models", "list", WORKLOAD, "--json", "--state", folder);
  const { models } = JSON.parse(out) as { models: { version: number; tracked: TrackedModel | null }[] };
  return { code, err, models: models.map(({ version, tracked }) => ({ version, tracked })) };
}

it("stops neither a retraining nor a rollout, and keeps what it was to be told", async () => {
  const [workload] = platform.workloads;
  result = await retrain(cloud, platform, workload!, "new data while MLflow is out of disk");
  expect([result.status, result.verdict?.status, result.rollout?.status]).toEqual([
    "SUCCEEDED",
    "better",
    "SUCCEEDED",
  ]);
  await until(async () => inVain > 0);
  expect([(await messagesIn("tracking")) > 0, await messagesIn("tracking-dead-letters")]).toEqual([true, 0]);
});

it("is told beside SageMaker's registry, which answers all the same", async () => {
  const { code, err, models } = await listed();
  expect([code, models]).toEqual([
    0,
    [
      { version: 2, tracked: null },
      { version: 1, tracked: null },
    ],
  ]);
  expect(err).toMatch(/^tracking: unreachable \(answered 507 InternalError: no space left on device\)\n$/);
});

it("is told of it all when it comes back", async () => {
  cloud.gateway.register("mlflow", cloud.tracking.handle);
  await cloud.tracking.open();
  await until(async () => (await messagesIn("tracking")) === 0);
  const { err, models } = await listed();
  expect(err).toBe("");
  expect(models).toEqual([
    {
      version: 2,
      tracked: {
        version: 2,
        aliases: ["champion"],
        runId: expect.stringMatching(/^[0-9a-f]{32}$/),
        runUrl: null,
      },
    },
    { version: 1, tracked: { version: 1, aliases: [], runId: null, runUrl: null } },
  ]);
  expect(await messagesIn("tracking-dead-letters")).toBe(0);
});
