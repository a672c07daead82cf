import * as aws from "@pulumi/aws";
import { expect, it } from "vitest";
import { ModelEndpoint, type ModelEndpointArgs } from "../../../infra/components/endpoint/model-endpoint.ts";
import { naming } from "../../../infra/naming.ts";
import { deploy, type Registered } from "../../support/deploy.ts";

const KEY = "arn:aws:kms:eu-central-1:123456789012:key/k";
const args = (changes: Partial<ModelEndpointArgs> = {}): ModelEndpointArgs => ({
  workload: "churn",
  names: naming({ stack: "dev", accountId: "123456789012", region: "eu-central-1" }),
  role: new aws.iam.Role("serving", { name: "serving", assumeRolePolicy: "{}" }),
  imageUri: "registry/serving@sha256:1",
  baselineUri: "s3://artifacts/baselines/churn/1/model.tar.gz",
  instanceType: "ml.t2.medium",
  instanceCount: 1,
  serverless: null,
  captureUri: "s3://lake/capture/churn/",
  capturePercent: 100,
  maxBodyKiB: 512,
  maxRecords: 1000,
  onlineTable: null,
  logRetentionDays: 14,
  keyArn: KEY,
  alertTopicArn: "arn:aws:sns:eu-central-1:123456789012:alerts",
  network: undefined,
  ...changes,
});
const deployed = async (changes: Partial<ModelEndpointArgs> = {}) =>
  await deploy(() => new ModelEndpoint("churn", args(changes)));
const find = (resources: Registered[], type: string) => resources.find((resource) => resource.type === type);

it("is in service with the baseline, isolated from the network, before anything was trained", async () => {
  const resources = await deployed();
  expect(find(resources, "aws:sagemaker/endpoint:Endpoint")?.inputs).toEqual({
    name: "perennial-dev-churn",
    endpointConfigName: "perennial-dev-churn-baseline",
    tags: { "perennial:workload": "churn" },
  });
  expect(find(resources, "aws:sagemaker/model:Model")?.inputs).toEqual({
    name: "perennial-dev-churn-baseline",
    executionRoleArn: "arn:aws:iam::123456789012:role/serving",
    enableNetworkIsolation: true,
    primaryContainer: {
      image: "registry/serving@sha256:1",
      modelDataUrl: "s3://artifacts/baselines/churn/1/model.tar.gz",
      environment: {
        PERENNIAL_MODEL_VERSION: "0",
        PERENNIAL_MAX_BODY_KIB: "512",
        PERENNIAL_MAX_RECORDS: "1000",
      },
    },
    tags: { "perennial:workload": "churn" },
  });
});

it("that looks states up knows their table and may reach it", async () => {
  const onlineTable = "arn:aws:dynamodb:eu-central-1:123456789012:table/perennial-dev-online";
  const model = find(await deployed({ onlineTable }), "aws:sagemaker/model:Model");
  expect(model?.inputs["enableNetworkIsolation"]).toBe(false);
  expect(model?.inputs["primaryContainer"].environment).toEqual({
    PERENNIAL_MODEL_VERSION: "0",
    PERENNIAL_MAX_BODY_KIB: "512",
    PERENNIAL_MAX_RECORDS: "1000",
    PERENNIAL_ONLINE_TABLE: onlineTable,
  });
});

it("captures requests and answers as they are", async () => {
  const configuration = find(await deployed(), "aws:sagemaker/endpointConfiguration:EndpointConfiguration");
  expect(configuration?.inputs["dataCaptureConfig"]).toEqual({
    enableCapture: true,
    initialSamplingPercentage: 100,
    destinationS3Uri: "s3://lake/capture/churn/",
    kmsKeyId: KEY,
    captureOptions: [{ captureMode: "Input" }, { captureMode: "Output" }],
    captureContentTypeHeader: {
      jsonContentTypes: ["application/json", "application/jsonlines"],
      csvContentTypes: ["text/csv"],
    },
  });
});

it("leaves to the rollout what is live, and never takes a rollback target away", async () => {
  const resources = await deployed();
  expect(find(resources, "aws:sagemaker/endpoint:Endpoint")?.opts).toEqual({
    ignoreChanges: ["endpointConfigName", "deploymentConfig"],
  });
  expect(find(resources, "aws:sagemaker/model:Model")?.opts).toEqual({
    retainOnDelete: true,
    ignoreChanges: ["primaryContainer", "vpcConfig", "executionRoleArn"],
  });
  expect(find(resources, "aws:sagemaker/endpointConfiguration:EndpointConfiguration")?.opts).toEqual({
    retainOnDelete: true,
    ignoreChanges: ["productionVariants", "dataCaptureConfig", "kmsKeyArn"],
  });
});

it("runs in a network of the account where one is given, with the interfaces that takes", async () => {
  const network = { subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"] };
  const resources = await deployed({ network });
  expect(find(resources, "aws:sagemaker/model:Model")?.inputs["vpcConfig"]).toEqual({
    subnets: ["subnet-1"],
    securityGroupIds: ["sg-1"],
  });
  const arn = (resource: string) => `arn:aws:ec2:eu-central-1:123456789012:${resource}`;
  expect(find(resources, "aws:iam/rolePolicy:RolePolicy")?.inputs["policy"].Statement.slice(3)).toEqual([
    {
      Effect: "Allow",
      Action: [
        "ec2:CreateNetworkInterface",
        "ec2:CreateNetworkInterfacePermission",
        "ec2:DeleteNetworkInterface",
        "ec2:DeleteNetworkInterfacePermission",
      ],
      Resource: [arn("network-interface/*"), arn("subnet/subnet-1"), arn("security-group/sg-1")],
    },
    {
      Effect: "Allow",
      Action: [
        "ec2:DescribeDhcpOptions",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
      ],
      Resource: "*",
    },
  ]);
});

it("without instances has no capture, no network of ours and no isolation, which SageMaker refuses there", async () => {
  const network = { subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"] };
  const resources = await deployed({ serverless: { memoryMiB: 2048, maxConcurrency: 5 }, network });
  expect(find(resources, "aws:sagemaker/endpointConfiguration:EndpointConfiguration")?.inputs).toEqual({
    name: "perennial-dev-churn-baseline",
    kmsKeyArn: KEY,
    productionVariants: [
      {
        variantName: "primary",
        modelName: "perennial-dev-churn-baseline",
        initialVariantWeight: 1,
        serverlessConfig: { memorySizeInMb: 2048, maxConcurrency: 5 },
      },
    ],
    tags: { "perennial:workload": "churn" },
  });
  const model = find(resources, "aws:sagemaker/model:Model");
  expect(model?.inputs["enableNetworkIsolation"]).toBe(false);
  expect(model?.inputs["vpcConfig"]).toBeUndefined();
  const report = resources.find(({ name }) => name === "churn-report");
  expect(JSON.stringify(report?.inputs)).not.toContain("ec2:");
});
