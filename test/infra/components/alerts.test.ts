import { expect, it } from "vitest";
import { Alerts } from "../../../infra/components/alerts/alerts.ts";
import { DeadLetters } from "../../../infra/components/alerts/dead-letters.ts";
import { deploy } from "../../support/deploy.ts";

const keyArn = "arn:aws:kms:eu-central-1:123456789012:key/k";
const accountId = "123456789012";
const alarmPattern = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:perennial-dev-*";
const rulePattern = "arn:aws:events:eu-central-1:123456789012:rule/perennial-dev-*";

it("takes messages from the stack's alarms, encrypted, and writes to nobody unless told", async () => {
  const alerts = { topicName: "alerts", keyArn, accountId, alarmPattern, email: undefined };
  const resources = await deploy(() => new Alerts("alerts", alerts));
  const topic = "arn:aws:sns:eu-central-1:123456789012:alerts";
  expect(resources.map(({ type, inputs }) => [type, inputs])).toEqual([
    ["aws:sns/topic:Topic", { name: "alerts", kmsMasterKeyId: keyArn }],
    [
      "aws:sns/topicPolicy:TopicPolicy",
      {
        arn: topic,
        policy: {
          Version: "2012-10-17",
          Statement: [
            {
              Effect: "Allow",
              Principal: { Service: "cloudwatch.amazonaws.com" },
              Action: "sns:Publish",
              Resource: topic,
              Condition: {
                StringEquals: { "aws:SourceAccount": accountId },
                ArnLike: { "aws:SourceArn": alarmPattern },
              },
            },
          ],
        },
      },
    ],
    ["perennial:alerts:Alerts", {}],
  ]);
});

it("writes to the address of the stack", async () => {
  const alerts = { topicName: "alerts", keyArn, accountId, alarmPattern, email: "ops@example.com" };
  const resources = await deploy(() => new Alerts("alerts", alerts));
  const subscriptions = resources.filter(
    ({ type }) => type === "aws:sns/topicSubscription:TopicSubscription",
  );
  expect(subscriptions.map(({ inputs }) => inputs)).toEqual([
    {
      topic: "arn:aws:sns:eu-central-1:123456789012:alerts",
      protocol: "email",
      endpoint: "ops@example.com",
    },
  ]);
});

it("keeps lost events for as long as a queue can, takes them from the stack's rules, and tells people of the first", async () => {
  const resources = await deploy(
    () =>
      new DeadLetters("lost", {
        queueName: "lost",
        keyArn,
        accountId,
        rulePattern,
        alertTopicArn: "arn:aws:sns:::alerts",
      }),
  );
  const queue = "arn:aws:sqs:eu-central-1:123456789012:lost";
  const inputsOf = (type: string) =>
    resources.filter((resource) => resource.type === type).map(({ inputs }) => inputs);
  expect(inputsOf("aws:sqs/queue:Queue")).toEqual([
    { name: "lost", kmsMasterKeyId: keyArn, messageRetentionSeconds: 1_209_600 },
  ]);
  expect(inputsOf("aws:sqs/queuePolicy:QueuePolicy").map(({ policy }) => policy.Statement)).toEqual([
    [
      {
        Effect: "Deny",
        Principal: "*",
        Action: "sqs:*",
        Resource: queue,
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
      {
        Effect: "Allow",
        Principal: { Service: "events.amazonaws.com" },
        Action: "sqs:SendMessage",
        Resource: queue,
        Condition: {
          StringEquals: { "aws:SourceAccount": accountId },
          ArnLike: { "aws:SourceArn": rulePattern },
        },
      },
    ],
  ]);
  expect(inputsOf("aws:cloudwatch/metricAlarm:MetricAlarm")).toEqual([
    {
      name: "lost",
      alarmDescription:
        "An event was lost: it could not be delivered or handled. It waits in the queue of this name. " +
        "Runbook: docs/runbooks/lost-events.md",
      namespace: "AWS/SQS",
      metricName: "ApproximateNumberOfMessagesVisible",
      dimensions: { QueueName: "lost" },
      statistic: "Maximum",
      period: 60,
      evaluationPeriods: 1,
      comparisonOperator: "GreaterThanThreshold",
      threshold: 0,
      treatMissingData: "notBreaching",
      alarmActions: ["arn:aws:sns:::alerts"],
      okActions: ["arn:aws:sns:::alerts"],
    },
  ]);
});
