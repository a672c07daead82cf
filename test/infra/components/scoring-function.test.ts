import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { expect, it } from "vitest";
import {
  ScoringFunction,
  type ScoringFunctionArgs,
} from "../../../infra/components/scoring-function/scoring-function.ts";
import { deploy, type Registered } from "../../support/deploy.ts";

const KEY = "arn:aws:kms:eu-central-1:123456789012:key/k";
const TOPIC = "arn:aws:sns:eu-central-1:123456789012:alerts";
const FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:perennial-dev-churn-score";
const ALARM = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:perennial-dev";
const ENVIRONMENT = {
  PERENNIAL_MODEL_URI: "s3://artifacts/baselines/churn/1/model.tar.gz",
  PERENNIAL_MODEL_SHA256: "a".repeat(64),
  PERENNIAL_MODEL_VERSION: "0",
  PERENNIAL_MAX_BODY_KIB: "512",
  PERENNIAL_MAX_RECORDS: "100",
};
const role = (name: string) => new aws.iam.Role(name, { name, assumeRolePolicy: "{}" });
const args = (changes: Partial<ScoringFunctionArgs> = {}): ScoringFunctionArgs => ({
  functionName: "perennial-dev-churn-score",
  description: "Scores churn",
  code: new pulumi.asset.AssetArchive({}),
  environment: ENVIRONMENT,
  role: role("serving"),
  memoryMiB: 1769,
  logGroupName: "/aws/lambda/perennial-dev-churn-score",
  logRetentionDays: 14,
  keyArn: KEY,
  alertTopicArn: TOPIC,
  tags: { "perennial:workload": "churn" },
  ...changes,
});
const deployed = async (changes: Partial<ScoringFunctionArgs> = {}) =>
  await deploy(() => new ScoringFunction("churn", args(changes)));
const find = (resources: Registered[], type: string) => resources.find((resource) => resource.type === type);

it("is in service with the baseline, by an alias that leads to its first version", async () => {
  const resources = await deployed();
  const { code: _code, ...scoring } = find(resources, "aws:lambda/function:Function")?.inputs ?? {};
  expect(scoring).toEqual({
    name: "perennial-dev-churn-score",
    description: "Scores churn",
    runtime: "nodejs24.x",
    architectures: ["x86_64"],
    handler: "index.handler",
    role: "arn:aws:iam::123456789012:role/serving",
    timeout: 29,
    memorySize: 1769,
    publish: true,
    environment: { variables: ENVIRONMENT },
    loggingConfig: { logFormat: "JSON", logGroup: "/aws/lambda/perennial-dev-churn-score" },
    tags: { "perennial:workload": "churn" },
  });
  expect(find(resources, "aws:lambda/alias:Alias")?.inputs).toEqual({
    name: "live",
    functionName: "perennial-dev-churn-score",
    functionVersion: "1",
  });
});

it("may write to its own log group, and make none", async () => {
  expect(find(await deployed(), "aws:iam/rolePolicy:RolePolicy")?.inputs["policy"].Statement).toEqual([
    {
      Effect: "Allow",
      Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
      Resource: "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/perennial-dev-churn-score:*",
    },
  ]);
});

it("leaves to the rollout what answers, and where the alias leads", async () => {
  const resources = await deployed();
  expect(find(resources, "aws:lambda/function:Function")?.opts).toEqual({ ignoreChanges: ["environment"] });
  expect(find(resources, "aws:lambda/alias:Alias")?.opts).toEqual({
    ignoreChanges: ["functionVersion", "routingConfig"],
  });
});

it("runs on the other processor where that is asked for", async () => {
  const resources = await deployed({ architecture: "arm64" });
  expect(find(resources, "aws:lambda/function:Function")?.inputs["architectures"]).toEqual(["arm64"]);
});

it("alarms at the first failure of what is live", async () => {
  const alarm = find(await deployed(), "aws:cloudwatch/metricAlarm:MetricAlarm");
  expect(alarm?.inputs).toMatchObject({
    name: "perennial-dev-churn-score-errors",
    namespace: "AWS/Lambda",
    metricName: "Errors",
    dimensions: { FunctionName: "perennial-dev-churn-score", Resource: "perennial-dev-churn-score:live" },
    threshold: 0,
    alarmActions: [TOPIC],
  });
});

it("lets callers reach the alias alone, steps every version, and a rollout what it changes and nothing whole", async () => {
  const resources = await deploy(() => {
    const scoring = new ScoringFunction("churn", args());
    scoring.grantInvoke("caller", role("caller"));
    scoring.grantProbe("step", role("step"));
    scoring.grantRollOut("rollout", role("rollout"), {
      own: `${ALARM}-churn-????????????-*`,
      ofBaseline: `${ALARM}-churn-baseline-*`,
      topicArn: TOPIC,
    });
  });
  const policyOf = (name: string) => resources.find((resource) => resource.name === name)?.inputs["policy"];
  expect(policyOf("churn-caller-invoke").Statement).toEqual([
    { Effect: "Allow", Action: "lambda:InvokeFunction", Resource: `${FUNCTION}:live` },
  ]);
  expect(policyOf("churn-step-probe").Statement).toEqual([
    { Effect: "Allow", Action: "lambda:InvokeFunction", Resource: `${FUNCTION}:*` },
  ]);
  expect(policyOf("churn-rollout-roll-out").Statement).toEqual([
    {
      Effect: "Allow",
      Action: [
        "lambda:UpdateFunctionConfiguration",
        "lambda:PublishVersion",
        "lambda:ListVersionsByFunction",
        "lambda:GetAlias",
        "lambda:UpdateAlias",
      ],
      Resource: FUNCTION,
    },
    {
      Effect: "Allow",
      Action: "lambda:GetFunctionConfiguration",
      Resource: [FUNCTION, `${FUNCTION}:*`],
    },
    { Effect: "Allow", Action: "lambda:DeleteFunction", Resource: `${FUNCTION}:*` },
    {
      Effect: "Allow",
      Action: "cloudwatch:PutMetricAlarm",
      Resource: `${ALARM}-churn-????????????-*`,
      Condition: { "ForAllValues:StringEquals": { "cloudwatch:AlarmActions": [TOPIC] } },
    },
    {
      Effect: "Allow",
      Action: "cloudwatch:DeleteAlarms",
      Resource: [`${ALARM}-churn-????????????-*`, `${ALARM}-churn-baseline-*`],
    },
    {
      Effect: "Allow",
      Action: ["cloudwatch:TagResource", "cloudwatch:DescribeAlarms"],
      Resource: `${ALARM}-churn-????????????-*`,
    },
  ]);
});

it.each([511, 10_241, 1024.5])("refuses %d MiB before anything is made", async (memoryMiB) => {
  await expect(deployed({ memoryMiB })).rejects.toThrow(
    `ScoringFunction "churn": memoryMiB is ${memoryMiB}, expected a whole number from 512 to 10240. With less a model ` +
      "and its runtime don't fit; what needs more is served by an endpoint.",
  );
});
