import { text } from "node:stream/consumers";
import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import {
  DescribeModelPackageCommand,
  ListModelPackagesCommand,
  SageMakerClient,
} from "@aws-sdk/client-sagemaker";
import {
  InvokeEndpointCommand,
  SageMakerRuntimeClient,
  type InvokeEndpointCommandInput,
} from "@aws-sdk/client-sagemaker-runtime";
import { DescribeExecutionCommand, ListExecutionsCommand, SFNClient } from "@aws-sdk/client-sfn";
import { BinaryPrediction, EndpointResponse, type EndpointRecord, type Platform } from "@perennial/contracts";
import { documentClient, Ledger } from "@perennial/ledger";
import { loadArtifact } from "@perennial/scoring";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RetrainingResult } from "../../local/retraining.ts";
import { callBoto3 } from "../support/call-boto3.ts";
import { openRetrainedCloud, type RetrainedCloud } from "../support/retrained-cloud.ts";

const WORKLOAD = "hospital-readmission";
const MINUTE = 60_000;

// What a client sees after the first retraining on the real data.
let cloud: RetrainedCloud;
let settings: RetrainedCloud["settings"];
let platform: Platform;
let workload: Platform["workloads"][number];
let first: RetrainingResult;
let record: EndpointRecord;

beforeAll(async () => {
  cloud = await openRetrainedCloud(WORKLOAD);
  ({ settings, platform, workload, first, record } = cloud);
});
afterAll(async () => cloud.close());

const boto3 = (service: string, operation: string, input: Record<string, unknown>) =>
  callBoto3({ url: settings.endpoint, region: platform.region, service, operation, input });

const invoke = (Body: string, more: Partial<InvokeEndpointCommandInput> = {}) =>
  new SageMakerRuntimeClient(settings).send(
    new InvokeEndpointCommand({
      EndpointName: workload.endpoint,
      ContentType: "application/json",
      Body,
      ...more,
    }),
  );

const read = (body: Uint8Array): string => Buffer.from(body).toString("utf8");

const packageOf = (version: number): string =>
  `arn:aws:sagemaker:eu-central-1:123456789012:model-package/${workload.modelPackageGroup}/${version}`;

