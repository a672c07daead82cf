import { describe, expect, it } from "vitest";
import { requirementsOf } from "../../local/gateway/requirements/index.ts";
import { readS3Operation } from "../../local/gateway/s3-operation.ts";
import { Identity } from "../../local/identity/identity.ts";

const identity = new Identity({ accountId: "123456789012", region: "eu-central-1" });
identity.putPartitionKey("ledger", "pk");

/** "action resource" of everything that a call needs. */
function needed(service: string, action: string, input: Record<string, unknown>): string[] {
  return requirementsOf(service, action, input, identity).map(
    ({ action, resource }) => `${action} ${resource}`,
  );
}

const at = (service: string, resource: string): string =>
  `arn:aws:${service}:eu-central-1:123456789012:${resource}`;

describe("what a call must be allowed", () => {
  it.each<[string, string, Record<string, unknown>, string[]]>([
    ["dynamodb", "GetItem", { TableName: "ledger" }, [`dynamodb:GetItem ${at("dynamodb", "table/ledger")}`]],
    [
      "dynamodb",
      "TransactWriteItems",
      {
        TransactItems: [
          { Put: { TableName: "ledger" } },
          { ConditionCheck: { TableName: at("dynamodb", "table/x") } },
        ],
      },
      [
        `dynamodb:PutItem ${at("dynamodb", "table/ledger")}`,
        `dynamodb:ConditionCheckItem ${at("dynamodb", "table/x")}`,
      ],
    ],
    [
      "dynamodb",
      "Query",
      { TableName: "ledger", IndexName: "byTime" },
      [`dynamodb:Query ${at("dynamodb", "table/ledger/index/byTime")}`],
    ],
    [
      "ssm",
      "GetParameter",
      { Name: "/perennial/dev/platform" },
      [`ssm:GetParameter ${at("ssm", "parameter/perennial/dev/platform")}`],
    ],
    [
      "secretsmanager",
      "GetSecretValue",
      { SecretId: "tracking" },
      [`secretsmanager:GetSecretValue ${at("secretsmanager", "secret:tracking-local0")}`],
    ],
    [
      "sqs",
      "SendMessageBatch",
      { QueueUrl: "http://127.0.0.1:4599/123456789012/dead" },
      [`sqs:SendMessage ${at("sqs", "dead")}`],
    ],
    ["sns", "Publish", { TopicArn: at("sns", "alerts") }, [`sns:Publish ${at("sns", "alerts")}`]],
    [
      "lambda",
      "Invoke",
      { FunctionName: "judge" },
      [`lambda:InvokeFunction ${at("lambda", "function:judge")}`],
    ],
    [
      "states",
      "StartExecution",
      { stateMachineArn: at("states", "stateMachine:retrain") },
      [`states:StartExecution ${at("states", "stateMachine:retrain")}`],
    ],
    [
      "events",
      "PutEvents",
      { Entries: [{ Source: "a" }, { EventBusName: "own" }] },
      [
        `events:PutEvents ${at("events", "event-bus/default")}`,
        `events:PutEvents ${at("events", "event-bus/own")}`,
      ],
    ],
    [
      "monitoring",
      "DeleteAlarms",
      { AlarmNames: ["a", "b"] },
      [
        `cloudwatch:DeleteAlarms ${at("cloudwatch", "alarm:a")}`,
        `cloudwatch:DeleteAlarms ${at("cloudwatch", "alarm:b")}`,
      ],
    ],
    [
      "monitoring",
      "PutMetricAlarm",
      { AlarmName: "a", Tags: [{ Key: "k", Value: "v" }] },
      [
        `cloudwatch:PutMetricAlarm ${at("cloudwatch", "alarm:a")}`,
        `cloudwatch:TagResource ${at("cloudwatch", "alarm:a")}`,
      ],
    ],
    [
      "logs",
      "FilterLogEvents",
      { logGroupName: "/g" },
      [`logs:FilterLogEvents ${at("logs", "log-group:/g:log-stream:")}`],
    ],
    [
      "logs",
      "PutLogEvents",
      { logGroupName: "/g", logStreamName: "s" },
      [`logs:PutLogEvents ${at("logs", "log-group:/g:log-stream:s")}`],
    ],
    [
      "sagemaker",
      "UpdateEndpoint",
      { EndpointName: "e", EndpointConfigName: "c" },
      [
        `sagemaker:UpdateEndpoint ${at("sagemaker", "endpoint/e")}`,
        `sagemaker:UpdateEndpoint ${at("sagemaker", "endpoint-config/c")}`,
      ],
    ],
    [
      "sagemaker",
      "DescribeModelPackage",
      { ModelPackageName: at("sagemaker", "model-package/g/1") },
      [`sagemaker:DescribeModelPackage ${at("sagemaker", "model-package/g/1")}`],
    ],
    [
      "sagemaker",
      "CreateTrainingJob",
      {
        TrainingJobName: "j",
        RoleArn: "arn:aws:iam::123456789012:role/r",
        ResourceConfig: { VolumeKmsKeyId: at("kms", "key/1") },
        Tags: [{ Key: "k", Value: "v" }],
      },
      [
        `sagemaker:CreateTrainingJob ${at("sagemaker", "training-job/j")}`,
        "iam:PassRole arn:aws:iam::123456789012:role/r",
        `sagemaker:AddTags ${at("sagemaker", "training-job/j")}`,
        `kms:CreateGrant ${at("kms", "key/1")}`,
        `kms:DescribeKey ${at("kms", "key/1")}`,
      ],
    ],
    [
      "runtime.sagemaker",
      "InvokeEndpoint",
      { EndpointName: "e" },
      [`sagemaker:InvokeEndpoint ${at("sagemaker", "endpoint/e")}`],
    ],
  ])("%s %s %j", (service, action, input, expected) => {
    expect(needed(service, action, input)).toEqual(expected);
  });

  it.each<[string, Record<string, unknown>]>([
    ["GetItem", { TableName: "ledger", Key: { pk: { S: "workload#a" }, sk: { S: "pointer" } } }],
    ["PutItem", { TableName: "ledger", Item: { pk: { S: "workload#a" }, n: { N: "1" } } }],
    [
      "Query",
      {
        TableName: "ledger",
        KeyConditionExpression: "#k = :k AND begins_with(sk, :s)",
        ExpressionAttributeNames: { "#k": "pk" },
        ExpressionAttributeValues: { ":k": { S: "workload#a" }, ":s": { S: "history#" } },
      },
    ],
    ["BatchWriteItem", { RequestItems: { ledger: [{ PutRequest: { Item: { pk: { S: "workload#a" } } } }] } }],
    ["BatchGetItem", { RequestItems: { ledger: { Keys: [{ pk: { S: "workload#a" } }] } } }],
  ])("names the partition of a table that %s %j concerns", (action, input) => {
    expect(requirementsOf("dynamodb", action, input, identity).map(({ context }) => context)).toEqual([
      { "dynamodb:LeadingKeys": ["workload#a"] },
    ]);
  });

  it("states what conditions on jobs, alarms and packages ask for", () => {
    const contexts = (service: string, action: string, input: Record<string, unknown>) =>
      requirementsOf(service, action, input, identity)[0]?.context;
    expect(
      contexts("sagemaker", "CreateTrainingJob", {
        TrainingJobName: "j",
        EnableNetworkIsolation: true,
        ResourceConfig: { InstanceType: "ml.m5.large" },
        VpcConfig: { Subnets: ["subnet-1"], SecurityGroupIds: ["sg-1"] },
        Tags: [{ Key: "workload", Value: "a" }],
      }),
    ).toEqual({
      "sagemaker:NetworkIsolation": "true",
      "sagemaker:InstanceTypes": ["ml.m5.large"],
      "sagemaker:VpcSubnets": ["subnet-1"],
      "sagemaker:VpcSecurityGroupIds": ["sg-1"],
      "aws:RequestTag/workload": "a",
      "aws:TagKeys": ["workload"],
    });
    expect(contexts("monitoring", "PutMetricAlarm", { AlarmName: "a", AlarmActions: ["arn"] })).toEqual({
      "cloudwatch:AlarmActions": ["arn"],
    });
    expect(contexts("monitoring", "PutMetricData", { Namespace: "Perennial" })).toEqual({
      "cloudwatch:namespace": "Perennial",
    });
  });
});

