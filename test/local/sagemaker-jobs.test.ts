import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import {
  CreateProcessingJobCommand,
  CreateTrainingJobCommand,
  type CreateTrainingJobCommandInput,
  DescribeProcessingJobCommand,
  DescribeTrainingJobCommand,
  ListTrainingJobsCommand,
  SageMakerClient,
  StopTrainingJobCommand,
} from "@aws-sdk/client-sagemaker";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { unpack } from "../../local/sagemaker/archive.ts";
import { clientFor, newStateFolder, putRole } from "./open-test-gateway.ts";
import { JOB_IMAGE, openTestSageMaker, until, type TestSageMaker } from "./open-test-sagemaker.ts";

const stateFolder = newStateFolder();
let cloud: TestSageMaker;
let admin: SageMakerClient;
let s3: S3Client;

beforeAll(async () => {
  cloud = await openTestSageMaker(stateFolder);
  admin = new SageMakerClient(clientFor(cloud.gateway));
  s3 = new S3Client(clientFor(cloud.gateway));
  await s3.send(new CreateBucketCommand({ Bucket: "lake" }));
  await put("open/prepared/rows.csv", "a,b");
  await put("open/prepared/more/x.csv", "c");
  await put("sealed/holdout.csv", "secret");
  await put("open/bad/rows.csv", "bad");
});

beforeEach(() => {
  cloud.events.length = 0;
  cloud.metrics.length = 0;
  cloud.lines.length = 0;
});

afterAll(() => cloud.close());

