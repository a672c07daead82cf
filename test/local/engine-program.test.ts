import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { evaluate } from "../../local/program/evaluate.ts";
import type { RecordedResource } from "../../local/program/resource.ts";
import { readStack } from "../../local/program/settings.ts";
import { COUNTERPARTS, outputsOf } from "../../local/provider/index.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const ACCOUNT = { accountId: "123456789012", region: "eu-central-1" };
const byUrn = (resources: RecordedResource[]) =>
  resources.toSorted((one, other) => (one.urn < other.urn ? -1 : 1));

describe("the recorded program", () => {
  it("applies the defaults of Pulumi.yaml under the settings of the stack, as text", () => {
    const { project, values } = readStack(REPOSITORY, "dev");
    expect(project).toBe("perennial");
    expect([
      values["aws:region"],
      values["perennial:useSpot"],
      values["perennial:trainingVolumeGiB"],
      values["perennial:subnetIds"],
    ]).toEqual(["eu-central-1", "true", "30", "[]"]);
    expect(() => readStack(REPOSITORY, "staging")).toThrow(
      "Pulumi.staging.yaml cannot be read; expected the settings of a stack.",
    );
  });

  it("registers the same resources with the same inputs when it is evaluated again", async () => {
    const settings = readStack(REPOSITORY, "dev");
    const [first, second] = [await evaluate(REPOSITORY, settings), await evaluate(REPOSITORY, settings)];
    expect(byUrn(second.resources)).toEqual(byUrn(first.resources));
  }, 60_000);

  it("registers each resource after those it is built on, and marks what survives a destroy", async () => {
    const { resources } = await evaluate(REPOSITORY, readStack(REPOSITORY, "prod"));
    const places = new Map(resources.map(({ urn }, place) => [urn, place]));
    const early = resources.flatMap(({ urn, options }, place) =>
      options.dependencies
        .filter((other) => (places.get(other) ?? -1) > place)
        .map((other) => `${urn} before ${other}`),
    );
    expect(early).toEqual([]);
    const isProtected = resources.filter(({ options }) => options.protect).map(({ type }) => type);
    expect(new Set(isProtected)).toEqual(
      new Set([
        "aws:kms/key:Key",
        "aws:s3/bucket:Bucket",
        "aws:dynamodb/table:Table",
        "aws:ecr/repository:Repository",
        "aws:sagemaker/modelPackageGroup:ModelPackageGroup",
      ]),
    );
    const endpoint = resources.find(({ type }) => type === "aws:sagemaker/endpoint:Endpoint");
    expect(endpoint?.options.ignoreChanges).toEqual(["endpointConfigName", "deploymentConfig"]);
  }, 60_000);

  it("leaves no input undefined that an output was to fill", async () => {
    const { resources } = await evaluate(REPOSITORY, readStack(REPOSITORY, "dev"));
    const holes = resources.filter(({ inputs: { code: _code, ...inputs } }) =>
      /undefined|Calling \[toString\]/.test(JSON.stringify(inputs)),
    );
    expect(holes.map(({ urn }) => urn)).toEqual([]);
    const targets = resources.filter(({ type }) => type === "aws:cloudwatch/eventTarget:EventTarget");
    expect(targets.map(({ inputs }) => typeof inputs["arn"])).toEqual(targets.map(() => "string"));
  }, 60_000);
});

describe("the provider", () => {
  it("refuses a type that it doesn't know", () => {
    expect(() => outputsOf({ type: "aws:glue/job:Job", name: "etl", inputs: {} }, ACCOUNT)).toThrow(
      'aws:glue/job:Job "etl" has no counterpart on one machine: give it one in local/provider/, or list it there as having no effect, with the reason.',
    );
  });

  it("names the resource whose input is missing", () => {
    expect(() => outputsOf({ type: "aws:sqs/queue:Queue", name: "dead", inputs: {} }, ACCOUNT)).toThrow(
      'aws:sqs/queue:Queue "dead": name is undefined; expected text.',
    );
  });

  it("gives a reason for each type without an effect", () => {
    const silent = Object.entries(COUNTERPARTS).flatMap(([type, { create }]) =>
      typeof create === "function" ? [] : [[type, create.none]],
    );
    expect(silent.filter(([, reason]) => (reason ?? "").length < 20)).toEqual([]);
    expect(silent.map(([type]) => type)).toEqual([
      "aws:kms/alias:Alias",
      "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
      "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
      "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
      "aws:ecr/repository:Repository",
      "aws:ecr/lifecyclePolicy:LifecyclePolicy",
      "docker-build:index:Image",
      "aws:apigateway/deployment:Deployment",
      "aws:acm/certificate:Certificate",
      "aws:acm/certificateValidation:CertificateValidation",
      "aws:route53/record:Record",
      "aws:apigateway/domainName:DomainName",
      "aws:apigateway/basePathMapping:BasePathMapping",
      "aws:appautoscaling/target:Target",
      "aws:appautoscaling/policy:Policy",
      "aws:appautoscaling/scheduledAction:ScheduledAction",
      "pulumi:providers:aws",
    ]);
  });
});
