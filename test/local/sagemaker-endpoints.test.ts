import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DeleteEndpointCommand,
  DescribeEndpointCommand,
  SageMakerClient,
  UpdateEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
  type UpdateEndpointCommandInput,
} from "@aws-sdk/client-sagemaker";
import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { clientFor, newStateFolder, putRole } from "./open-test-gateway.ts";
import {
  modelThatSays,
  openTestSageMaker,
  SERVING_IMAGE,
  until,
  type TestSageMaker,
} from "./open-test-sagemaker.ts";

const stateFolder = newStateFolder();
const EndpointName = "perennial-dev-hospital";
let cloud: TestSageMaker;
let admin: SageMakerClient;
let runtime: SageMakerRuntimeClient;
let s3: S3Client;

beforeAll(async () => {
  cloud = await openTestSageMaker(stateFolder);
  connect();
  await s3.send(new CreateBucketCommand({ Bucket: "lake" }));
  for (const [version, says] of ["one", "two", "sick", "crash", "three"].entries()) {
    await create(says, version);
  }
  await admin.send(new CreateEndpointCommand({ EndpointName, EndpointConfigName: "one" }));
  await cloud.sageMaker.settled();
});

beforeEach(() => {
  cloud.events.length = 0;
  cloud.metrics.length = 0;
});

afterAll(() => cloud.close());

describe("an invocation", () => {
  it("reaches the container with its headers, and comes back with the container's", async () => {
    const answer = await invoke("hello", { CustomAttributes: "trace=1", InferenceId: "id-1" });
    expect(JSON.parse(Buffer.from(answer.Body).toString())).toEqual({
      model: "one",
      got: "hello",
      id: "id-1",
    });
    expect([answer.ContentType, answer.InvokedProductionVariant, answer.CustomAttributes]).toEqual([
      "application/json",
      "primary",
      "trace=1;version=0",
    ]);
  });

  it("turns what the container refuses into a ModelError that holds the container's answer", async () => {
    await expect(invoke("refuse")).rejects.toMatchObject({
      name: "ModelError",
      message: 'Received client error (422) from primary with message "{"error":"no"}".',
      OriginalStatusCode: 422,
      OriginalMessage: '{"error":"no"}',
      $metadata: { httpStatusCode: 424 },
    });
  });

  it("is counted per variant and per configuration", async () => {
    await expect(invoke("break")).rejects.toMatchObject({ OriginalStatusCode: 500 });
    const dimensions = { EndpointName, VariantName: "primary" };
    expect(
      cloud.metrics.filter(({ name }) => name !== "ModelLatency" && name !== "InvocationsPerInstance"),
    ).toEqual(
      [
        ["Invocations", 1],
        ["Invocation4XXErrors", 0],
        ["Invocation5XXErrors", 1],
        ["InvocationModelErrors", 1],
      ].flatMap(([name, value]) => [
        { name, value, dimensions },
        { name, value, dimensions: { ...dimensions, EndpointConfigName: "one" } },
      ]),
    );
  });

  it("names the variants where it asks for another, and needs the permission for its endpoint", async () => {
    await expect(invoke("x", { TargetVariant: "shadow" })).rejects.toThrow(
      'TargetVariant is "shadow", expected one of primary.',
    );
    putRole(cloud.gateway, "stranger", []);
    const stranger = new SageMakerRuntimeClient(clientFor(cloud.gateway, "stranger"));
    await expect(stranger.send(new InvokeEndpointCommand({ EndpointName, Body: "x" }))).rejects.toThrow(
      "is not authorized to perform: sagemaker:InvokeEndpoint on resource: " +
        "arn:aws:sagemaker:eu-central-1:123456789012:endpoint/perennial-dev-hospital",
    );
  });

  it("finds the container running again after it died", async () => {
    await expect(invoke("die")).rejects.toMatchObject({ OriginalStatusCode: 500 });
    const answer = await until(
      () => invoke("back").catch(() => undefined),
      (value) => value !== undefined,
    );
    expect(answer?.InvokedProductionVariant).toBe("primary");
  });

  it("is captured in SageMaker's files: text as it is where its type is listed, base64 elsewhere", async () => {
    await cloud.sageMaker.flushCapture();
    await empty("open/capture/");
    await invoke('{"a":1}', { ContentType: "application/json; charset=utf-8", InferenceId: "id-2" });
    await invoke("raw", { ContentType: "application/octet-stream" });
    await cloud.sageMaker.flushCapture();
    const { Contents = [] } = await s3.send(
      new ListObjectsV2Command({ Bucket: "lake", Prefix: "open/capture/" }),
    );
    expect(Contents.map(({ Key }) => Key)).toEqual([
      expect.stringMatching(
        /^open\/capture\/perennial-dev-hospital\/primary\/2026\/01\/31\/02\/03-04-567-[0-9a-f-]{36}\.jsonl$/,
      ),
    ]);
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: "lake", Key: Contents[0]?.Key }));
    const lines = (await Body?.transformToString())?.trim().split("\n") ?? [];
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        captureData: {
          endpointInput: {
            observedContentType: "application/json; charset=utf-8",
            mode: "INPUT",
            data: '{"a":1}',
            encoding: "JSON",
          },
          endpointOutput: {
            observedContentType: "application/json",
            mode: "OUTPUT",
            data: '{"model":"one","got":"{\\"a\\":1}","id":"id-2"}',
            encoding: "JSON",
          },
        },
        eventMetadata: {
          eventId: expect.any(String),
          customAttributes: [";version=0"],
          inferenceId: "id-2",
          inferenceTime: "2026-01-31T02:03:04Z",
        },
        eventVersion: "0",
      },
      expect.objectContaining({
        captureData: expect.objectContaining({
          endpointInput: {
            observedContentType: "application/octet-stream",
            mode: "INPUT",
            data: "cmF3",
            encoding: "BASE64",
          },
        }),
      }),
    ]);
  });
});

