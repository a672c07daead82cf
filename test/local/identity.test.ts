import { describe, expect, it } from "vitest";
import { Identity } from "../../local/identity/identity.ts";

const accountId = "123456789012";
const roleArn = `arn:aws:iam::${accountId}:role/workflow`;
const ruleArn = `arn:aws:events:eu-central-1:${accountId}:rule/weekly`;
const topicArn = `arn:aws:sns:eu-central-1:${accountId}:alerts`;
const keyArn = `arn:aws:kms:eu-central-1:${accountId}:key/1`;

function statement(members: Record<string, unknown>) {
  return { Version: "2012-10-17", Statement: [{ Effect: "Allow", ...members }] };
}

function newIdentity(): Identity {
  const identity = new Identity({ accountId, region: "eu-central-1" });
  const assumeRolePolicy = statement({
    Principal: { Service: "events.amazonaws.com" },
    Action: "sts:AssumeRole",
    Condition: { StringEquals: { "aws:SourceAccount": accountId }, ArnLike: { "aws:SourceArn": ruleArn } },
  });
  identity.putRole({ name: "workflow", arn: roleArn, assumeRolePolicy: JSON.stringify(assumeRolePolicy) });
  return identity;
}

describe("a trust policy", () => {
  it("lets the service that it names assume the role, for the source that it names", async () => {
    expect(await newIdentity().mayAssume(roleArn, "events.amazonaws.com", ruleArn)).toEqual({
      allowed: true,
    });
  });

  it.each([
    ["lambda.amazonaws.com", ruleArn],
    ["events.amazonaws.com", ruleArn.replace("weekly", "other")],
  ])("keeps %s acting for %s out", async (service, source) => {
    expect(await newIdentity().mayAssume(roleArn, service, source)).toEqual({
      allowed: false,
      reason: `the trust policy of role workflow doesn't let ${service} assume it for ${source}`,
    });
  });
});

describe("a resource's policy", () => {
  it("decides what a service may do that comes without a role", async () => {
    const identity = newIdentity();
    const publish = { action: "sns:Publish", resource: topicArn, context: { "aws:SourceArn": ruleArn } };
    expect(await identity.authorizeService("events.amazonaws.com", publish)).toEqual({
      allowed: false,
      reason: "the resource's policy doesn't let events.amazonaws.com do it",
    });
    identity.putResourcePolicy(
      topicArn,
      statement({
        Principal: { Service: "events.amazonaws.com" },
        Action: "sns:Publish",
        Resource: topicArn,
        Condition: { StringEquals: { "aws:SourceAccount": accountId } },
      }),
    );
    expect(await identity.authorizeService("events.amazonaws.com", publish)).toEqual({ allowed: true });
  });

  it("of a key must hand the decision on before a role's policy counts", async () => {
    const identity = newIdentity();
    identity.putRolePolicy("workflow", "key", statement({ Action: "kms:Decrypt", Resource: keyArn }));
    const caller = identity.callerAs(roleArn);
    const decrypt = { action: "kms:Decrypt", resource: keyArn, context: {} };
    expect(await identity.authorize(caller, decrypt)).toEqual({ allowed: true });
    const Principal = { Service: "logs.eu-central-1.amazonaws.com" };
    identity.putResourcePolicy(keyArn, statement({ Principal, Action: "kms:Decrypt", Resource: "*" }));
    expect((await identity.authorize(caller, decrypt)).allowed).toBe(false);
  });
});

it("knows a role by its key, the same at every start, and everyone else as the person at the machine", () => {
  const [first, second] = [newIdentity(), newIdentity()];
  const { accessKeyId } = first.credentialsFor("workflow");
  expect(second.callerWith(accessKeyId)).toEqual({
    accessKeyId,
    principalArn: `arn:aws:sts::${accountId}:assumed-role/workflow/local`,
    role: "workflow",
  });
  expect(second.callerWith("test")).toEqual({
    accessKeyId: "test",
    principalArn: `arn:aws:iam::${accountId}:user/local`,
    role: null,
  });
});

it("says which role is missing and which policy is no JSON", () => {
  const identity = newIdentity();
  expect(() => identity.credentialsFor("absent")).toThrow(
    'There is no role "absent" in the recorded program.',
  );
  expect(() => identity.putRolePolicy("workflow", "broken", "{")).toThrow(
    "The policy broken of role workflow is not JSON.",
  );
});
