import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import * as forms from "../../../infra/components/triggers/forms.ts";
import * as patterns from "../../../infra/components/triggers/patterns.ts";
import { Trigger } from "../../../infra/components/triggers/trigger.ts";
import { deploy } from "../../support/deploy.ts";

const lambda = (name: string) =>
  new aws.lambda.Function(name, {
    name,
    role: "arn:aws:iam::123456789012:role/r",
    code: new pulumi.asset.AssetArchive({ "index.mjs": new pulumi.asset.StringAsset("export {};") }),
  });
const listener = (name: string) => ({
  name,
  function: lambda(name),
  form: forms.swept(),
  deadLetterQueueArn: "arn:aws:sqs:::lost",
});

describe("a trigger", () => {
  it("calls its listener in the form that it asks for, lets itself in, and leaves what can't be delivered to the queue", async () => {
    const resources = await deploy(() => {
      new Trigger("sweep", {
        ruleName: "perennial-dev-sweep",
        description: "Looks again",
        on: { schedule: "rate(15 minutes)" },
        listeners: [listener("admit")],
      });
    });
    const inputsOf = (type: string) =>
      resources.filter((resource) => resource.type === type).map(({ inputs }) => inputs);
    expect(inputsOf("aws:cloudwatch/eventRule:EventRule")).toEqual([
      { name: "perennial-dev-sweep", description: "Looks again", scheduleExpression: "rate(15 minutes)" },
    ]);
    expect(inputsOf("aws:cloudwatch/eventTarget:EventTarget")).toEqual([
      {
        rule: "perennial-dev-sweep",
        targetId: "admit",
        arn: "arn:aws:lambda:eu-central-1:123456789012:function:admit",
        inputTransformer: {
          inputPaths: { id: "$.id", time: "$.time" },
          inputTemplate: '{"kind": "re-entry", "id": <id>, "time": <time>}',
        },
        deadLetterConfig: { arn: "arn:aws:sqs:::lost" },
        retryPolicy: { maximumEventAgeInSeconds: 3600, maximumRetryAttempts: 8 },
      },
    ]);
    expect(inputsOf("aws:lambda/permission:Permission")).toEqual([
      {
        action: "lambda:InvokeFunction",
        principal: "events.amazonaws.com",
        function: "admit",
        sourceArn: "arn:aws:events:eu-central-1:123456789012:rule/perennial-dev-sweep",
      },
    ]);
  });

  it.each([0, 6])("refuses %d listeners", async (count) => {
    const deployed = deploy(() => {
      const listeners = Array.from({ length: count }, (_, index) => listener(`l${index}`));
      new Trigger("sweep", { ruleName: "r", description: "d", on: { schedule: "rate(1 day)" }, listeners });
    });
    await expect(deployed).rejects.toThrow(
      `Trigger "sweep": ${count} listeners, expected 1 to 5 (EventBridge allows no more a rule). ` +
        `Give the others a trigger of their own.`,
    );
  });
});

describe("a pattern", () => {
  it("hears an alarm only as it goes off: not while it stays, not as it recovers", () => {
    expect(patterns.alarmWentOff("drift")).toEqual({
      source: ["aws.cloudwatch"],
      "detail-type": ["CloudWatch Alarm State Change"],
      detail: {
        alarmName: ["drift"],
        state: { value: ["ALARM"] },
        previousState: { value: [{ "anything-but": ["ALARM"] }] },
      },
    });
  });

  it("hears an approval and not the changes of metadata that repeat it", () => {
    expect(patterns.versionApproved(["perennial-dev-churn"])).toEqual({
      source: ["aws.sagemaker"],
      "detail-type": ["SageMaker Model Package State Change"],
      detail: {
        ModelPackageGroupName: ["perennial-dev-churn"],
        ModelApprovalStatus: ["Approved"],
        UpdatedModelPackageFields: ["ModelApprovalStatus"],
      },
    });
  });

  it("hears every way that an execution can end", () => {
    expect(patterns.executionEnded(["arn:m"]).detail).toEqual({
      stateMachineArn: ["arn:m"],
      status: ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"],
    });
  });
});