async function until<Value>(look: () => Promise<Value | null | undefined>): Promise<Value> {
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

describe("boto3 and the AWS SDK for JavaScript, unmodified but for the URL", () => {
  it("get the probability that the artifact in service gives", async () => {
    const Body = JSON.stringify(record);
    const [javaScript, python] = await Promise.all([
      invoke(Body),
      boto3("sagemaker-runtime", "invoke_endpoint", {
        EndpointName: workload.endpoint,
        ContentType: "application/json",
        Body,
      }),
    ]);
    expect(python["Body"]).toBe(read(javaScript.Body));
    const { predictions, model } = EndpointResponse.parse(JSON.parse(read(javaScript.Body)));
    expect([model.version, predictions.length]).toEqual([2, 1]);

    const sageMaker = new SageMakerClient(settings);
    const { InferenceSpecification } = await sageMaker.send(
      new DescribeModelPackageCommand({ ModelPackageName: packageOf(2) }),
    );
    const url = new URL(InferenceSpecification?.Containers?.[0]?.ModelDataUrl ?? "");
    const s3 = new S3Client({ ...settings, forcePathStyle: true });
    const stored = await s3.send(new GetObjectCommand({ Bucket: url.hostname, Key: url.pathname.slice(1) }));
    const artifact = await loadArtifact(Buffer.from(await stored.Body!.transformToByteArray()));
    const [probability] = await artifact.score([record]);
    await artifact.close();
    expect(BinaryPrediction.parse(predictions[0]).probability).toBeCloseTo(probability!, 7);
  });

  it("list the model packages, the baseline first, and describe the one in service", async () => {
    const ModelPackageGroupName = workload.modelPackageGroup;
    const sageMaker = new SageMakerClient(settings);
    const [javaScript, python] = await Promise.all([
      sageMaker.send(new ListModelPackagesCommand({ ModelPackageGroupName, SortOrder: "Ascending" })),
      boto3("sagemaker", "list_model_packages", { ModelPackageGroupName, SortOrder: "Ascending" }),
    ]);
    const told = (list: unknown) =>
      (list as { ModelPackageArn: string; ModelPackageVersion: number; ModelApprovalStatus: string }[]).map(
        (one) => [one.ModelPackageVersion, one.ModelApprovalStatus, one.ModelPackageArn],
      );
    const expected = [
      [1, "Approved", packageOf(1)],
      [2, "Approved", packageOf(2)],
    ];
    expect(told(javaScript.ModelPackageSummaryList)).toEqual(expected);
    expect(told(python["ModelPackageSummaryList"])).toEqual(expected);

    const described = await boto3("sagemaker", "describe_model_package", { ModelPackageName: packageOf(2) });
    expect(described).toMatchObject({
      ModelPackageGroupName,
      ModelPackageVersion: 2,
      ModelApprovalStatus: "Approved",
      ApprovalDescription: first.verdict?.reason,
      CustomerMetadataProperties: { execution: first.execution },
    });
  });

  it("describe the executions of the retraining and of the rollout after it", async () => {
    const stepFunctions = new SFNClient(settings);
    for (const [stateMachineArn, execution] of [
      [workload.retrainStateMachineArn, first.execution],
      [workload.rolloutStateMachineArn, first.rollout?.execution],
    ] as const) {
      const { executions = [] } = await stepFunctions.send(new ListExecutionsCommand({ stateMachineArn }));
      expect(executions.map(({ name, status }) => [name, status])).toEqual([[execution, "SUCCEEDED"]]);
      const executionArn = executions[0]?.executionArn;
      const javaScript = await stepFunctions.send(new DescribeExecutionCommand({ executionArn }));
      const python = await boto3("stepfunctions", "describe_execution", { executionArn });
      expect([python["status"], python["input"], python["output"]]).toEqual([
        "SUCCEEDED",
        javaScript.input,
        javaScript.output,
      ]);
      expect(JSON.parse(javaScript.input ?? "")).toMatchObject({ workload: WORKLOAD, execution });
    }
  });

  it("get each fault of each record in one ModelError", async () => {
    const faulty = { ...record, age: "[200-210)", time_in_hospital: "long" };
    const Body = JSON.stringify({ records: [faulty, record, { ...record, shoe_size: 44 }] });
    const error: unknown = await invoke(Body).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      name: "ModelError",
      OriginalStatusCode: 400,
      $metadata: { httpStatusCode: 424 },
    });
    const { OriginalMessage } = error as { OriginalMessage: string };
    const { faults } = JSON.parse(OriginalMessage) as { faults: { record: number; field: string }[] };
    expect(faults.map((fault) => [fault.record, fault.field])).toEqual([
      [0, "age"],
      [0, "time_in_hospital"],
      [2, "shoe_size"],
    ]);
    const python = await boto3("sagemaker-runtime", "invoke_endpoint", {
      EndpointName: workload.endpoint,
      ContentType: "application/json",
      Body,
    });
    expect(python).toMatchObject({
      Error: { Code: "ModelError" },
      OriginalStatusCode: 400,
      OriginalMessage,
      ResponseMetadata: { HTTPStatusCode: 424 },
    });
  });
});

