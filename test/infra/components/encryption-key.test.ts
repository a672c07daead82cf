import * as aws from "@pulumi/aws";
import { expect, it } from "vitest";
import {
  EncryptionKey,
  type EncryptionKeyArgs,
} from "../../../infra/components/encryption/encryption-key.ts";
import { deploy } from "../../support/deploy.ts";

const arn = (service: string, resource: string) => `arn:aws:${service}:eu-central-1:123456789012:${resource}`;
const args: EncryptionKeyArgs = {
  alias: "alias/perennial-dev",
  accountId: "123456789012",
  region: "eu-central-1",
  deletionWindowDays: 7,
  rulePattern: arn("events", "rule/perennial-dev-*"),
  alarmPattern: arn("cloudwatch", "alarm:perennial-dev-*"),
  logGroupPattern: arn("logs", "log-group:*"),
  protect: true,
};

it("rotates, and is held open until its window has passed", async () => {
  const resources = await deploy(() => new EncryptionKey("key", args));
  const key = resources.find(({ type }) => type === "aws:kms/key:Key");
  const { policy: _, ...inputs } = key?.inputs ?? {};
  expect(inputs).toEqual({
    description: "Perennial: data, queues, topics, logs and volumes",
    deletionWindowInDays: 7,
    enableKeyRotation: true,
  });
  expect(key?.opts).toEqual({ protect: true });
});

it("leaves its use to the account's policies, and to services only on behalf of the stack's own", async () => {
  const resources = await deploy(() => new EncryptionKey("key", args));
  const key = resources.find(({ type }) => type === "aws:kms/key:Key");
  const [administration, ...use] = JSON.parse(String(key?.inputs["policy"])).Statement;
  const root = { AWS: "arn:aws:iam::123456789012:root" };
  expect(administration.Principal).toEqual(root);
  expect(
    administration.Action.filter((action: string) => /Decrypt|Encrypt|DataKey|Grant$/.test(action)),
  ).toEqual(["kms:RetireGrant", "kms:RevokeGrant"]);
  // KMS refuses a key whose policy lets nobody change that policy.
  expect(administration.Action).toContain("kms:PutKeyPolicy");
  const all = [
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
  ];
  const onBehalfOf = (source: string) => ({
    StringEquals: { "aws:SourceAccount": "123456789012" },
    ArnLike: { "aws:SourceArn": source },
  });
  expect(use).toEqual([
    {
      Sid: "AccountDecidesOnUse",
      Effect: "Allow",
      Principal: root,
      Action: [...all, "kms:CreateGrant"],
      Resource: "*",
    },
    {
      Effect: "Allow",
      Principal: { Service: "logs.eu-central-1.amazonaws.com" },
      Action: all,
      Resource: "*",
      Condition: { ArnLike: { "kms:EncryptionContext:aws:logs:arn": arn("logs", "log-group:*") } },
    },
    {
      Effect: "Allow",
      Principal: { Service: "events.amazonaws.com" },
      Action: ["kms:Decrypt", "kms:GenerateDataKey"],
      Resource: "*",
      Condition: onBehalfOf(arn("events", "rule/perennial-dev-*")),
    },
    {
      Effect: "Allow",
      Principal: { Service: "cloudwatch.amazonaws.com" },
      Action: ["kms:Decrypt", "kms:GenerateDataKey"],
      Resource: "*",
      Condition: onBehalfOf(arn("cloudwatch", "alarm:perennial-dev-*")),
    },
  ]);
});

it("is used by way of the services named, and never directly", async () => {
  const resources = await deploy(() => {
    const role = new aws.iam.Role("reader", { name: "reader", assumeRolePolicy: "{}" });
    new EncryptionKey("key", args).grantDecrypt("reader", role, ["s3", "dynamodb"]);
  });
  const policies = resources.filter(({ type }) => type === "aws:iam/rolePolicy:RolePolicy");
  expect(policies.map(({ inputs }) => inputs["policy"].Statement)).toEqual([
    [
      {
        Effect: "Allow",
        Action: ["kms:Decrypt"],
        Resource: arn("kms", "key/key"),
        Condition: {
          StringEquals: {
            "kms:ViaService": ["s3.eu-central-1.amazonaws.com", "dynamodb.eu-central-1.amazonaws.com"],
          },
        },
      },
    ],
  ]);
});

it.each([6, 31])("refuses a window of %d days", async (deletionWindowDays) => {
  await expect(deploy(() => new EncryptionKey("key", { ...args, deletionWindowDays }))).rejects.toThrow(
    `EncryptionKey "key": deletionWindowDays is ${deletionWindowDays}, expected a whole number from 7 to 30 ` +
      `(KMS allows no other).`,
  );
});
