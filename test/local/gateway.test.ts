import { execFile } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { ListModelsCommand, SageMakerClient } from "@aws-sdk/client-sagemaker";
import { CreateTopicCommand, PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { GetParameterCommand, PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ApiCall } from "../../local/gateway/interfaces.ts";
import { openGateway, type LocalGateway } from "../../local/gateway/gateway.ts";
import { Identity } from "../../local/identity/identity.ts";
import {
  accountId,
  clientFor,
  newStateFolder,
  openTestGateway,
  putRole,
  python,
  region,
} from "./open-test-gateway.ts";

const stateFolder = newStateFolder();
let gateway: LocalGateway;
const keyArn = `arn:aws:kms:${region}:${accountId}:key/11111111-2222-3333-4444-555555555555`;

beforeAll(async () => {
  gateway = await openTestGateway(stateFolder);
  const s3 = new S3Client(clientFor(gateway));
  await s3.send(new CreateBucketCommand({ Bucket: "lake" }));
  await s3.send(new PutObjectCommand({ Bucket: "lake", Key: "sealed/a b+c.txt", Body: "secret" }));
  await s3.send(new PutObjectCommand({ Bucket: "lake", Key: "open/x.txt", Body: "hello" }));
});

afterAll(async () => {
  await gateway.close();
});

describe("authorization", () => {
  it("lets a role read what its policy names and denies the rest by name of role, action and resource", async () => {
    putRole(gateway, "reader", [{ Action: "s3:GetObject", Resource: "arn:aws:s3:::lake/open/*" }]);
    const s3 = new S3Client(clientFor(gateway, "reader"));
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: "lake", Key: "open/x.txt" }));
    expect(await Body?.transformToString()).toBe("hello");
    await expect(
      s3.send(new GetObjectCommand({ Bucket: "lake", Key: "sealed/a b+c.txt" })),
    ).rejects.toMatchObject({
      name: "AccessDenied",
      message:
        "User: arn:aws:sts::123456789012:assumed-role/reader/local is not authorized to perform: s3:GetObject on resource: " +
        "arn:aws:s3:::lake/sealed/a b+c.txt, because no policy of role reader or of the resource allows it",
      $metadata: { httpStatusCode: 403 },
    });
  });

  it("answers AccessDenied for a missing object to whoever may not list the bucket", async () => {
    const get = new GetObjectCommand({ Bucket: "lake", Key: "open/missing" });
    await expect(new S3Client(clientFor(gateway, "reader")).send(get)).rejects.toMatchObject({
      name: "AccessDenied",
    });
    await expect(new S3Client(clientFor(gateway)).send(get)).rejects.toMatchObject({ name: "NoSuchKey" });
    const head = new HeadObjectCommand({ Bucket: "lake", Key: "open/missing" });
    await expect(new S3Client(clientFor(gateway, "reader")).send(head)).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
  });

  it("holds the prefix of a listing against the policy's condition", async () => {
    putRole(gateway, "lister", [
      {
        Action: "s3:ListBucket",
        Resource: "arn:aws:s3:::lake",
        Condition: { StringLike: { "s3:prefix": "open/*" } },
      },
    ]);
    const s3 = new S3Client(clientFor(gateway, "lister"));
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: "lake", Prefix: "open/" }));
    expect(Contents?.map(({ Key }) => Key)).toEqual(["open/x.txt"]);
    await expect(s3.send(new ListObjectsV2Command({ Bucket: "lake", Prefix: "" }))).rejects.toMatchObject({
      name: "AccessDenied",
    });
  });

  it("asks for the key of an encrypted bucket in the caller's name, through S3 only", async () => {
    const s3 = new S3Client(clientFor(gateway));
    await s3.send(new CreateBucketCommand({ Bucket: "encrypted" }));
    await s3.send(new PutObjectCommand({ Bucket: "encrypted", Key: "x", Body: "x" }));
    gateway.identity.putEncryptionKey("arn:aws:s3:::encrypted", keyArn);
    const read = { Action: "s3:GetObject", Resource: "arn:aws:s3:::encrypted/*" };
    const get = new GetObjectCommand({ Bucket: "encrypted", Key: "x" });
    putRole(gateway, "keyless", [read]);
    await expect(new S3Client(clientFor(gateway, "keyless")).send(get)).rejects.toThrow(
      `is not authorized to perform: kms:Decrypt on resource: ${keyArn}`,
    );
    const Condition = { StringEquals: { "kms:ViaService": `s3.${region}.amazonaws.com` } };
    putRole(gateway, "key-holder", [read, { Action: "kms:Decrypt", Resource: keyArn, Condition }]);
    await new S3Client(clientFor(gateway, "key-holder")).send(get);
    expect(recordedCalls().filter(({ role }) => role === "key-holder")).toEqual([
      {
        role: "key-holder",
        action: "s3:GetObject",
        resource: "arn:aws:s3:::encrypted/x",
        context: {},
        allowed: true,
      },
      {
        role: "key-holder",
        action: "kms:Decrypt",
        resource: keyArn,
        context: {
          "kms:ViaService": `s3.${region}.amazonaws.com`,
          "kms:CallerAccount": accountId,
          "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::encrypted",
        },
        allowed: true,
      },
    ]);
  });

  it("denies by a bucket's own policy what the role's policy allows", async () => {
    gateway.identity.putResourcePolicy("arn:aws:s3:::lake", {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Deny",
          Principal: "*",
          Action: "s3:*",
          Resource: ["arn:aws:s3:::lake", "arn:aws:s3:::lake/*"],
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        },
        { Effect: "Deny", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::lake/sealed/*" },
      ],
    });
    putRole(gateway, "wide", [{ Action: "s3:GetObject", Resource: "arn:aws:s3:::lake/*" }]);
    const s3 = new S3Client(clientFor(gateway, "wide"));
    await s3.send(new GetObjectCommand({ Bucket: "lake", Key: "open/x.txt" }));
    await expect(s3.send(new GetObjectCommand({ Bucket: "lake", Key: "sealed/a b+c.txt" }))).rejects.toThrow(
      "because a policy of role wide or of the resource denies it",
    );
  });
});

describe("services", () => {
  it("hands a call to the handler of its service, with its caller", async () => {
    const calls: ApiCall[] = [];
    gateway.register("monitoring", async (call) => {
      calls.push(call);
      return {};
    });
    putRole(gateway, "meter", [
      {
        Action: "cloudwatch:PutMetricData",
        Resource: "*",
        Condition: { StringEquals: { "cloudwatch:namespace": "Perennial" } },
      },
    ]);
    const cloudWatch = new CloudWatchClient(clientFor(gateway, "meter"));
    const MetricData = [{ MetricName: "drift", Value: 1 }];
    await cloudWatch.send(new PutMetricDataCommand({ Namespace: "Perennial", MetricData }));
    await expect(
      cloudWatch.send(new PutMetricDataCommand({ Namespace: "Other", MetricData })),
    ).rejects.toMatchObject({ name: "AccessDenied" });
    expect(calls.map(({ action, input, caller }) => ({ action, input, role: caller.role }))).toEqual([
      {
        action: "PutMetricData",
        input: { Namespace: "Perennial", MetricData: [{ MetricName: "drift", Value: 1 }] },
        role: "meter",
      },
    ]);
  });

  it("says so where a service isn't emulated", async () => {
    await expect(
      new SageMakerClient(clientFor(gateway)).send(new ListModelsCommand({})),
    ).rejects.toMatchObject({
      name: "NotEmulatedException",
      message:
        "The local cloud doesn't emulate sagemaker ListModels. Run this against an AWS account, or see docs/local-cloud.md for what it does.",
      $metadata: { httpStatusCode: 400 },
    });
  });

  it.each([
    [
      { "content-type": "application/x-www-form-urlencoded" },
      "Action=DescribeVpcs&Version=2016-11-15",
      "ec2",
      "ec2 DescribeVpcs in the query protocol (where the service is emulated, an AWS SDK of the last year speaks JSON)",
    ],
    [
      { "content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor" },
      "",
      "monitoring",
      "monitoring in the protocol rpc-v2-cbor (where the service is emulated, the SDKs' JSON protocol works)",
    ],
  ])("says so where a request comes as %j", async (headers, body, service, what) => {
    const authorization = `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/${service}/aws4_request`;
    const response = await fetch(gateway.url, {
      method: "POST",
      headers: { ...headers, authorization },
      body,
    });
    expect(response.status).toBe(400);
    expect((await response.text()).replaceAll("&#39;", "'")).toContain(
      `The local cloud doesn't emulate ${what}. Run this`,
    );
  });

  it("refuses a request that nobody signed", async () => {
    const response = await fetch(`${gateway.url}/endpoints/x/invocations`, { method: "POST", body: "{}" });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ __type: "MissingAuthenticationTokenException" });
  });

  it("fails as often as it was told to, in the words of a throttled service", async () => {
    gateway.faults.throttle("ssm", "GetParameter", 2);
    const ssm = new SSMClient({ ...clientFor(gateway), maxAttempts: 3 });
    await new SSMClient(clientFor(gateway)).send(
      new PutParameterCommand({ Name: "/a/b", Value: "v", Type: "String" }),
    );
    const { Parameter, $metadata } = await ssm.send(new GetParameterCommand({ Name: "/a/b" }));
    expect([Parameter?.Value, $metadata.attempts]).toEqual(["v", 3]);
  });

  it("makes calls from inside the process as a role, and answers with their values", async () => {
    const sns = new SNSClient(clientFor(gateway));
    const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name: "alerts" }));
    const role = putRole(gateway, "notifier", [{ Action: "sns:Publish", Resource: TopicArn }]);
    const answer = await gateway.call(role, "sns", "Publish", { TopicArn, Subject: "s", Message: "<m> & n" });
    expect(answer).toMatchObject({ MessageId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    await expect(gateway.call(role, "sns", "DeleteTopic", { TopicArn })).rejects.toMatchObject({
      code: "AuthorizationError",
    });
    await expect(
      gateway.call(role, "dynamodb", "GetItem", { TableName: "missing", Key: { pk: { S: "x" } } }),
    ).rejects.toMatchObject({ code: "AccessDeniedException" });
    const admin = gateway.identity.callerWith("test");
    await expect(
      gateway.call(admin, "dynamodb", "GetItem", { TableName: "missing", Key: { pk: { S: "x" } } }),
    ).rejects.toMatchObject({ code: "ResourceNotFoundException", status: 400 });
    await new SNSClient(clientFor(gateway, "notifier")).send(new PublishCommand({ TopicArn, Message: "m" }));
  });

  it("answers boto3 that knows nothing but the endpoint's URL", async () => {
    const program = `
import boto3
print(boto3.client("sts").get_caller_identity()["Arn"])
s3 = boto3.client("s3")
s3.put_object(Bucket="encrypted", Key="from/python", Body=b"bytes")
print(s3.get_object(Bucket="encrypted", Key="from/python")["Body"].read())
dynamodb = boto3.client("dynamodb")
try:
    dynamodb.get_item(TableName="missing", Key={"pk": {"S": "x"}})
except dynamodb.exceptions.ResourceNotFoundException as error:
    print(type(error).__name__)
`;
    const env = {
      AWS_ENDPOINT_URL: gateway.url,
      AWS_DEFAULT_REGION: region,
      AWS_ACCESS_KEY_ID: "a",
      AWS_SECRET_ACCESS_KEY: "b",
    };
    const { stdout, stderr } = await promisify(execFile)(python, ["-c", program], { env });
    expect({ stdout, stderr }).toEqual({
      stdout: "arn:aws:iam::123456789012:user/local\nb'bytes'\nResourceNotFoundException\n",
      stderr: "",
    });
  }, 30_000);
});

it("says what to do about a port in use", async () => {
  const port = Number(new URL(gateway.url).port);
  const identity = new Identity({ accountId, region });
  await expect(openGateway({ port, stateFolder, python, identity })).rejects.toThrow(
    `Port ${port} of 127.0.0.1 is in use: stop the local cloud that runs there, or choose another port with --port.`,
  );
});

it("says what to do about a missing Python", async () => {
  const identity = new Identity({ accountId, region });
  await expect(openGateway({ port: 0, stateFolder, python: "/nowhere/python", identity })).rejects.toThrow(
    "There is no Python at /nowhere/python. Run `make setup`, which builds it from its lock.",
  );
});

it("keeps tables, items, parameters and objects over a restart, and forgets what a dying process half wrote", async () => {
  const folder = newStateFolder();
  const first = await openTestGateway(folder);
  const dynamodb = new DynamoDBClient(clientFor(first));
  await dynamodb.send(
    new CreateTableCommand({
      TableName: "ledger",
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    }),
  );
  const put = new PutItemCommand({
    TableName: "ledger",
    Item: { pk: { S: "a" }, n: { N: "1" } },
    ConditionExpression: "attribute_not_exists(pk)",
  });
  await dynamodb.send(put);
  await expect(dynamodb.send(put)).rejects.toMatchObject({ name: "ConditionalCheckFailedException" });
  const s3 = new S3Client(clientFor(first));
  await s3.send(new CreateBucketCommand({ Bucket: "lake" }));
  await s3.send(new PutObjectCommand({ Bucket: "lake", Key: "a", Body: "first" }));
  await s3.send(new PutObjectCommand({ Bucket: "lake", Key: "a", Body: "second", Metadata: { by: "test" } }));
  const { UploadId } = await s3.send(
    new CreateMultipartUploadCommand({ Bucket: "lake", Key: "parts", ContentType: "text/x" }),
  );
  const part = { Bucket: "lake", Key: "parts", UploadId };
  const big = "x".repeat(5 * 1024 * 1024);
  const parts = [big, "end"].map(async (Body, index) => {
    const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body, PartNumber: index + 1 }));
    return { ETag, PartNumber: index + 1 };
  });
  await s3.send(
    new CompleteMultipartUploadCommand({ ...part, MultipartUpload: { Parts: await Promise.all(parts) } }),
  );
  await s3.send(
    new PutObjectCommand({
      Bucket: "lake",
      Key: "stream",
      Body: Readable.from(["a", "b"]),
      ContentLength: 2,
    }),
  );
  await first.close();

  appendFileSync(join(folder, "journal", "requests.jsonl"), '{"method":"PUT","path":"/lake/b","hea');
  const second = await openTestGateway(folder);
  try {
    const item = await new DynamoDBClient(clientFor(second)).send(
      new GetItemCommand({ TableName: "ledger", Key: { pk: { S: "a" } } }),
    );
    expect(item.Item).toEqual({ pk: { S: "a" }, n: { N: "1" } });
    const { Body, Metadata } = await new S3Client(clientFor(second)).send(
      new GetObjectCommand({ Bucket: "lake", Key: "a" }),
    );
    expect([await Body?.transformToString(), Metadata]).toEqual(["second", { by: "test" }]);
    const read = async (Key: string) => {
      const answer = await new S3Client(clientFor(second)).send(
        new GetObjectCommand({ Bucket: "lake", Key }),
      );
      return [answer.ContentType, (await answer.Body?.transformToString())?.slice(-5)];
    };
    expect(await read("parts")).toEqual(["text/x", "xxend"]);
    expect(await read("stream")).toEqual(["application/octet-stream", "ab"]);
  } finally {
    await second.close();
  }
}, 30_000);

function recordedCalls(): { role: string }[] {
  return readFileSync(join(stateFolder, "calls.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { role: string });
}
