import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import {
  DescribeTrainingJobCommand,
  ListTrainingJobsCommand,
  SageMakerClient,
} from "@aws-sdk/client-sagemaker";
import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { EndpointResponse, Platform, platformParameter } from "@perennial/contracts";
import { documentClient, Ledger } from "@perennial/ledger";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RealClock } from "../../local/clock.ts";
import { type LocalCloud, openCloud } from "../../local/cloud.ts";
import { writeExampleRecord } from "../../local/examples.ts";
import { retrain } from "../../local/retraining.ts";
import { PYTHON } from "../support/trained-model.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const WORKLOADS = readdirSync(join(REPOSITORY, "workloads")).filter((name) =>
  existsSync(join(REPOSITORY, "workloads", name, "workload.ts")),
);
const STACK = "dev";
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
  const clock = new RealClock();
  const alerts: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "perennial-workload-"));
    cloud = await openCloud({
      repository: REPOSITORY,
      stateFolder: folder,
      stack: STACK,
      port: 0,
      python: PYTHON,
      clock,
      settings: { "perennial:workloads": JSON.stringify([name]) },
      onProgress: { alert: (subject) => void alerts.push(subject) },
    });
    await cloud.sageMaker.settled();
    const { Parameter } = await cloud.call("ssm", "GetParameter", { Name: platformParameter(STACK) });
    platform = Platform.parse(JSON.parse((Parameter as { Value: string }).Value));
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

  it("is the same to the last byte when it is retrained from its own snapshot, twice", async () => {
    const first = await newestRetraining();
    const artifacts = [await artifactOf(first.trainingJob ?? "")];
    for (let time = 0; time < 2; time += 1) {
      clock.skip(A_DAY);
      const { verdict } = await ask({ snapshot: first.snapshotSha256 ?? "" });
      expect(verdict?.status).toBe("unchanged");
      const { trainingJob, snapshotSha256 } = await newestRetraining();
      expect(snapshotSha256).toBe(first.snapshotSha256);
      artifacts.push(await artifactOf(trainingJob ?? ""));
    }
    expect(artifacts.map((bytes) => bytes.equals(artifacts[0]!))).toEqual([true, true, true]);
  });

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
