import {
  CreateTransformJobCommand,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeTransformJobCommand,
} from "@aws-sdk/client-sagemaker";
import { expect, it } from "vitest";
import { openStack, PLATFORM, WORKLOAD } from "./stack.ts";

const FOLDER = `s3://${PLATFORM.lakeBucket}/batch/${WORKLOAD}/`;
const IN = `${FOLDER}in.jsonl.gz`;
const OUT = `${FOLDER}out/`;

/** A stack whose live endpoint runs a model on one machine, and whose job ends so. */
function transforming(end: { TransformJobStatus: "Completed" | "Failed"; FailureReason?: string }) {
  const stack = openStack();
  stack.sageMaker
    .on(DescribeEndpointCommand)
    .resolves({ EndpointConfigName: "live" })
    .on(DescribeEndpointConfigCommand, { EndpointConfigName: "live" })
    .resolves({
      ProductionVariants: [{ VariantName: "a", ModelName: "model-3", InstanceType: "ml.m5.large" }],
    })
    .on(CreateTransformJobCommand)
    .resolves({})
    .on(DescribeTransformJobCommand)
    .resolvesOnce({ TransformJobStatus: "InProgress" })
    .resolves(end);
  const run = (...more: string[]) =>
    stack.run("batch", WORKLOAD, "--on", "sagemaker", "--input", IN, "--output", OUT, ...more);
  return { ...stack, run };
}

it("asks for a job with the live model, joined with its input, and waits for its end", async () => {
  const stack = transforming({ TransformJobStatus: "Completed" });
  expect(await stack.run("--json")).toBe(0);
  const [{ args } = { args: [] }] = stack.sageMaker.commandCalls(CreateTransformJobCommand);
  const { TransformJobName, ...job } = args[0]?.input ?? {};
  expect(TransformJobName).toMatch(new RegExp(`^${WORKLOAD}-batch-[0-9a-f]{12}$`));
  expect(job).toEqual({
    ModelName: "model-3",
    BatchStrategy: "MultiRecord",
    MaxPayloadInMB: 6,
    Environment: { PERENNIAL_MAX_BODY_KIB: "6144", PERENNIAL_MAX_RECORDS: "100000" },
    TransformInput: {
      DataSource: { S3DataSource: { S3DataType: "S3Prefix", S3Uri: IN } },
      ContentType: "application/jsonlines",
      SplitType: "Line",
      CompressionType: "Gzip",
    },
    TransformOutput: { S3OutputPath: OUT, Accept: "application/jsonlines", AssembleWith: "Line" },
    DataProcessing: { JoinSource: "Input" },
    TransformResources: { InstanceType: "ml.m5.large", InstanceCount: 1 },
  });
  expect(JSON.parse(stack.written.out)).toEqual({
    workload: WORKLOAD,
    job: TransformJobName,
    status: "Completed",
    reason: null,
    input: IN,
    output: OUT,
  });
});

it("fails with a job that fails, and says why", async () => {
  const stack = transforming({ TransformJobStatus: "Failed", FailureReason: "a line was refused" });
  expect(await stack.run()).toBe(1);
  expect(stack.written.out).toMatch(/ ended as Failed: a line was refused\.\n$/);
});

it.each([
  [
    ["--input", `${FOLDER}in.csv`],
    `${FOLDER}in.csv is CSV: a transform job takes JSON Lines, where each line stands by itself.`,
  ],
  [
    ["--input", "in.jsonl"],
    `--input is in.jsonl: SageMaker scores ${WORKLOAD} in ${FOLDER} only, expected a place below it.`,
  ],
  [
    ["--output", "s3://elsewhere/out/"],
    `--output is s3://elsewhere/out/: SageMaker scores ${WORKLOAD} in ${FOLDER} only, expected a place below it.`,
  ],
  [["--on", "emr"], '--on is "emr", expected here or sagemaker.'],
])("asks for nothing with %j", async (more, message) => {
  const stack = transforming({ TransformJobStatus: "Completed" });
  expect([await stack.run(...more), stack.written.err]).toEqual([2, `perennial: ${message}\n`]);
  expect(stack.sageMaker.commandCalls(CreateTransformJobCommand)).toEqual([]);
});
