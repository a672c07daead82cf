import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { expect, it } from "vitest";
import { Workflow, type WorkflowArgs } from "../../../infra/components/workflow/workflow.ts";
import { deploy } from "../../support/deploy.ts";

const args = (changes: Partial<WorkflowArgs> = {}): WorkflowArgs => ({
  stateMachineName: "perennial-dev-churn-retrain",
  definition:
    '{"StartAt": "A", "TimeoutSeconds": "${Seconds}", "States": {"A": {"Resource": "${FunctionArn}"}}}',
  fillings: { Seconds: 60, FunctionArn: pulumi.output("arn:f") },
  role: new aws.iam.Role("retrain", { name: "retrain", assumeRolePolicy: "{}" }),
  logGroupName: "/aws/vendedlogs/states/perennial-dev-churn-retrain",
  logRetentionDays: 14,
  keyArn: "arn:k",
  alertTopicArn: "arn:t",
  tags: { "perennial:workload": "churn" },
  ...changes,
});

it("fills its definition and logs every step", async () => {
  const resources = await deploy(() => new Workflow("churn-retrain", args()));
  const [machine] = resources.filter(({ type }) => type === "aws:sfn/stateMachine:StateMachine");
  expect(machine?.inputs).toEqual({
    name: "perennial-dev-churn-retrain",
    type: "STANDARD",
    roleArn: "arn:aws:iam::123456789012:role/retrain",
    definition: '{"StartAt":"A","TimeoutSeconds":60,"States":{"A":{"Resource":"arn:f"}}}',
    loggingConfiguration: {
      level: "ALL",
      includeExecutionData: true,
      logDestination:
        "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/vendedlogs/states/perennial-dev-churn-retrain:*",
    },
    tags: { "perennial:workload": "churn" },
  });
});

it("raises an alarm for each way that an execution can end without an answer", async () => {
  const resources = await deploy(() => new Workflow("churn-retrain", args()));
  const alarms = resources.filter(({ type }) => type === "aws:cloudwatch/metricAlarm:MetricAlarm");
  expect(alarms.map(({ inputs }) => [inputs["name"], inputs["metricName"], inputs["dimensions"]])).toEqual(
    [
      ["perennial-dev-churn-retrain-aborted", "ExecutionsAborted"],
      ["perennial-dev-churn-retrain-failed", "ExecutionsFailed"],
      ["perennial-dev-churn-retrain-timed-out", "ExecutionsTimedOut"],
    ].map((alarm) => [
      ...alarm,
      {
        StateMachineArn: "arn:aws:states:eu-central-1:123456789012:stateMachine:perennial-dev-churn-retrain",
      },
    ]),
  );
});

it("refuses a token that isn't filled and a filling that no token uses", async () => {
  const fillings = { Seconds: 60, Colour: "green" };
  await expect(deploy(() => new Workflow("churn-retrain", args({ fillings })))).rejects.toThrow(
    `Workflow "churn-retrain": tokens of the definition and fillings differ; not filled: FunctionArn; ` +
      `filled but not used: Colour. Correct the one or the other.`,
  );
});
