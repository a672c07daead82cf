import {
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  DescribeModelPackageCommand,
  ListModelPackagesCommand,
  ListTagsCommand,
  SageMakerClient,
  UpdateModelPackageCommand,
} from "@aws-sdk/client-sagemaker";
import { afterAll, beforeAll, expect, it } from "vitest";
import { clientFor, newStateFolder, putRole } from "./open-test-gateway.ts";
import { NOW, openTestSageMaker, type TestSageMaker } from "./open-test-sagemaker.ts";

const stateFolder = newStateFolder();
const group = "perennial-dev-hospital";
const arnOf = (version: number) =>
  `arn:aws:sagemaker:eu-central-1:123456789012:model-package/${group}/${version}`;
let cloud: TestSageMaker;
let admin: SageMakerClient;

beforeAll(async () => {
  cloud = await openTestSageMaker(stateFolder);
  admin = new SageMakerClient(clientFor(cloud.gateway));
  await admin.send(
    new CreateModelPackageGroupCommand({
      ModelPackageGroupName: group,
      Tags: [{ Key: "stack", Value: "dev" }],
    }),
  );
});

afterAll(() => cloud.close());

it("numbers versions, keeps approval and metadata apart, and tells every change with its fields", async () => {
  const created = await admin.send(
    new CreateModelPackageCommand({
      ModelPackageGroupName: group,
      CustomerMetadataProperties: { workload: "hospital", data: "abc" },
      InferenceSpecification: { Containers: [{ Image: "serving", ModelDataUrl: "s3://b/k" }] },
    }),
  );
  expect(created.ModelPackageArn).toBe(arnOf(1));
  await admin.send(
    new UpdateModelPackageCommand({
      ModelPackageArn: arnOf(1),
      ModelApprovalStatus: "Approved",
      ApprovalDescription: "better by 0.01",
    }),
  );
  await admin.send(
    new UpdateModelPackageCommand({
      ModelPackageArn: arnOf(1),
      CustomerMetadataProperties: { note: "n" },
      CustomerMetadataPropertiesToRemove: ["data"],
    }),
  );
  const described = await admin.send(new DescribeModelPackageCommand({ ModelPackageName: arnOf(1) }));
  expect(described).toMatchObject({
    ModelPackageGroupName: group,
    ModelPackageVersion: 1,
    ModelApprovalStatus: "Approved",
    ApprovalDescription: "better by 0.01",
    CustomerMetadataProperties: { workload: "hospital", note: "n" },
    CreationTime: new Date(NOW),
    InferenceSpecification: { Containers: [{ Image: "serving", ModelDataUrl: "s3://b/k" }] },
  });
  expect(
    cloud.events.map(({ type, detail }) => [
      type,
      detail["ModelApprovalStatus"],
      detail["UpdatedModelPackageFields"],
    ]),
  ).toEqual([
    ["SageMaker Model Package State Change", "PendingManualApproval", []],
    ["SageMaker Model Package State Change", "Approved", ["ModelApprovalStatus", "ApprovalDescription"]],
    ["SageMaker Model Package State Change", "Approved", ["CustomerMetadataProperties"]],
  ]);
});

it("lets a role that may register only as pending do just that", async () => {
  putRole(cloud.gateway, "registrar", [
    {
      Action: "sagemaker:CreateModelPackage",
      Resource: arnOf(1).replace(/1$/, "*"),
      Condition: { StringEquals: { "sagemaker:ModelApprovalStatus": "PendingManualApproval" } },
    },
  ]);
  const registrar = new SageMakerClient(clientFor(cloud.gateway, "registrar"));
  const create = (ModelApprovalStatus: "Approved" | "PendingManualApproval") =>
    registrar.send(new CreateModelPackageCommand({ ModelPackageGroupName: group, ModelApprovalStatus }));
  await expect(create("Approved")).rejects.toThrow(
    "User: arn:aws:sts::123456789012:assumed-role/registrar/local is not authorized to perform: sagemaker:CreateModelPackage",
  );
  expect((await create("PendingManualApproval")).ModelPackageArn).toBe(arnOf(2));
});

it("refuses what SageMaker refuses: a long description, an unknown group", async () => {
  const ApprovalDescription = "x".repeat(1025);
  await expect(
    admin.send(new UpdateModelPackageCommand({ ModelPackageArn: arnOf(1), ApprovalDescription })),
  ).rejects.toThrow(
    "1 validation error detected: ApprovalDescription: Too big: expected string to have <=1024 characters",
  );
  await expect(admin.send(new CreateModelPackageCommand({ ModelPackageGroupName: "other" }))).rejects.toThrow(
    "ModelPackageGroup arn:aws:sagemaker:eu-central-1:123456789012:model-package-group/other does not exist.",
  );
});

it("lists versions page by page, filtered and in the order asked for, also after a restart", async () => {
  await cloud.close();
  cloud = await openTestSageMaker(stateFolder);
  admin = new SageMakerClient(clientFor(cloud.gateway));
  await admin.send(new CreateModelPackageCommand({ ModelPackageGroupName: group }));
  const first = await admin.send(
    new ListModelPackagesCommand({ ModelPackageGroupName: group, SortOrder: "Descending", MaxResults: 2 }),
  );
  const second = await admin.send(
    new ListModelPackagesCommand({
      ModelPackageGroupName: group,
      SortOrder: "Descending",
      MaxResults: 2,
      NextToken: first.NextToken,
    }),
  );
  const versions = [first, second].map(({ ModelPackageSummaryList }) =>
    ModelPackageSummaryList?.map(({ ModelPackageVersion }) => ModelPackageVersion),
  );
  expect(versions).toEqual([[3, 2], [1]]);
  const approved = await admin.send(new ListModelPackagesCommand({ ModelApprovalStatus: "Approved" }));
  expect(approved.ModelPackageSummaryList?.map(({ ModelPackageArn }) => ModelPackageArn)).toEqual([arnOf(1)]);
  const groupArn = `arn:aws:sagemaker:eu-central-1:123456789012:model-package-group/${group}`;
  const { Tags } = await admin.send(new ListTagsCommand({ ResourceArn: groupArn }));
  expect(Tags).toEqual([{ Key: "stack", Value: "dev" }]);
});
