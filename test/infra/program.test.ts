import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FUNCTIONS, Platform } from "@perennial/contracts";
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Registered } from "../support/deploy.ts";
import { evaluate } from "../support/program.ts";
import { type Named, statementsOf } from "../support/statements.ts";

const importProgram = async () => {
  vi.resetModules();
  return await import("../../infra/index.ts");
};
const stacks: Record<string, Registered[]> = {};

beforeAll(async () => {
  stacks["dev"] = await evaluate("dev", importProgram);
  stacks["prod"] = await evaluate("prod", importProgram);
}, 120_000);

const inStack = (stack: string) => stacks[stack] ?? [];
const dev = () => inStack("dev");
const ofType = (type: string, resources = dev()) => resources.filter((resource) => resource.type === type);
const named = (resources: Registered[]) => resources.map(({ name }) => name);

/** Inputs as text: assets by what they hold, so that two evaluations can be compared. */
async function fingerprint(resources: Registered[]): Promise<string[]> {
  return await Promise.all(
    resources.map(async ({ urn, inputs, opts }) => `${urn} ${JSON.stringify([await plain(inputs), opts])}`),
  );
}

async function plain(value: unknown): Promise<unknown> {
  if (value instanceof pulumi.asset.AssetArchive) return await plain(await value.assets);
  if (value instanceof pulumi.asset.StringAsset) {
    return createHash("sha256")
      .update(await value.text)
      .digest("hex");
  }
  if (value instanceof pulumi.asset.FileAsset) return await value.path;
  if (Array.isArray(value)) return await Promise.all(value.map(plain));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(async ([key, item]) => [key, await plain(item)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

describe("the program", () => {
  it("registers the same resources with the same inputs when it is evaluated again", async () => {
    const again = await evaluate("dev", importProgram);
    expect(await fingerprint(again)).toEqual(await fingerprint(dev()));
  }, 60_000);

  it("registers nothing in prod that isn't in dev, but for a subscription to alerts", () => {
    const types = (stack: string) => new Set(inStack(stack).map(({ urn }) => urn));
    const only = (a: string, b: string) => [...types(a)].filter((urn) => !types(b).has(urn));
    expect(only("dev", "prod")).toEqual([
      "aws:iam/rolePolicy:RolePolicy hospital-readmission-register-model-approve",
    ]);
    expect(only("prod", "dev")).toEqual([
      "aws:iam/rolePolicy:RolePolicy hospital-readmission-register-model-approve-baseline",
      "aws:sns/topicSubscription:TopicSubscription alerts-email",
    ]);
  });

  it("names no two resources of a type alike", () => {
    const urns = dev().map(({ urn }) => urn);
    expect(urns.filter((urn, index) => urns.indexOf(urn) !== index)).toEqual([]);
  });

  it("puts every AWS resource through the provider that is bound to the stack's account and region", () => {
    const [provider] = ofType("pulumi:providers:aws");
    expect(provider?.inputs).toEqual({
      allowedAccountIds: '["123456789012"]',
      defaultTags: '{"tags":{"perennial:platform":"perennial","perennial:stack":"dev"}}',
      region: "eu-central-1",
      // The provider's own defaults.
      skipCredentialsValidation: "false",
      skipRegionValidation: "true",
    });
    const strays = dev().filter(
      ({ type, provider }) =>
        type.startsWith("aws:") && !provider?.endsWith("$pulumi:providers:aws::aws::aws-id"),
    );
    expect(named(strays)).toEqual([]);
  });

  it("publishes what the command line needs", () => {
    const [parameter] = ofType("aws:ssm/parameter:Parameter").filter(({ name }) => name === "platform");
    const platform = Platform.parse(JSON.parse(String(parameter?.inputs["insecureValue"])));
    expect(platform.workloads.map(({ name, endpoint }) => [name, endpoint])).toEqual([
      ["hospital-readmission", "perennial-dev-hospital-readmission"],
    ]);
    expect(platform.trackingApp).toBe(
      "arn:aws:sagemaker:eu-central-1:123456789012:mlflow-app/app-perennial-dev-tracking",
    );
    expect(platform.httpApi).toEqual({
      url: "https://api.execute-api.eu-central-1.amazonaws.com/live",
      auth: "key",
    });
    expect(Object.keys(platform.logGroups)).toEqual([
      // Tokens are asked for only where settings say so, and trials looked at only where there are any.
      ...Object.keys(FUNCTIONS).filter((name) => name !== "authorize-request" && name !== "observe-trial"),
      "processing",
      "training",
      "transform",
      "http-api",
      "endpoint/hospital-readmission",
    ]);
    const groups = ofType("aws:cloudwatch/logGroup:LogGroup").map(({ inputs }) => inputs["name"]);
    expect(Object.values(platform.logGroups).filter((group) => !groups.includes(group))).toEqual([]);
  });
});

describe.each(["dev", "prod"])("in %s", (stack) => {
  const of = (type: string) => ofType(type, inStack(stack));
  const protect = stack === "prod";

  it("every bucket is private, versioned, encrypted by the key, reached over TLS and kept for recovery", () => {
    const buckets = named(of("aws:s3/bucket:Bucket"));
    expect(buckets).toEqual(["artifacts", "lake"]);
    const guards = [
      "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
      "aws:s3/bucketVersioning:BucketVersioning",
      "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
      "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
      "aws:s3/bucketPolicy:BucketPolicy",
      "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    ];
    expect(guards.map((type) => [type, named(of(type))])).toEqual(guards.map((type) => [type, buckets]));
  });

  it("data survives a destroy exactly where the stack protects it", () => {
    const kept = [
      ...of("aws:s3/bucket:Bucket"),
      ...of("aws:dynamodb/table:Table"),
      ...of("aws:kms/key:Key"),
      ...of("aws:sagemaker/modelPackageGroup:ModelPackageGroup"),
      ...of("aws:ecr/repository:Repository"),
    ];
    expect(kept.map(({ name, opts }) => [name, opts.protect])).toEqual(
      [
        "artifacts",
        "lake",
        "ledger",
        "online",
        "key",
        "hospital-readmission",
        "serving-image",
        "training-image",
      ].map((name) => [name, protect]),
    );
    expect(of("aws:s3/bucket:Bucket").map(({ inputs }) => inputs["forceDestroy"])).toEqual([
      !protect,
      !protect,
    ]);
    expect(of("aws:dynamodb/table:Table").map(({ inputs }) => inputs["deletionProtectionEnabled"])).toEqual([
      protect,
      protect,
    ]);
  });

  it("every log group is encrypted and forgets after the days of the stack", () => {
    const groups = of("aws:cloudwatch/logGroup:LogGroup");
    const days = stack === "prod" ? 365 : 14;
    // Each function's, the workflows' and the endpoint's, those of jobs, those of the HTTP API and its firewall.
    expect(groups).toHaveLength(of("aws:lambda/function:Function").length + 2 + 1 + 3 + 2);
    const key = "arn:aws:kms:eu-central-1:123456789012:key/key";
    const others = groups.filter(
      ({ inputs }) => inputs["retentionInDays"] !== days || inputs["kmsKeyId"] !== key,
    );
    expect(named(others)).toEqual([]);
  });

  it("every function that events reach has a dead-letter queue, and every queue an alarm that tells people", () => {
    const reached = new Set(
      of("aws:cloudwatch/eventTarget:EventTarget").map(({ inputs }) => String(inputs["targetId"])),
    );
    const listeners = ["admit-retraining", "admit-rollout", "release-lease"];
    expect([...reached].toSorted()).toEqual([...listeners, "tracking"]);
    const onFailure = of("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig");
    expect(named(onFailure)).toEqual(listeners);
    expect(onFailure.map(({ inputs }) => inputs["destinationConfig"].onFailure.destination)).toEqual(
      listeners.map(
        (name) => `arn:aws:sqs:eu-central-1:123456789012:perennial-${stack}-${name}-dead-letters`,
      ),
    );
    const queueOf = (name: string) =>
      `arn:aws:sqs:eu-central-1:123456789012:perennial-${stack}-${name}-dead-letters`;
    const elsewhere = of("aws:cloudwatch/eventTarget:EventTarget").filter(
      ({ inputs }) => inputs["deadLetterConfig"].arn !== queueOf(String(inputs["targetId"])),
    );
    expect(named(elsewhere)).toEqual([]);
    const queues = of("aws:sqs/queue:Queue").map(({ inputs }) => inputs["name"]);
    const watched = of("aws:cloudwatch/metricAlarm:MetricAlarm")
      .filter(({ inputs }) => inputs["namespace"] === "AWS/SQS")
      .map(({ inputs }) => inputs["dimensions"].QueueName);
    // What lies in a queue that is worked off is no loss yet.
    expect(watched).toEqual(queues.filter((name) => name !== `perennial-${stack}-tracking`));
  });

  it("every alarm tells people", () => {
    const alerts = `arn:aws:sns:eu-central-1:123456789012:perennial-${stack}-alerts`;
    const silent = of("aws:cloudwatch/metricAlarm:MetricAlarm").filter(
      ({ inputs }) => JSON.stringify(inputs["alarmActions"]) !== JSON.stringify([alerts]),
    );
    expect(named(silent)).toEqual([]);
  });

  it("a rule calls only functions that let it", () => {
    const called = of("aws:cloudwatch/eventTarget:EventTarget")
      .filter(({ inputs }) => String(inputs["arn"]).startsWith("arn:aws:lambda:"))
      .map(({ inputs }) => [inputs["rule"], String(inputs["arn"]).split(":").at(-1)]);
    const allowed = of("aws:lambda/permission:Permission")
      .filter(({ inputs }) => inputs["principal"] === "events.amazonaws.com")
      .map(({ inputs }) => [String(inputs["sourceArn"]).split("/").at(-1), inputs["function"]]);
    expect(allowed).toEqual(called);
  });

  it("no policy allows every action of a service, and each resource * is one that no ARN can name", () => {
    const everywhere = new Set([
      "cloudwatch:GetMetricData",
      "cloudwatch:PutMetricData",
      "ecr:GetAuthorizationToken",
      "logs:CreateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:DescribeLogGroups",
      "logs:DescribeResourcePolicies",
      "logs:GetLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:UpdateLogDelivery",
      "servicequotas:ListServiceQuotas",
    ]);
    const statements: Named[] = statementsOf(inStack(stack));
    expect(statements.length).toBeGreaterThan(80);
    const faults = statements.flatMap(({ policy, Effect, Action, Resource }) =>
      Action.filter((action) => {
        const isTooWide = action.includes("*") || (Resource.includes("*") && !everywhere.has(action));
        return Effect === "Allow" && isTooWide;
      }).map((action) => `${policy}: ${action} on ${Resource.join(", ")}`),
    );
    expect(faults).toEqual([]);
  });

  it("no role is given a managed policy", () => {
    const types = new Set(inStack(stack).map(({ type }) => type));
    expect([...types].filter((type) => /policyAttachment|iam\/policy:/i.test(type))).toEqual([]);
    const roles = of("aws:iam/role:Role");
    expect(roles.filter(({ inputs }) => "managedPolicyArns" in inputs || "inlinePolicies" in inputs)).toEqual(
      [],
    );
  });

  it("no role outgrows the 10,240 characters that IAM allows its policies", () => {
    const sizes = new Map<string, number>();
    for (const { inputs } of of("aws:iam/rolePolicy:RolePolicy")) {
      const role = String(inputs["role"]);
      sizes.set(role, (sizes.get(role) ?? 0) + JSON.stringify(inputs["policy"]).length);
    }
    expect([...sizes].filter(([, size]) => size > 10_240 / 2)).toEqual([]);
  });

  it("fits the limit of every physical name", () => {
    const limits: [type: string, input: string, limit: number][] = [
      ["aws:iam/role:Role", "name", 64],
      ["aws:lambda/function:Function", "name", 64],
      ["aws:cloudwatch/eventRule:EventRule", "name", 64],
      ["aws:s3/bucket:Bucket", "bucket", 63],
      ["aws:sagemaker/endpoint:Endpoint", "name", 63],
      ["aws:sagemaker/model:Model", "name", 63],
      ["aws:sagemaker/endpointConfiguration:EndpointConfiguration", "name", 63],
      ["aws:sfn/stateMachine:StateMachine", "name", 80],
      ["aws:sqs/queue:Queue", "name", 80],
    ];
    const tooLong = limits.flatMap(([type, input, limit]) =>
      of(type)
        .map(({ inputs }) => String(inputs[input]))
        .filter((name) => name.length > limit || name === "undefined"),
    );
    expect(tooLong).toEqual([]);
  });
});

describe("the workflows", () => {
  const definition = (kind: string) => {
    const [machine] = ofType("aws:sfn/stateMachine:StateMachine").filter(({ name }) =>
      name.endsWith(`-${kind}`),
    );
    return String(machine?.inputs["definition"]);
  };

  it.each(["retrain", "rollout"])(
    "%s tags what it makes as the provider does, and by its workload",
    (kind) => {
      const [provider] = ofType("pulumi:providers:aws");
      const { tags } = JSON.parse(String(provider?.inputs["defaultTags"])) as {
        tags: Record<string, string>;
      };
      const expected = { ...tags, "perennial:workload": "hospital-readmission" };
      const states = JSON.parse(definition(kind)).States as Record<
        string,
        { Parameters?: { Tags?: unknown } }
      >;
      const given = Object.values(states).flatMap(({ Parameters }) => Parameters?.Tags ?? []);
      const once = Object.entries(expected).map(([Key, Value]) => ({ Key, Value }));
      const times = kind === "retrain" ? 3 : 6;
      expect(given).toEqual(Array.from({ length: times }, () => once).flat());
    },
  );

  it.each(["retrain", "rollout"])("%s has every token filled", (kind) => {
    expect(definition(kind).match(/\$\{\w+\}/g)).toBeNull();
  });

  it.each(["retrain", "rollout"])("%s calls only functions that exist and that its role may call", (kind) => {
    const called = new Set(definition(kind).match(/arn:aws:lambda:[\w:-]+/g));
    const deployed = ofType("aws:lambda/function:Function").map(
      ({ inputs }) => `arn:aws:lambda:eu-central-1:123456789012:function:${inputs["name"]}`,
    );
    expect([...called].filter((arn) => !deployed.includes(arn))).toEqual([]);
    const allowed = statementsOf(dev())
      .filter(({ role, Action }) => role.endsWith(kind) && Action.includes("lambda:InvokeFunction"))
      .flatMap(({ Resource }) => Resource);
    expect(allowed.toSorted()).toEqual([...called].toSorted());
  });

  it("leave out what a stack without a network and without spot instances doesn't have", async () => {
    const withNetwork = await evaluate("prod", importProgram, {
      "perennial:subnetIds": '["subnet-1"]',
      "perennial:securityGroupIds": '["sg-1"]',
    });
    const train = (resources: Registered[]) => {
      const [machine] = resources.filter(({ urn }) =>
        urn.endsWith("StateMachine hospital-readmission-retrain"),
      );
      return JSON.parse(String(machine?.inputs["definition"])).States.Train.Parameters as Record<
        string,
        unknown
      >;
    };
    expect(train(dev())["VpcConfig"]).toBeUndefined();
    expect(train(withNetwork)["VpcConfig"]).toEqual({ Subnets: ["subnet-1"], SecurityGroupIds: ["sg-1"] });
    expect(train(dev())["StoppingCondition"]).toEqual({
      MaxRuntimeInSeconds: 1260,
      MaxWaitTimeInSeconds: 1440,
    });
    expect(train(withNetwork)["StoppingCondition"]).toEqual({ MaxRuntimeInSeconds: 1260 });
  }, 60_000);
});

it("is a table of contents: index.ts holds no branch, no loop and no function", () => {
  const index = readFileSync(join(import.meta.dirname, "../../infra/index.ts"), "utf8");
  expect(index.match(/\b(if|for|while|switch|function)\b\s*\(|=>|\?|new /g)).toBeNull();
});
