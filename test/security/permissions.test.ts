import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ADMINISTRATOR, type Call, shownCall } from "./account.ts";
import { awsNeeds, callsOf, idleOf } from "./aws-needs/index.ts";
import { probe } from "./probes.ts";
import { proveLeastPrivilege } from "./proof.ts";
import { evaluateStack, type Stack, WORKLOAD } from "./stacks.ts";

// What needs no run of the loop. test/loop/least-privilege.test.ts holds every statement against the calls of one.

const NETWORK = { subnetIds: ["subnet-1", "subnet-2"], securityGroupIds: ["sg-1"] };
const REPOSITORY = join(import.meta.dirname, "../..");
const stacks: Record<string, Stack> = {};

beforeAll(async () => {
  const [dev, prod, networked] = await Promise.all([
    evaluateStack("dev"),
    evaluateStack("prod"),
    evaluateStack("dev", NETWORK),
  ]);
  Object.assign(stacks, { dev, prod, "dev in a network": networked });
}, 120_000);

const stackNamed = (name: string): Stack => {
  const stack = stacks[name];
  if (stack === undefined) throw new Error(`no stack ${name} was evaluated`);
  return stack;
};

describe.each(["dev", "prod", "dev in a network"])("what AWS needs in %s", (name) => {
  it("is allowed, all of it", async () => {
    const { subject, permissions } = stackNamed(name);
    const denied: string[] = [];
    for (const call of awsNeeds(subject).flatMap(callsOf)) {
      const decision = await permissions.decide(call);
      if (!decision.allowed) denied.push(`${shownCall(call)}: ${decision.reason}`);
    }
    expect(denied).toEqual([]);
  });

  it("is each the reason for some statement, action or resource of a policy", async () => {
    const { subject, permissions } = stackNamed(name);
    const needs = awsNeeds(subject);
    const { deciding } = await proveLeastPrivilege(permissions, needs.flatMap(callsOf));
    expect(idleOf(needs, deciding, 0)).toEqual([]);
  });

  it("is for nobody else: every Deny, and every condition of who may take a role or use a resource, forbids something", async () => {
    const { subject, permissions } = stackNamed(name);
    const { lakeBucket, artifactBucket } = subject.names;
    const byPeople = [lakeBucket, artifactBucket].flatMap((bucket): Call[] => {
      const [by, resource] = [{ role: ADMINISTRATOR }, `arn:aws:s3:::${bucket}`];
      return [
        { by, action: "s3:ListBucket", resource, context: {} },
        { by, action: "s3:GetObject", resource: `${resource}/any`, context: {} },
      ];
    });
    const calls = [...awsNeeds(subject).flatMap(callsOf), ...byPeople];
    const { shown } = await proveLeastPrivilege(permissions, calls);
    const outer = shown.filter(({ placed }) => placed.kind !== "role");
    expect((await probe(permissions, outer, calls)).faults).toEqual([]);
  });
});

it("has a source for every need: a page of AWS's documentation, or the file that makes the call", () => {
  const { subject } = stackNamed("dev in a network");
  const unfounded = awsNeeds(subject).filter(
    ({ source }) =>
      !/^https:\/\/docs\.aws\.amazon\.com\/.+\.html$/.test(source) && !existsSync(join(REPOSITORY, source)),
  );
  expect(unfounded).toEqual([]);
});

