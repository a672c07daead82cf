import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  type CreateEndpointConfigCommandInput,
  CreateModelCommand,
  DescribeEndpointCommand,
  type ProductionVariant,
  SageMakerClient,
  UpdateEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
} from "@aws-sdk/client-sagemaker";
import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { clientFor } from "./open-test-gateway.ts";
import {
  modelThatSays,
  openTestSageMaker,
  SERVING_IMAGE,
  type TestSageMaker,
  until,
} from "./open-test-sagemaker.ts";

const EndpointName = "perennial-dev-tried";
let cloud: TestSageMaker;
let admin: SageMakerClient;
let runtime: SageMakerRuntimeClient;
let s3: S3Client;

const variant = (VariantName: string, ModelName: string, InitialVariantWeight = 1): ProductionVariant => ({
  VariantName,
  ModelName,
  InitialVariantWeight,
  InstanceType: "ml.m5.large",
  InitialInstanceCount: 1,
});
const champion = variant("primary", "old");

async function configure(
  EndpointConfigName: string,
  variants: Partial<CreateEndpointConfigCommandInput>,
): Promise<void> {
  await admin.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName,
      ProductionVariants: [champion],
      DataCaptureConfig: {
        EnableCapture: true,
        InitialSamplingPercentage: 100,
        DestinationS3Uri: "s3://lake/open/capture/",
        CaptureOptions: [{ CaptureMode: "InputAndOutput" }],
        CaptureContentTypeHeader: { JsonContentTypes: ["application/json"] },
      },
      ...variants,
    }),
  );
}

async function update(EndpointConfigName: string, more: object = {}) {
  await admin.send(new UpdateEndpointCommand({ EndpointName, EndpointConfigName, ...more }));
  await cloud.sageMaker.settled();
  return admin.send(new DescribeEndpointCommand({ EndpointName }));
}

async function invoke(Body: string, more: { [name: string]: string } = {}): Promise<string> {
  const answer = await runtime.send(
    new InvokeEndpointCommand({ EndpointName, Body, ContentType: "application/json", ...more }),
  );
  const { model } = JSON.parse(Buffer.from(answer.Body).toString()) as { model: string };
  return `${model} as ${answer.InvokedProductionVariant}`;
}

/** What was captured since the last look: variant and inference id. */
const known = new Set<string>();
async function captured(): Promise<string[]> {
  await cloud.sageMaker.flushCapture();
  const { Contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: "lake", Prefix: `open/capture/${EndpointName}/` }),
  );
  const found: string[] = [];
  for (const { Key = "" } of Contents) {
    if (known.has(Key)) continue;
    known.add(Key);
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: "lake", Key }));
    for (const line of ((await Body?.transformToString()) ?? "").trim().split("\n")) {
      const { captureData, eventMetadata } = JSON.parse(line) as {
        captureData: { endpointOutput: { data: string } };
        eventMetadata: { inferenceId: string };
      };
      const { model } = JSON.parse(captureData.endpointOutput.data) as { model: string };
      found.push(`${Key.split("/")[3]} ${eventMetadata.inferenceId} ${model}`);
    }
  }
  return found.sort();
}

const counted = (metric: string): string[] =>
  cloud.metrics
    .filter(
      ({ name, value, dimensions }) => name === metric && value > 0 && "EndpointConfigName" in dimensions,
    )
    .map(({ dimensions }) => `${dimensions["VariantName"]} of ${dimensions["EndpointConfigName"]}`)
    .sort();

beforeAll(async () => {
  cloud = await openTestSageMaker();
  admin = new SageMakerClient(clientFor(cloud.gateway));
  runtime = new SageMakerRuntimeClient(clientFor(cloud.gateway));
  s3 = new S3Client(clientFor(cloud.gateway));
  await s3.send(new CreateBucketCommand({ Bucket: "lake" }));
  for (const ModelName of ["old", "new"]) {
    const Key = `open/models/${ModelName}.tar.gz`;
    await s3.send(new PutObjectCommand({ Bucket: "lake", Key, Body: await modelThatSays(ModelName) }));
    const PrimaryContainer = { Image: SERVING_IMAGE, ModelDataUrl: `s3://lake/${Key}` };
    await admin.send(
      new CreateModelCommand({ ModelName, ExecutionRoleArn: cloud.roleArn, PrimaryContainer }),
    );
  }
  await configure("alone", {});
  await configure("shadow", { ShadowProductionVariants: [variant("challenger", "new", 0.25)] });
  await configure("split", {
    ProductionVariants: [variant("primary", "old", 3), variant("challenger", "new")],
  });
  await admin.send(new CreateEndpointCommand({ EndpointName, EndpointConfigName: "alone" }));
  await cloud.sageMaker.settled();
});

beforeEach(() => {
  cloud.metrics.length = 0;
  cloud.chance.value = 0;
  cloud.gateway.faults.clear();
});

afterAll(() => cloud.close());