describe("a training job", () => {
  it("gets its channels, runs, and leaves one archive that is the same for the same files", async () => {
    const done = await train("good");
    const again = await train("good-again");
    expect(done).toMatchObject({
      TrainingJobStatus: "Completed",
      SecondaryStatus: "Completed",
      ModelArtifacts: { S3ModelArtifacts: "s3://lake/open/models/good/output/model.tar.gz" },
      FinalMetricDataList: [{ MetricName: "validation:auc", Value: 0.67 }],
    });
    expect(done.SecondaryStatusTransitions?.map(({ Status }) => Status)).toEqual([
      "Starting",
      "Downloading",
      "Training",
      "Uploading",
      "Completed",
    ]);
    const [bytes, other] = await Promise.all(["good", "good-again"].map((name) => artifact(name)));
    expect(again.TrainingJobStatus).toBe("Completed");
    expect(bytes?.equals(other ?? Buffer.alloc(0))).toBe(true);
    const folder = newStateFolder();
    await unpack(bytes ?? Buffer.alloc(0), folder);
    expect(JSON.parse(readFileSync(join(folder, "model.json"), "utf8"))).toEqual({
      data: { "rows.csv": "a,b" },
      resumed: [],
      credentials: false,
    });
    expect(existsSync(join(stateFolder, "jobs", "good"))).toBe(false);
    expect(cloud.lines.slice(0, 2)).toEqual([
      { group: "/aws/sagemaker/TrainingJobs", line: "metric name=validation_auc value=0.61 round=1" },
      { group: "/aws/sagemaker/TrainingJobs", line: "metric name=validation_auc value=0.67 round=2" },
    ]);
    expect(cloud.metrics.map(({ value }) => value)).toEqual([0.61, 0.67, 0.61, 0.67]);
    expect(cloud.events.map(({ type, detail }) => [type, detail["TrainingJobStatus"]]).slice(0, 2)).toEqual([
      ["SageMaker Training Job State Change", "InProgress"],
      ["SageMaker Training Job State Change", "Completed"],
    ]);
  });

  it("fails with its owner's mistake as the reason, and leaves no artifact", async () => {
    const job = await train("bad", { HyperParameters: { do: "fail" } });
    expect([job.TrainingJobStatus, job.FailureReason, job.ModelArtifacts]).toEqual([
      "Failed",
      "AlgorithmError: max_depth is 99, expected 1 to 12, exit code: 1",
      undefined,
    ]);
    await expect(artifact("bad")).rejects.toMatchObject({ name: "NoSuchKey" });
  });

  it("cannot read what its role may not", async () => {
    const job = await train("peeking", channel("s3://lake/sealed/"));
    expect(job.FailureReason).toBe(
      "ClientError: User: arn:aws:sts::123456789012:assumed-role/execution/local is not authorized to perform: " +
        "s3:ListBucket on resource: arn:aws:s3:::lake, because no policy of role execution or of the resource allows it",
    );
  });

  it("fails where its channel is empty", async () => {
    const job = await train("empty", channel("s3://lake/open/nothing/"));
    expect(job.FailureReason).toBe(
      'ClientError: Data download failed: No S3 objects found under S3 URL "s3://lake/open/nothing/"',
    );
  });

  it("stops when asked, keeps its checkpoints, and the next job starts from them", async () => {
    const CheckpointConfig = { S3Uri: "s3://lake/open/checkpoints/1/" };
    await admin.send(
      new CreateTrainingJobCommand(request("stopped", { HyperParameters: { do: "wait" }, CheckpointConfig })),
    );
    await until(
      () => admin.send(new DescribeTrainingJobCommand({ TrainingJobName: "stopped" })),
      () => cloud.lines.length >= 2,
    );
    await admin.send(new StopTrainingJobCommand({ TrainingJobName: "stopped" }));
    const job = await ended("stopped");
    expect([job.TrainingJobStatus, job.SecondaryStatus, job.ModelArtifacts]).toEqual([
      "Stopped",
      "Stopped",
      undefined,
    ]);
    await expect(admin.send(new StopTrainingJobCommand({ TrainingJobName: "stopped" }))).rejects.toThrow(
      "The job stopped is Stopped; only one that is InProgress can be stopped.",
    );
    await train("resumed", { CheckpointConfig });
    const folder = newStateFolder();
    await unpack(await artifact("resumed"), folder);
    expect(JSON.parse(readFileSync(join(folder, "model.json"), "utf8"))).toMatchObject({
      resumed: ["round-2"],
    });
  });

  it("is killed when it is deaf to its time limit", async () => {
    const job = await train("deaf", {
      HyperParameters: { do: "hang" },
      StoppingCondition: { MaxRuntimeInSeconds: 1 },
    });
    expect([job.TrainingJobStatus, job.SecondaryStatus]).toEqual(["Stopped", "MaxRuntimeExceeded"]);
  });

  it("leaves nothing when it is killed half-way", async () => {
    cloud.gateway.faults.killJob(/^killed$/, { afterLine: 1 });
    const job = await train("killed", { HyperParameters: { do: "hang" } });
    expect([job.TrainingJobStatus, job.FailureReason, job.ModelArtifacts]).toEqual([
      "Failed",
      "AlgorithmError: , exit code: 137",
      undefined,
    ]);
  });

  it("needs a role that trusts SageMaker, which the caller may pass", async () => {
    const RoleArn = putRole(cloud.gateway, "for-lambda", [], "lambda.amazonaws.com");
    await expect(admin.send(new CreateTrainingJobCommand(request("untrusted", { RoleArn })))).rejects.toThrow(
      `Could not assume role ${RoleArn}: the trust policy of role for-lambda doesn't let sagemaker.amazonaws.com assume it`,
    );
    putRole(cloud.gateway, "starter", [{ Action: "sagemaker:CreateTrainingJob", Resource: "*" }]);
    const starter = new SageMakerClient(clientFor(cloud.gateway, "starter"));
    await expect(starter.send(new CreateTrainingJobCommand(request("unpassed")))).rejects.toThrow(
      `is not authorized to perform: iam:PassRole on resource: ${cloud.roleArn}`,
    );
  });

  it("keeps its name for good, and is listed with its status", async () => {
    await expect(admin.send(new CreateTrainingJobCommand(request("good")))).rejects.toMatchObject({
      name: "ResourceInUse",
    });
    const { TrainingJobSummaries } = await admin.send(
      new ListTrainingJobsCommand({ StatusEquals: "Stopped" }),
    );
    expect(TrainingJobSummaries?.map(({ TrainingJobName }) => TrainingJobName)).toEqual(["deaf", "stopped"]);
  });
});

describe("a processing job", () => {
  it("writes what it made where its outputs go", async () => {
    const job = await prepare("prepared", "s3://lake/open/prepared/");
    expect(job.ProcessingJobStatus).toBe("Completed");
    const { Body } = await s3.send(
      new GetObjectCommand({ Bucket: "lake", Key: "open/out/prepared/rows.txt" }),
    );
    expect(await Body?.transformToString()).toBe("A,B");
  });

  it("says why it failed in its exit message, and writes nothing", async () => {
    const job = await prepare("spoiled", "s3://lake/open/bad/");
    expect([job.ProcessingJobStatus, job.ExitMessage, job.FailureReason]).toEqual([
      "Failed",
      "rows.csv has no header",
      "AlgorithmError: See job logs for more information, exit code: 1",
    ]);
    const { KeyCount } = await s3.send(
      new ListObjectsV2Command({ Bucket: "lake", Prefix: "open/out/spoiled/" }),
    );
    expect(KeyCount).toBe(0);
  });
});