describe("an update", () => {
  it.each(["sick", "crash"])(
    "to a model that is %s leaves the old one in service, and says so only in the reason",
    async (says) => {
      const endpoint = await update(says);
      expect([endpoint.EndpointStatus, endpoint.EndpointConfigName, endpoint.FailureReason]).toEqual([
        "InService",
        "one",
        "The deployment was rolled back: The primary container for production variant primary did not pass the ping " +
          "health check. Please check CloudWatch logs for this endpoint.",
      ]);
      expect(await model()).toBe("one");
      expect(statuses()).toEqual(["UPDATING", "ROLLING_BACK", "IN_SERVICE"]);
    },
  );

  it.each<[string, object, string[]]>([
    [
      "canary",
      { Type: "CANARY", WaitIntervalInSeconds: 10, CanarySize: { Type: "CAPACITY_PERCENT", Value: 25 } },
      ["one 75 two 25", "one 0 two 100"],
    ],
    [
      "linear",
      { Type: "LINEAR", WaitIntervalInSeconds: 10, LinearStepSize: { Type: "CAPACITY_PERCENT", Value: 40 } },
      ["one 60 two 40", "one 20 two 80", "one 0 two 100"],
    ],
  ])(
    "by %s gives the new fleet its share step by step, and goes back from any of them",
    async (_, routing, shares) => {
      await scale(2);
      const seen: string[] = [];
      cloud.onSleep.run = async () => {
        let two = 0;
        for (let percent = 0; percent < 100; percent += 5) {
          cloud.chance.value = percent / 100;
          if ((await model()) === "two") two += 5;
        }
        cloud.chance.value = 0.5;
        seen.push(`one ${100 - two} two ${two}`);
        // After the last step the new fleet is on trial alone: there the alarm goes off.
        if (two === 100) cloud.alarms.add("errors");
      };
      const policy = { TrafficRoutingConfiguration: routing, TerminationWaitInSeconds: 10 };
      const endpoint = await update("two", {
        RetainAllVariantProperties: true,
        DeploymentConfig: {
          BlueGreenUpdatePolicy: policy,
          AutoRollbackConfiguration: { Alarms: [{ AlarmName: "errors" }] },
        } as NonNullable<UpdateEndpointCommandInput["DeploymentConfig"]>,
      });
      cloud.onSleep.run = () => {};
      cloud.alarms.clear();
      expect([seen, endpoint.EndpointConfigName, endpoint.FailureReason]).toEqual([
        shares,
        "one",
        "The deployment was rolled back: errors in ALARM",
      ]);
      expect([await model(), endpoint.ProductionVariants?.[0]?.DesiredInstanceCount]).toEqual(["one", 2]);
      await scale(1);
    },
  );

  it("by canary is refused for a fleet of one instance", async () => {
    const CanarySize = { Type: "CAPACITY_PERCENT" as const, Value: 25 };
    const routing = { Type: "CANARY" as const, WaitIntervalInSeconds: 10, CanarySize };
    const DeploymentConfig = { BlueGreenUpdatePolicy: { TrafficRoutingConfiguration: routing } };
    await expect(update("two", { DeploymentConfig })).rejects.toThrow(
      "CANARY traffic shifting needs a variant with at least 2 instances; this one has 1.",
    );
  });

  it("goes back while an alarm says so during its trial", async () => {
    const seen: string[] = [];
    cloud.onSleep.run = () => {
      seen.push("trial");
      cloud.alarms.add("errors");
    };
    const endpoint = await update("two", guarded(30));
    expect([endpoint.EndpointConfigName, endpoint.FailureReason, seen]).toEqual([
      "one",
      "The deployment was rolled back: errors in ALARM",
      ["trial"],
    ]);
    expect(await model()).toBe("one");
    cloud.alarms.clear();
    cloud.onSleep.run = () => {};
  });

  it("reads its alarms with the permission of whoever asked for it", async () => {
    putRole(cloud.gateway, "updater", [{ Action: "sagemaker:UpdateEndpoint", Resource: "*" }]);
    const updater = new SageMakerClient(clientFor(cloud.gateway, "updater"));
    await updater.send(new UpdateEndpointCommand({ EndpointName, EndpointConfigName: "two", ...guarded(0) }));
    await cloud.sageMaker.settled();
    const { FailureReason } = await admin.send(new DescribeEndpointCommand({ EndpointName }));
    expect(FailureReason).toContain("is not authorized to perform: cloudwatch:DescribeAlarms");
  });

  it("rolls back without a word when that fault is injected, once", async () => {
    cloud.gateway.faults.silentRollback(EndpointName);
    const endpoint = await update("two");
    expect([endpoint.EndpointStatus, endpoint.EndpointConfigName]).toEqual(["InService", "one"]);
  });

  it("serves from the old model until the new one is healthy, and from the new one afterwards", async () => {
    const updating = update("two", guarded(30));
    expect(await model()).toBe("one");
    const endpoint = await updating;
    expect([endpoint.EndpointStatus, endpoint.EndpointConfigName, endpoint.FailureReason]).toEqual([
      "InService",
      "two",
      undefined,
    ]);
    expect(await model()).toBe("two");
    expect(statuses()).toEqual(["UPDATING", "IN_SERVICE"]);
    expect(endpoint.ProductionVariants).toEqual([
      {
        VariantName: "primary",
        CurrentWeight: 1,
        DesiredWeight: 1,
        CurrentInstanceCount: 1,
        DesiredInstanceCount: 1,
      },
    ]);
  });

  it("is refused while another one runs", async () => {
    await admin.send(new UpdateEndpointCommand({ EndpointName, EndpointConfigName: "three" }));
    await expect(
      admin.send(new UpdateEndpointCommand({ EndpointName, EndpointConfigName: "one" })),
    ).rejects.toThrow("while it is Updating; it must be InService.");
    await cloud.sageMaker.settled();
    expect(await model()).toBe("three");
  });
});

