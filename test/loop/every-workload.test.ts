import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import {
  DescribeTrainingJobCommand,
  ListTrainingJobsCommand,
  SageMakerClient,
} from "@aws-sdk/client-sagemaker";
import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import type { Platform } from "@perennial/contracts";
import { EndpointResponse } from "@perennial/contracts";
import { documentClient, Ledger } from "@perennial/ledger";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LocalCloud } from "../../local/cloud.ts";
import { writeExampleRecord } from "../../local/examples.ts";
import { readReplay } from "../../local/replay/declaration.ts";
import { runReplay } from "../../local/replay/replay.ts";
import { retrain } from "../../local/retraining.ts";
import { mondayClock } from "../support/monday-clock.ts";
import { readPlatform } from "../../local/published.ts";
import { openTestCloud, STACK } from "../support/test-cloud.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const WORKLOADS = readdirSync(join(REPOSITORY, "workloads")).filter((name) =>
  existsSync(join(REPOSITORY, "workloads", name, "workload.ts")),
);
const DAY_MS = 24 * 60 * 60_000;
/** Longer than any workload's cool-down, and into the next day's budget. */
const A_DAY = 25 * 60 * 60_000;

// One test for all workloads: whatever they predict, the platform does the same with them. Each test of a workload begins
// where the one before it ended.
describe.each(WORKLOADS)("%s", (name) => {
  let folder: string;
  let cloud: LocalCloud;
  let platform: Platform;
  let workload: Platform["workloads"][number];
  let ledger: Ledger;
  let settings: {
    endpoint: string;
    region: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
  };
  const clock = mondayClock();
  const alerts: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "perennial-workload-"));
    cloud = await openTestCloud(folder, {
      clock,
      workloads: [name],
      onProgress: { alert: (subject) => void alerts.push(subject) },
    });
    await cloud.sageMaker.settled();
    platform = await readPlatform(cloud, STACK);
    workload = platform.workloads[0]!;
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    settings = { endpoint: cloud.url, region: platform.region, credentials };
    ledger = new Ledger(documentClient(new DynamoDBClient(settings)), platform.ledgerTable);
  });

  afterAll(async () => {
    await cloud.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = async (wishes: { snapshot?: string } = {}) =>
    await retrain(cloud, platform, workload, "a test asks for it", wishes);

  /** What the endpoint answers to a client that knows nothing but its name. */
  async function predict(): Promise<EndpointResponse> {
    const { Body } = await new SageMakerRuntimeClient(settings).send(
      new InvokeEndpointCommand({
        EndpointName: workload.endpoint,
        ContentType: "application/json",
        Body: readFileSync(writeExampleRecord(cloud.resources, name, folder)),
      }),
    );
    return EndpointResponse.parse(JSON.parse(Buffer.from(Body).toString("utf8")));
  }

  async function newestRetraining() {
    const entries = await ledger.listHistory(name, { limit: 9 });
    const newest = entries.find((entry) => entry.kind === "retraining");
    if (newest === undefined) throw new Error(`${name} has no retraining in its history`);
    return newest;
  }

  async function trainingJobs(): Promise<string[]> {
    const { TrainingJobSummaries = [] } = await new SageMakerClient(settings).send(
      new ListTrainingJobsCommand({ MaxResults: 100 }),
    );
    return TrainingJobSummaries.map(({ TrainingJobName }) => String(TrainingJobName));
  }

  async function artifactOf(TrainingJobName: string): Promise<Buffer> {
    const job = await new SageMakerClient(settings).send(new DescribeTrainingJobCommand({ TrainingJobName }));
    return await cloud.read(job.ModelArtifacts?.S3ModelArtifacts ?? "");
  }

  async function objects(Prefix: string): Promise<{ key: string; text: string }[]> {
    const s3 = new S3Client({ ...settings, forcePathStyle: true });
    const { Contents = [] } = await s3.send(
      new ListObjectsV2Command({ Bucket: platform.lakeBucket, Prefix }),
    );
    return await Promise.all(
      Contents.map(async ({ Key: key = "" }) => {
        const bytes = await cloud.read(`s3://${platform.lakeBucket}/${key}`);
        return { key, text: bytes.toString("utf8") };
      }),
    );
  }

  it("answers with its baseline before anything was trained", async () => {
    const { model, predictions } = await predict();
    expect([model, predictions.length]).toEqual([{ workload: name, version: 0, artifact: "baseline" }, 1]);
  });

  it("is retrained, judged better than its baseline, and put in service", async () => {
    const { status, verdict, registration, rollout } = await ask();
    expect([status, verdict?.status, registration?.version, rollout?.status]).toEqual([
      "SUCCEEDED",
      "better",
      2,
      "SUCCEEDED",
    ]);
    expect((await predict()).model.version).toBe(2);
    expect(await newestRetraining()).toMatchObject({
      outcome: "better",
      version: 2,
      snapshotSha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      gateUri: expect.stringMatching(/\/gate\.json$/) as string,
      cardUri: expect.stringMatching(/\/card\.json$/) as string,
    });
  });

  it("is the same to the last byte when it is retrained from its own snapshot", async () => {
    const first = await newestRetraining();
    clock.skip(A_DAY);
    const { verdict } = await ask({ snapshot: first.snapshotSha256 ?? "" });
    expect(verdict?.status).toBe("unchanged");
    const second = await newestRetraining();
    expect([second.snapshotSha256, second.execution === first.execution]).toEqual([
      first.snapshotSha256,
      false,
    ]);
    const [one, other] = await Promise.all(
      [first, second].map(({ trainingJob }) => artifactOf(trainingJob ?? "")),
    );
    expect(one!.length).toBeGreaterThan(0);
    expect(one!.equals(other!)).toBe(true);
  });

  // Not all declare what comes after their data.
  it.each([name].filter((one) => existsSync(join(REPOSITORY, "workloads", one, "replay"))))(
    "is replayed: each record of each batch is captured, and its label follows in virtual time",
    async () => {
      const { folder: declared, replay: whole } = readReplay(join(REPOSITORY, "workloads"), name);
      // Closer together than declared, so that all of them come before the week's end.
      const replay = { ...whole, everyDays: 0.25, labelsAfterDays: 0.125 };
      const surroundings = { cloud, clock, platform, workload };
      const say = (): void => undefined;
      const batches = await runReplay({ ...surroundings, replay, folder: declared, mostRows: 40, say });
      expect(
        batches.map((batch) => [
          batch.name,
          batch.drift,
          [batch.requests, batch.records, batch.refused],
          [batch.captured, batch.labels, batch.joined],
          batch.versions,
          batch.isWhole,
        ]),
      ).toEqual(
        whole.batches.map((batch) => [batch.name, batch.drift, [40, 40, 0], [40, 40, 40], [2], true]),
      );
      expect(
        batches.map(
          ({ sentAt, labelledAt }) => Date.parse(labelledAt) - Date.parse(sentAt) >= 0.125 * DAY_MS,
        ),
      ).toEqual(whole.batches.map(() => true));

      // What the replay says of itself is read from the lake once more, by another hand.
      const captures = (await objects(`capture/${name}/`)).flatMap(
        // Less those that a rollout probed its models with.
        ({ text }) => text.match(/"inferenceId":"(?!probe-)[^"]+"/g) ?? [],
      );
      const labels = await objects(`labels/${name}/`);
      const ids = labels.flatMap(({ text }) => text.match(/"eventId":"[^"]+"/g) ?? []);
      expect(labels.map(({ key }) => key).toSorted()).toEqual(
        batches.map(({ labelsKey }) => labelsKey).toSorted(),
      );
      expect(ids).toHaveLength(40 * whole.batches.length);
      expect(new Set(captures.map((text) => text.split(":")[1]))).toEqual(
        new Set(ids.map((text) => text.split(":")[1])),
      );
    },
  );

  it("isn't trained from data that its gate refuses: an outcome with an alert, and no training job", async () => {
    const before = await trainingJobs();
    alerts.length = 0;
    await new S3Client({ ...settings, forcePathStyle: true }).send(
      new PutObjectCommand({
        Bucket: platform.lakeBucket,
        Key: `raw/${name}/spoilt.csv`,
        Body: "nonsense\n1\n",
      }),
    );
    clock.skip(A_DAY);
    const { status, verdict, reason } = await ask();
    expect([status, verdict, reason?.split(":")[0]]).toEqual(["SUCCEEDED", null, "The data is refused"]);
    expect(await newestRetraining()).toMatchObject({ outcome: "data-refused", trainingJob: null });
    expect(alerts).toContain(`Perennial: data of ${name} was refused`);
    expect(await trainingJobs()).toEqual(before);
    expect((await predict()).model.version).toBe(2);
  });
});