it("ends as failed, with an event, what a local cloud that was killed left running", async () => {
  const folder = newStateFolder();
  const unfinished = { name: "cut-off", arn: "arn:cut-off", status: "InProgress", createdAt: 1 };
  const jobs = join(folder, "registry", "TrainingJobs");
  mkdirSync(jobs, { recursive: true });
  writeFileSync(join(jobs, "cut-off.json"), JSON.stringify(unfinished));
  const other = await openTestSageMaker(folder);
  try {
    await other.sageMaker.resume();
    const job = await new SageMakerClient(clientFor(other.gateway)).send(
      new DescribeTrainingJobCommand({ TrainingJobName: "cut-off" }),
    );
    expect([job.TrainingJobStatus, job.FailureReason]).toEqual([
      "Failed",
      "InternalServerError: the local cloud ended while the job ran. Start it again.",
    ]);
    expect(other.events.map(({ detail }) => detail["TrainingJobStatus"])).toEqual(["Failed"]);
  } finally {
    await other.close();
  }
});

function put(Key: string, Body: string) {
  return s3.send(new PutObjectCommand({ Bucket: "lake", Key, Body }));
}

async function artifact(name: string): Promise<Buffer> {
  const Key = `open/models/${name}/output/model.tar.gz`;
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "lake", Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

function channel(S3Uri: string): Partial<CreateTrainingJobCommandInput> {
  const S3DataSource = { S3DataType: "S3Prefix" as const, S3Uri };
  return { InputDataConfig: [{ ChannelName: "train", DataSource: { S3DataSource } }] };
}

function request(
  TrainingJobName: string,
  more: Partial<CreateTrainingJobCommandInput> = {},
): CreateTrainingJobCommandInput {
  return {
    TrainingJobName,
    RoleArn: cloud.roleArn,
    AlgorithmSpecification: {
      TrainingImage: JOB_IMAGE,
      TrainingInputMode: "File",
      MetricDefinitions: [
        { Name: "validation:auc", Regex: "metric name=validation_auc value=([-+0-9.eE]+)" },
      ],
    },
    ...channel("s3://lake/open/prepared/rows"),
    OutputDataConfig: { S3OutputPath: "s3://lake/open/models/" },
    ResourceConfig: { InstanceType: "ml.m5.large", InstanceCount: 1, VolumeSizeInGB: 10 },
    StoppingCondition: { MaxRuntimeInSeconds: 600 },
    EnableNetworkIsolation: true,
    ...more,
  };
}

function ended(TrainingJobName: string) {
  return until(
    () => admin.send(new DescribeTrainingJobCommand({ TrainingJobName })),
    ({ TrainingJobStatus }) => TrainingJobStatus !== "InProgress" && TrainingJobStatus !== "Stopping",
  );
}

async function train(name: string, more: Partial<CreateTrainingJobCommandInput> = {}) {
  await admin.send(new CreateTrainingJobCommand(request(name, more)));
  return ended(name);
}

async function prepare(ProcessingJobName: string, S3Uri: string) {
  await admin.send(
    new CreateProcessingJobCommand({
      ProcessingJobName,
      RoleArn: cloud.roleArn,
      AppSpecification: { ImageUri: JOB_IMAGE, ContainerArguments: ["prepare"] },
      ProcessingInputs: [
        {
          InputName: "raw",
          S3Input: {
            S3Uri,
            LocalPath: "/opt/ml/processing/input/raw",
            S3DataType: "S3Prefix",
            S3InputMode: "File",
          },
        },
      ],
      ProcessingOutputConfig: {
        Outputs: [
          {
            OutputName: "prepared",
            S3Output: {
              S3Uri: `s3://lake/open/out/${ProcessingJobName}/`,
              LocalPath: "/opt/ml/processing/output/prepared",
              S3UploadMode: "EndOfJob",
            },
          },
        ],
      },
      ProcessingResources: {
        ClusterConfig: { InstanceCount: 1, InstanceType: "ml.m5.large", VolumeSizeInGB: 10 },
      },
    }),
  );
  return until(
    () => admin.send(new DescribeProcessingJobCommand({ ProcessingJobName })),
    ({ ProcessingJobStatus }) => ProcessingJobStatus !== "InProgress",
  );
}