it("comes back with the model that served, after a restart", async () => {
  await cloud.close();
  cloud = await openTestSageMaker(stateFolder);
  connect();
  await cloud.sageMaker.resume();
  expect(await model()).toBe("three");
});

it("has one fleet only, also when the rest is resumed while it starts", async () => {
  cloud.lines.length = 0;
  await admin.send(new CreateEndpointCommand({ EndpointName: "second", EndpointConfigName: "one" }));
  await Promise.all([cloud.sageMaker.resume(), cloud.sageMaker.resume()]);
  await admin.send(new DeleteEndpointCommand({ EndpointName: "second" }));
  await cloud.sageMaker.settled();
  expect(cloud.lines).toEqual([{ group: "/aws/sagemaker/Endpoints/second", line: "serving one" }]);
});

it("is gone once it is deleted", async () => {
  await admin.send(new DeleteEndpointCommand({ EndpointName }));
  await cloud.sageMaker.settled();
  await expect(admin.send(new DescribeEndpointCommand({ EndpointName }))).rejects.toThrow(
    'Could not find endpoint "arn:aws:sagemaker:eu-central-1:123456789012:endpoint/perennial-dev-hospital".',
  );
});

function connect(): void {
  admin = new SageMakerClient(clientFor(cloud.gateway));
  runtime = new SageMakerRuntimeClient(clientFor(cloud.gateway));
  s3 = new S3Client(clientFor(cloud.gateway));
}