describe("a shadow variant", () => {
  beforeAll(async () => void (await update("shadow")));

  it("is described beside the one that it shadows", async () => {
    const endpoint = await admin.send(new DescribeEndpointCommand({ EndpointName }));
    expect(endpoint.ProductionVariants?.map(({ VariantName }) => VariantName)).toEqual(["primary"]);
    expect(endpoint.ShadowProductionVariants).toEqual([
      {
        VariantName: "challenger",
        CurrentWeight: 0.25,
        DesiredWeight: 0.25,
        CurrentInstanceCount: 1,
        DesiredInstanceCount: 1,
      },
    ]);
  });

  it("answers copies that nobody sees, counted and captured under its own name", async () => {
    expect(await invoke("{}", { InferenceId: "seen" })).toBe("old as primary");
    expect(await captured()).toEqual(["challenger seen new", "primary seen old"]);
    expect(counted("Invocations")).toEqual(["challenger of shadow", "primary of shadow"]);
  });

  it("gets as many copies as its weight says", async () => {
    let copies = 0;
    for (let percent = 0; percent < 100; percent += 5) {
      cloud.chance.value = percent / 100;
      await invoke("{}", { InferenceId: `chance-${percent}` });
    }
    for (const line of await captured()) if (line.startsWith("challenger")) copies += 1;
    expect(copies).toBe(5);
  });

  it("that fails, or is dead, is nothing a caller notices", async () => {
    cloud.gateway.faults.disturbModel(/new/, { status: 500 }, 1);
    expect(await invoke("{}", { InferenceId: "failing" })).toBe("old as primary");
    expect(await captured()).toEqual(["primary failing old"]);
    expect(counted("Invocation5XXErrors")).toEqual(["challenger of shadow"]);
  });

  it("that is slow keeps no caller waiting", async () => {
    cloud.gateway.faults.disturbModel(/new/, { delayMs: 60_000 }, 1);
    const started = performance.now();
    expect(await invoke("{}", { InferenceId: "slow" })).toBe("old as primary");
    expect(performance.now() - started).toBeLessThan(20_000);
    // Its copy is broken off as the fleet goes: no one waits for it, and it isn't the model's failure.
    await update("alone");
    expect(await captured()).toEqual(["primary slow old"]);
    expect(counted("Invocations")).toEqual(["primary of shadow"]);
    await update("shadow");
  });

  it("gets a copy of what its model refuses a caller, too", async () => {
    await expect(invoke("refuse", { InferenceId: "refused" })).rejects.toMatchObject({
      OriginalStatusCode: 422,
    });
    await cloud.sageMaker.flushCapture();
    expect(counted("Invocation4XXErrors")).toEqual(["challenger of shadow", "primary of shadow"]);
  });

  it("is none to ask for", async () => {
    await expect(invoke("{}", { TargetVariant: "challenger" })).rejects.toThrow(
      'TargetVariant is "challenger", expected one of primary.',
    );
  });

  it("changes its share by its weight", async () => {
    const scale = { VariantName: "challenger", DesiredWeight: 1 };
    await admin.send(
      new UpdateEndpointWeightsAndCapacitiesCommand({ EndpointName, DesiredWeightsAndCapacities: [scale] }),
    );
    cloud.chance.value = 0.9;
    await invoke("{}", { InferenceId: "all" });
    expect(await captured()).toEqual(["challenger all new", "primary all old"]);
  });
});

describe("two production variants", () => {
  beforeAll(async () => void (await update("split")));

  it("share the requests by their weights", async () => {
    const shares: Record<string, number> = {};
    for (let percent = 0; percent < 100; percent += 5) {
      cloud.chance.value = percent / 100;
      const answer = await invoke("{}", { InferenceId: `share-${percent}` });
      shares[answer] = (shares[answer] ?? 0) + 5;
    }
    expect(shares).toEqual({ "old as primary": 75, "new as challenger": 25 });
    expect((await captured()).filter((line) => line.startsWith("challenger")).length).toBe(5);
  });

  it("answer whoever asks for one of them by name", async () => {
    expect(await invoke("{}", { TargetVariant: "challenger" })).toBe("new as challenger");
    expect(await invoke("{}", { TargetVariant: "primary" })).toBe("old as primary");
    expect(counted("Invocations")).toEqual(["challenger of split", "primary of split"]);
  });

  it("are left for one without guardrails alone, since those keep the variants' names", async () => {
    const routing = { Type: "ALL_AT_ONCE", WaitIntervalInSeconds: 0 };
    const DeploymentConfig = { BlueGreenUpdatePolicy: { TrafficRoutingConfiguration: routing } };
    await expect(update("alone", { DeploymentConfig })).rejects.toThrow(
      "An update with a DeploymentConfig keeps the names of the variants: given primary, expected challenger, primary.",
    );
    const endpoint = await update("alone");
    expect(endpoint.ProductionVariants?.map(({ VariantName }) => VariantName)).toEqual(["primary"]);
    expect(
      await until(
        () => invoke("{}"),
        (answer) => answer === "old as primary",
      ),
    ).toBe("old as primary");
  });
});

it.each<[string, Partial<CreateEndpointConfigCommandInput>, string]>([
  [
    "two shadow variants",
    { ShadowProductionVariants: [variant("a", "new"), variant("b", "new")] },
    "expected one shadow variant at most",
  ],
  [
    "a shadow beside two production variants",
    {
      ProductionVariants: [champion, variant("a", "new")],
      ShadowProductionVariants: [variant("b", "new")],
    },
    "ProductionVariants: expected one beside a shadow variant",
  ],
  [
    "a shadow of the same name",
    { ShadowProductionVariants: [variant("primary", "new")] },
    "ProductionVariants: expected a different VariantName for each",
  ],
  [
    "a shadow of no model",
    { ShadowProductionVariants: [variant("challenger", "absent")] },
    'Could not find model "arn:aws:sagemaker:eu-central-1:123456789012:model/absent".',
  ],
])("refuses a configuration with %s", async (_, variants, message) => {
  await expect(configure("refused", variants)).rejects.toThrow(message);
});