describe("the endpoint", () => {
  it("answers JSON, JSON Lines and CSV with the same probabilities", async () => {
    const records = [record, { ...record, number_inpatient: "5" }];
    const columns = Object.keys(record);
    const csv = [columns, ...records.map((one) => columns.map((column) => String(one[column])))];
    const json = EndpointResponse.parse(
      JSON.parse(read((await invoke(JSON.stringify({ records }))).Body)),
    ).predictions.map((prediction) => BinaryPrediction.parse(prediction).probability);
    expect(new Set(json).size).toBe(2);

    const jsonLines = await invoke(records.map((one) => `${JSON.stringify(one)}\n`).join(""), {
      ContentType: "application/jsonlines",
      Accept: "application/jsonlines",
    });
    const lines = read(jsonLines.Body).trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { probability: number }).probability)).toEqual(json);

    const table = await invoke(csv.map((row) => row.map((field) => `"${field}"`).join(",")).join("\n"), {
      ContentType: "text/csv",
      Accept: "text/csv",
    });
    const [header = "", ...rows] = read(table.Body).trimEnd().split(/\r?\n/);
    const place = header.split(",").indexOf("probability");
    expect(rows.map((row) => Number(row.split(",")[place]))).toEqual(json);
  });

  it("has each request captured in the lake, in SageMaker's files and lines", async () => {
    const InferenceId = "captured-by-a-test";
    const Body = JSON.stringify(record);
    const { Body: answer } = await invoke(Body, { InferenceId });
    const s3 = new S3Client({ ...settings, forcePathStyle: true });
    const [Bucket, Prefix] = [platform.lakeBucket, `capture/${WORKLOAD}/`];
    const found = await until(async () => {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
      for (const { Key } of Contents.toReversed()) {
        const { Body: stored } = await s3.send(new GetObjectCommand({ Bucket, Key }));
        const lines = (await text(stored as NodeJS.ReadableStream)).trimEnd().split("\n");
        const line = lines.find((one) => one.includes(InferenceId));
        if (line !== undefined) return { Key, line: JSON.parse(line) as unknown };
      }
      return null;
    });
    expect(found.Key).toMatch(
      new RegExp(
        `^${Prefix}${workload.endpoint}/[\\w-]+/\\d{4}/\\d{2}/\\d{2}/\\d{2}/\\d{2}-\\d{2}-\\d{3}-[0-9a-f-]{36}\\.jsonl$`,
      ),
    );
    expect(found.line).toEqual({
      captureData: {
        endpointInput: {
          observedContentType: "application/json",
          mode: "INPUT",
          data: Body,
          encoding: "JSON",
        },
        endpointOutput: {
          observedContentType: "application/json",
          mode: "OUTPUT",
          data: read(answer),
          encoding: "JSON",
        },
      },
      eventMetadata: {
        eventId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        customAttributes: [expect.stringContaining(InferenceId)],
        inferenceId: InferenceId,
        inferenceTime: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/),
      },
      eventVersion: "0",
    });
  });
});

it("holds the retraining that a metric from boto3 asks for until the cool-down is over, then starts it", async () => {
  const ledger = new Ledger(documentClient(new DynamoDBClient(settings)), platform.ledgerTable);
  const monitoring = new CloudWatchClient(settings);
  const AlarmNames = [`perennial-dev-${WORKLOAD}-drift`];
  const alarm = async () =>
    (await monitoring.send(new DescribeAlarmsCommand({ AlarmNames }))).MetricAlarms?.[0]?.StateValue;
  cloud.clock.skip(MINUTE);
  await expect.poll(alarm, { timeout: 20_000 }).toBe("OK");

  const MetricData = [
    {
      MetricName: "DriftedFeatureShare",
      Dimensions: [
        { Name: "Stack", Value: "dev" },
        { Name: "Workload", Value: WORKLOAD },
      ],
      Value: 0.6,
    },
  ];
  await boto3("cloudwatch", "put_metric_data", { Namespace: "Perennial", MetricData });
  cloud.clock.skip(5 * MINUTE);
  await expect.poll(alarm, { timeout: 20_000 }).toBe("ALARM");

  const pending = await until(async () => (await ledger.readAdmission(WORKLOAD, "retrain")).pending);
  expect(pending).toMatchObject({
    count: 1,
    reason: expect.stringMatching(/^the cool-down of 15 minutes since \S+ ends at \S+$/),
  });
  expect(await ledger.listHistory(WORKLOAD, { limit: 9 })).toHaveLength(2);

  cloud.clock.skip(25 * MINUTE);
  const entry = await until(async () => {
    const [newest] = await ledger.listHistory(WORKLOAD, { limit: 1 });
    return newest?.execution === first.rollout?.execution ? null : newest;
  });
  expect(entry).toMatchObject({
    kind: "retraining",
    outcome: "unchanged",
    version: null,
    cause: { kind: "drift", reason: expect.stringContaining("[0.6] was greater than the threshold (0.3)") },
  });
  const sageMaker = new SageMakerClient(settings);
  const { ModelPackageSummaryList } = await sageMaker.send(
    new ListModelPackagesCommand({ ModelPackageGroupName: workload.modelPackageGroup }),
  );
  expect(ModelPackageSummaryList).toHaveLength(2);
});