describe("what an S3 request does", () => {
  const read = (method: string, path: string, headers: Record<string, string> = {}, body = "") =>
    readS3Operation({ method, path, headers, body: Buffer.from(body) });

  it.each([
    ["GET", "/", "ListBuckets", {}],
    ["GET", "/lake?list-type=2&prefix=a%2F", "ListObjectsV2", { Bucket: "lake", Prefix: "a/" }],
    ["HEAD", "/lake", "HeadBucket", { Bucket: "lake" }],
    ["PUT", "/lake?versioning", "PutBucketVersioning", { Bucket: "lake" }],
    ["GET", "/lake/a%20b%2Bc?x-id=GetObject", "GetObject", { Bucket: "lake", Key: "a b+c" }],
    ["GET", "/lake/a?versionId=7", "GetObject", { Bucket: "lake", Key: "a", VersionId: "7" }],
    ["PUT", "/lake/a?tagging", "PutObjectTagging", { Bucket: "lake", Key: "a" }],
    ["POST", "/lake/a?uploads", "CreateMultipartUpload", { Bucket: "lake", Key: "a" }],
    ["PUT", "/lake/a?partNumber=1&uploadId=u", "UploadPart", { Bucket: "lake", Key: "a", UploadId: "u" }],
    ["POST", "/lake/a?uploadId=u", "CompleteMultipartUpload", { Bucket: "lake", Key: "a", UploadId: "u" }],
    ["DELETE", "/lake/a?uploadId=u", "AbortMultipartUpload", { Bucket: "lake", Key: "a", UploadId: "u" }],
  ])("%s %s is %s", (method, path, action, input) => {
    expect(read(method, path)).toEqual({ action, input });
  });

  it("names every object of a deletion and both ends of a copy", () => {
    const body = "<Delete><Object><Key>a&amp;b</Key></Object><Object><Key>c</Key></Object></Delete>";
    expect(read("POST", "/lake?delete", {}, body)?.input.Keys).toEqual(["a&b", "c"]);
    const copy = read("PUT", "/lake/to", { "x-amz-copy-source": "/other/from%20here" });
    expect(requirementsOf("s3", copy?.action ?? "", { ...copy?.input }, identity)).toEqual([
      { action: "s3:PutObject", resource: "arn:aws:s3:::lake/to", context: {} },
      { action: "s3:GetObject", resource: "arn:aws:s3:::other/from here", context: {} },
    ]);
  });

  it("is nothing for what S3 doesn't know", () => {
    expect(read("PATCH", "/lake/a")).toBe(null);
    expect(read("POST", "/lake/a?select&select-type=2")).toBe(null);
  });
});