describe("in dev", () => {
  const at = (service: string, resource: string): string =>
    `arn:aws:${service}:eu-central-1:123456789012:${resource}`;
  const role = (purpose: string): Call["by"] => ({ role: `perennial-dev-${WORKLOAD}-${purpose}` });
  const step = (name: string): Call["by"] => ({ role: `perennial-dev-${name}` });
  const LAKE = "arn:aws:s3:::perennial-dev-123456789012-lake";
  const packages = at("sagemaker", `model-package/perennial-dev-${WORKLOAD}`);
  const status = (value: string) => ({ "sagemaker:ModelApprovalStatus": value });

  it.each<[string, Call, boolean]>([
    [
      "training reads what was prepared",
      {
        by: role("training"),
        action: "s3:GetObject",
        resource: `${LAKE}/prepared/${WORKLOAD}/x`,
        context: {},
      },
      true,
    ],
    [
      "training reads the sealed holdout",
      { by: role("training"), action: "s3:GetObject", resource: `${LAKE}/sealed/${WORKLOAD}/x`, context: {} },
      false,
    ],
    [
      "training lists the sealed holdout",
      {
        by: role("training"),
        action: "s3:ListBucket",
        resource: LAKE,
        context: { "s3:prefix": `sealed/${WORKLOAD}/` },
      },
      false,
    ],
    [
      "processing writes the sealed holdout",
      {
        by: role("processing"),
        action: "s3:PutObject",
        resource: `${LAKE}/sealed/${WORKLOAD}/x`,
        context: {},
      },
      true,
    ],
    [
      "processing reads back what it sealed",
      {
        by: role("processing"),
        action: "s3:GetObject",
        resource: `${LAKE}/sealed/${WORKLOAD}/x`,
        context: {},
      },
      false,
    ],
    [
      "training writes what it is judged by",
      { by: role("training"), action: "s3:PutObject", resource: `${LAKE}/sealed/${WORKLOAD}/x`, context: {} },
      false,
    ],
    [
      "registration registers a version as pending",
      {
        by: step("register-model"),
        action: "sagemaker:CreateModelPackage",
        resource: `${packages}/*`,
        context: status("PendingManualApproval"),
      },
      true,
    ],
    [
      "registration registers a version as approved",
      {
        by: step("register-model"),
        action: "sagemaker:CreateModelPackage",
        resource: `${packages}/*`,
        context: status("Approved"),
      },
      false,
    ],
    [
      "the retraining approves its own model",
      {
        by: role("retrain"),
        action: "sagemaker:UpdateModelPackage",
        resource: `${packages}/2`,
        context: status("Approved"),
      },
      false,
    ],
    [
      "the retraining puts a model in service",
      {
        by: role("retrain"),
        action: "sagemaker:UpdateEndpoint",
        resource: at("sagemaker", `endpoint/perennial-dev-${WORKLOAD}`),
        context: {},
      },
      false,
    ],
    [
      "the retraining passes a role to another service",
      {
        by: role("retrain"),
        action: "iam:PassRole",
        resource: `arn:aws:iam::123456789012:role/perennial-dev-${WORKLOAD}-training`,
        context: { "iam:PassedToService": "ec2.amazonaws.com" },
      },
      false,
    ],
    [
      "the rollout touches another workload's part of the ledger",
      {
        by: role("rollout"),
        action: "dynamodb:PutItem",
        resource: at("dynamodb", "table/perennial-dev-ledger"),
        context: { "dynamodb:LeadingKeys": ["workload#another"] },
      },
      false,
    ],
    [
      "evaluation reads the sealed holdout without TLS",
      {
        by: step("evaluate-model"),
        action: "s3:GetObject",
        resource: `${LAKE}/sealed/${WORKLOAD}/x`,
        context: { "aws:SecureTransport": "false" },
      },
      false,
    ],
    [
      "an administrator reads the lake without TLS",
      {
        by: { role: ADMINISTRATOR },
        action: "s3:GetObject",
        resource: `${LAKE}/raw/${WORKLOAD}/x`,
        context: { "aws:SecureTransport": "false" },
      },
      false,
    ],
    [
      "SageMaker acts as the training role for another account",
      {
        by: { service: "sagemaker.amazonaws.com" },
        action: "sts:AssumeRole",
        resource: `arn:aws:iam::123456789012:role/perennial-dev-${WORKLOAD}-training`,
        context: {
          "aws:SourceAccount": "999999999999",
          "aws:SourceArn": at("sagemaker", "training-job/x"),
        },
      },
      false,
    ],
  ])("%s: %j: allowed is %j", async (_, call, allowed) => {
    expect(await stackNamed("dev").permissions.allows(call)).toBe(allowed);
  });
});
