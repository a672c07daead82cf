import { executionName } from "@perennial/ledger";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { matches } from "../../local/events/pattern.ts";
import type { Registered } from "../support/deploy.ts";
import { evaluate } from "../support/program.ts";

// dev and prod in one account and one region: what they share would let the one disturb the other.

const W = "hospital-readmission";
const ACCOUNT = { "perennial:accountId": "123456789012" };
const importProgram = async () => {
  vi.resetModules();
  return await import("../../infra/index.ts");
};
let dev: Registered[];
let prod: Registered[];

beforeAll(async () => {
  dev = await evaluate("dev", importProgram);
  prod = await evaluate("prod", importProgram, ACCOUNT);
}, 120_000);

/** What a resource is called where the account or the world has one of that name only. */
const NAMED_BY = ["name", "modelPackageGroupName"];
const nameOf = ({ type, inputs }: Registered): string | null => {
  const [name] = NAMED_BY.flatMap((input) => inputs[input] ?? []);
  const own = type === "aws:s3/bucket:Bucket" ? inputs["bucket"] : name;
  return own === undefined ? null : `${type} ${String(own)}`;
};
/** Parts of an API are named within it. */
const OF_AN_API = /^aws:apigateway\/(model|requestValidator|authorizer):/;
const ofAws = (resources: Registered[]) => resources.filter(({ type }) => type.startsWith("aws:"));
const common = (a: string[], b: string[]) => a.filter((item) => b.includes(item));

describe("two stacks in one account and region", () => {
  it("share no physical name but those of the jobs' log groups, which SageMaker gives", () => {
    const names = (resources: Registered[]) =>
      ofAws(resources)
        .filter(({ type }) => !OF_AN_API.test(type))
        .flatMap((resource) => nameOf(resource) ?? []);
    expect(common(names(dev), names(prod))).toEqual([
      "aws:cloudwatch/logGroup:LogGroup /aws/sagemaker/ProcessingJobs",
      "aws:cloudwatch/logGroup:LogGroup /aws/sagemaker/TrainingJobs",
      "aws:cloudwatch/logGroup:LogGroup /aws/sagemaker/TransformJobs",
    ]);
  });

  it("share none at all once one of them says that the other keeps the jobs' log groups", async () => {
    const second = await evaluate("prod", importProgram, { ...ACCOUNT, "perennial:ownsJobLogs": "false" });
    const groups = (resources: Registered[]) =>
      resources
        .filter(({ type }) => type === "aws:cloudwatch/logGroup:LogGroup")
        .map(({ inputs }) => String(inputs["name"]));
    expect(common(groups(dev), groups(second))).toEqual([]);
  }, 60_000);

  it("leave no resource without a name but those that are named by what they belong to", () => {
    const nameless = new Set(
      ofAws(dev)
        .filter((resource) => nameOf(resource) === null)
        .map(({ type }) => type),
    );
    expect([...nameless]).toEqual([
      "aws:apigateway/account:Account",
      "aws:apigateway/deployment:Deployment",
      "aws:apigateway/integration:Integration",
      "aws:apigateway/method:Method",
      "aws:apigateway/methodSettings:MethodSettings",
      "aws:apigateway/resource:Resource",
      "aws:apigateway/response:Response",
      "aws:apigateway/stage:Stage",
      "aws:apigateway/usagePlanKey:UsagePlanKey",
      "aws:cloudwatch/eventTarget:EventTarget",
      "aws:ecr/lifecyclePolicy:LifecyclePolicy",
      "aws:iam/rolePolicy:RolePolicy",
      "aws:kms/key:Key",
      "aws:lambda/eventSourceMapping:EventSourceMapping",
      "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
      "aws:lambda/permission:Permission",
      "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
      "aws:s3/bucketObjectv2:BucketObjectv2",
      "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
      "aws:s3/bucketPolicy:BucketPolicy",
      "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
      "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
      "aws:s3/bucketVersioning:BucketVersioning",
      "aws:sns/topicPolicy:TopicPolicy",
      "aws:sqs/queuePolicy:QueuePolicy",
      "aws:wafv2/webAclAssociation:WebAclAssociation",
      "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
    ]);
  });

  it("watch no metric in common", () => {
    const watched = (resources: Registered[]) =>
      resources
        .filter(({ type }) => type === "aws:cloudwatch/metricAlarm:MetricAlarm")
        .map(({ inputs }) =>
          JSON.stringify([inputs["namespace"], inputs["metricName"], inputs["dimensions"]]),
        );
    expect(common(watched(dev), watched(prod))).toEqual([]);
  });

  it("name the executions of one trigger differently, and with them jobs, models and configurations", () => {
    const names = [dev, prod].flatMap((resources) =>
      resources
        .filter(({ type }) => type === "aws:sfn/stateMachine:StateMachine")
        .map(({ inputs }) => `arn:aws:states:eu-central-1:123456789012:stateMachine:${inputs["name"]}`)
        .map((machine) => executionName(W, machine, "6a7e8feb-b491-4cf7-a9f1-bf3703467718")),
    );
    expect(new Set(names).size).toBe(4);
  });
});

describe("an event that concerns dev", () => {
  const arn = (resource: string) => `arn:aws:states:eu-central-1:123456789012:${resource}`;
  const asked = { stack: "dev", workload: W, reason: "new data", requestedBy: "ada" };

  it.each([
    ["perennial", "Retraining Requested", asked, ["retraining-requested"]],
    ["perennial", "Rollout Requested", { ...asked, kind: "rollback" }, ["rollout-requested"]],
    [
      "aws.cloudwatch",
      "CloudWatch Alarm State Change",
      {
        alarmName: `perennial-dev-${W}-drift`,
        state: { value: "ALARM" },
        previousState: { value: "OK" },
      },
      [`${W}-drift`],
    ],
    [
      "aws.sagemaker",
      "SageMaker Model Package State Change",
      {
        ModelPackageGroupName: `perennial-dev-${W}`,
        ModelApprovalStatus: "Approved",
        UpdatedModelPackageFields: ["ModelApprovalStatus"],
      },
      ["tracking-versions", "version-approved"],
    ],
    [
      "aws.states",
      "Step Functions Execution Status Change",
      { stateMachineArn: arn(`stateMachine:perennial-dev-${W}-retrain`), status: "ABORTED" },
      ["execution-ended", "tracking-executions"],
    ],
    [
      "aws.ssm",
      "Parameter Store Change",
      { name: "/perennial/dev/serving-image", operation: "Update" },
      [`${W}-image`],
    ],
  ])("from %s, %s, reaches the rules of dev and none of prod", (source, detailType, detail, rules) => {
    const event = { source, "detail-type": detailType, detail };
    const matching = (resources: Registered[]) =>
      resources
        .filter(({ inputs }) => typeof inputs["eventPattern"] === "string")
        .filter(({ inputs }) => matches(JSON.parse(String(inputs["eventPattern"])), event))
        .map(({ inputs }) => inputs["name"]);
    expect([matching(dev), matching(prod)]).toEqual([rules.map((rule) => `perennial-dev-${rule}`), []]);
  });
});
