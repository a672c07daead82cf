import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  type CreateEndpointConfigCommandInput,
  CreateModelCommand,
  DescribeEndpointCommand,
  type ProductionVariant,
  SageMakerClient,
  UpdateEndpointCommand,
} from "@aws-sdk/client-sagemaker";
import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { afterAll, beforeAll, expect, it } from "vitest";
import { clientFor } from "./open-test-gateway.ts";
import {
  modelThatSays,
  openTestSageMaker,
  SERVING_IMAGE,
  type TestSageMaker,
} from "./open-test-sagemaker.ts";

const EndpointName = "perennial-dev-quiet";
const ServerlessConfig = { MemorySizeInMB: 2048, MaxConcurrency: 5 };
let cloud: TestSageMaker;
let admin: SageMakerClient;
let runtime: SageMakerRuntimeClient;

beforeAll(async () => {
  cloud = await openTestSageMaker();
  admin = new SageMakerClient(clientFor(cloud.gateway));
  runtime = new SageMakerRuntimeClient(clientFor(cloud.gateway));
  const s3 = new S3Client(clientFor(cloud.gateway));
  await s3.send(new CreateBucketCommand({ Bucket: "lake" }));
  for (const ModelName of ["one", "two"]) {
    const Key = `open/models/${ModelName}.tar.gz`;
    await s3.send(new PutObjectCommand({ Bucket: "lake", Key, Body: await modelThatSays(ModelName) }));
    const PrimaryContainer = { Image: SERVING_IMAGE, ModelDataUrl: `s3://lake/${Key}` };
    await admin.send(
      new CreateModelCommand({ ModelName, ExecutionRoleArn: cloud.roleArn, PrimaryContainer }),
    );
    await configure(ModelName, { ModelName, ServerlessConfig });
  }
  await admin.send(new CreateEndpointCommand({ EndpointName, EndpointConfigName: "one" }));
  await cloud.sageMaker.settled();
});

afterAll(() => cloud.close());

async function configure(
  EndpointConfigName: string,
  variant: Partial<ProductionVariant>,
  more: Partial<CreateEndpointConfigCommandInput> = {},
): Promise<void> {
  const ProductionVariants = [{ VariantName: "primary", ModelName: "one", ...variant }];
  await admin.send(new CreateEndpointConfigCommand({ EndpointConfigName, ProductionVariants, ...more }));
}

const invoke = async (Body: string) => {
  const answer = await runtime.send(
    new InvokeEndpointCommand({ EndpointName, Body, ContentType: "text/plain" }),
  );
  return JSON.parse(Buffer.from(answer.Body).toString()) as { model: string };
};

it("answers, and takes bodies of at most 4 MiB", async () => {
  expect((await invoke("which")).model).toBe("one");
  await expect(invoke("x".repeat(4 * 1024 * 1024 + 1))).rejects.toThrow(
    "The body is 4194305 bytes, expected at most 4194304.",
  );
});

it.each<[string, Partial<ProductionVariant>, Partial<CreateEndpointConfigCommandInput>, string]>([
  [
    "captures",
    { ServerlessConfig },
    {
      DataCaptureConfig: {
        InitialSamplingPercentage: 100,
        DestinationS3Uri: "s3://lake/open/",
        CaptureOptions: [{ CaptureMode: "Input" }],
      },
    },
    "A serverless endpoint captures no data.",
  ],
  [
    "has instances as well",
    { ServerlessConfig, InstanceType: "ml.m5.large" },
    {},
    "ProductionVariants: primary: expected either InstanceType or ServerlessConfig",
  ],
  ["has neither", {}, {}, "ProductionVariants: primary: expected either InstanceType or ServerlessConfig"],
])("refuses a configuration that %s", async (_, variant, more, message) => {
  await expect(configure("wrong", variant, more)).rejects.toThrow(message);
});

it("moves all at once, and is refused with a plan for its traffic", async () => {
  const update = { EndpointName, EndpointConfigName: "two" };
  const TrafficRoutingConfiguration = { Type: "ALL_AT_ONCE" as const, WaitIntervalInSeconds: 0 };
  const DeploymentConfig = { BlueGreenUpdatePolicy: { TrafficRoutingConfiguration } };
  await expect(admin.send(new UpdateEndpointCommand({ ...update, DeploymentConfig }))).rejects.toThrow(
    "A serverless endpoint is updated all at once: expected no DeploymentConfig.",
  );
  await admin.send(new UpdateEndpointCommand(update));
  await cloud.sageMaker.settled();
  const { EndpointConfigName } = await admin.send(new DescribeEndpointCommand({ EndpointName }));
  expect([EndpointConfigName, (await invoke("which")).model]).toEqual(["two", "two"]);
});