/** A model and a configuration of the same name. */
async function create(says: string, version: number): Promise<void> {
  const Key = `open/models/${says}.tar.gz`;
  await s3.send(new PutObjectCommand({ Bucket: "lake", Key, Body: await modelThatSays(says) }));
  await admin.send(
    new CreateModelCommand({
      ModelName: says,
      ExecutionRoleArn: cloud.roleArn,
      PrimaryContainer: {
        Image: SERVING_IMAGE,
        ModelDataUrl: `s3://lake/${Key}`,
        Environment: { PERENNIAL_MODEL_VERSION: String(version) },
      },
      EnableNetworkIsolation: true,
    }),
  );
  await admin.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: says,
      ProductionVariants: [
        { VariantName: "primary", ModelName: says, InstanceType: "ml.m5.large", InitialInstanceCount: 1 },
      ],
      DataCaptureConfig: {
        EnableCapture: true,
        InitialSamplingPercentage: 100,
        DestinationS3Uri: "s3://lake/open/capture/",
        CaptureOptions: [{ CaptureMode: "Input" }, { CaptureMode: "Output" }],
        CaptureContentTypeHeader: { JsonContentTypes: ["application/json"] },
      },
    }),
  );
}

function invoke(Body: string, more: { [name: string]: string } = {}) {
  return runtime.send(new InvokeEndpointCommand({ EndpointName, Body, ContentType: "text/plain", ...more }));
}

/** As autoscaling does. */
async function scale(DesiredInstanceCount: number): Promise<void> {
  const DesiredWeightsAndCapacities = [{ VariantName: "primary", DesiredInstanceCount }];
  await admin.send(
    new UpdateEndpointWeightsAndCapacitiesCommand({ EndpointName, DesiredWeightsAndCapacities }),
  );
}

async function model(): Promise<string> {
  const { Body } = await invoke("which");
  return (JSON.parse(Buffer.from(Body).toString()) as { model: string }).model;
}

async function update(EndpointConfigName: string, more: Partial<UpdateEndpointCommandInput> = {}) {
  await admin.send(
    new UpdateEndpointCommand({
      EndpointName,
      EndpointConfigName,
      RetainAllVariantProperties: true,
      ...more,
    }),
  );
  await cloud.sageMaker.settled();
  return admin.send(new DescribeEndpointCommand({ EndpointName }));
}

function guarded(WaitIntervalInSeconds: number): Partial<UpdateEndpointCommandInput> {
  return {
    DeploymentConfig: {
      BlueGreenUpdatePolicy: {
        TrafficRoutingConfiguration: { Type: "ALL_AT_ONCE", WaitIntervalInSeconds },
        TerminationWaitInSeconds: 0,
      },
      AutoRollbackConfiguration: { Alarms: [{ AlarmName: "errors" }] },
    },
  };
}

function statuses(): unknown[] {
  return cloud.events.map(({ detail }) => detail["EndpointStatus"]);
}

async function empty(prefix: string): Promise<void> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: "lake", Prefix: prefix }));
  const Objects = Contents.map(({ Key }) => ({ Key }));
  if (Objects.length > 0) await s3.send(new DeleteObjectsCommand({ Bucket: "lake", Delete: { Objects } }));
}
