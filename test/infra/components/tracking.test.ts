import { expect, it } from "vitest";
import { EventQueue } from "../../../infra/components/tracking/event-queue.ts";
import { deploy } from "../../support/deploy.ts";

const ARGS = {
  queueName: "perennial-dev-tracking",
  keyArn: "arn:aws:kms:::key",
  accountId: "123456789012",
  sources: [
    {
      name: "versions",
      ruleName: "perennial-dev-tracking-versions",
      description: "Tells",
      pattern: { source: ["a"] },
    },
  ],
  deadLetterQueueArn: "arn:aws:sqs:::lost",
  attempts: 60,
  handlingSeconds: 900,
};

it("keeps a message for fourteen days, hides it while it is handled, and gives it up after its attempts", async () => {
  const resources = await deploy(() => void new EventQueue("tracking", ARGS));
  const queues = resources.filter(({ type }) => type === "aws:sqs/queue:Queue").map(({ inputs }) => inputs);
  expect(queues).toEqual([
    {
      name: "perennial-dev-tracking",
      kmsMasterKeyId: "arn:aws:kms:::key",
      messageRetentionSeconds: 1_209_600,
      visibilityTimeoutSeconds: 5400,
      redrivePolicy: '{"deadLetterTargetArn":"arn:aws:sqs:::lost","maxReceiveCount":60}',
    },
  ]);
});

it("takes events of its own rules alone", async () => {
  const resources = await deploy(() => void new EventQueue("tracking", ARGS));
  const [policy] = resources.filter(({ type }) => type === "aws:sqs/queuePolicy:QueuePolicy");
  expect(policy?.inputs["policy"].Statement[1].Condition).toEqual({
    StringEquals: { "aws:SourceAccount": "123456789012" },
    ArnEquals: {
      "aws:SourceArn": ["arn:aws:events:eu-central-1:123456789012:rule/perennial-dev-tracking-versions"],
    },
  });
});

it.each([0, 1001, 1.5])("refuses %d attempts", async (attempts) => {
  await expect(deploy(() => void new EventQueue("tracking", { ...ARGS, attempts }))).rejects.toThrow(
    `EventQueue "tracking": attempts is ${attempts}, expected a whole number from 1 to 1000 (SQS allows no other).`,
  );
});
