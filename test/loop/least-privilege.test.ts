import { beforeAll, describe, expect, it } from "vitest";
import { awsNeeds, callsOf, idleOf } from "../security/aws-needs/index.ts";
import { type Call, shownCall } from "../security/account.ts";
import { probe } from "../security/probes.ts";
import { type Proof, proveLeastPrivilege } from "../security/proof.ts";
import { evaluateStack, RECORD, type Stack, stackOf, WORKLOAD } from "../security/stacks.ts";
import { type LoopRun, runLoop } from "../support/loop-run.ts";

// Least privilege, from a run of the whole loop. Where a test fails, its message names the role and the statement: take away
// what nothing needs, or, if AWS needs it and no local call shows it, add a row with its source to test/security/aws-needs/.

const STACKS = ["dev", "prod", "dev in a network"];
const NETWORK = { subnetIds: ["subnet-1", "subnet-2"], securityGroupIds: ["sg-1"] };
let run: LoopRun;
const stacks: Record<string, Stack> = {};
const calls: Record<string, Call[]> = {};
const proofs: Record<string, Proof> = {};

/** In prod a person approves: the gate's own call isn't made there. */
const isApprovalByGate = ({ action, resource, context }: Call): boolean =>
  action === "sagemaker:UpdateModelPackage" &&
  context["sagemaker:ModelApprovalStatus"] === "Approved" &&
  !resource.endsWith("/1");

beforeAll(async () => {
  run = await runLoop(WORKLOAD, RECORD);
  const dev = stackOf("dev", run.resources, run.account);
  const [prod, networked] = await Promise.all([evaluateStack("prod"), evaluateStack("dev", NETWORK)]);
  const recorded = run.calls.map(({ role, action, resource, context }): Call => ({
    by: { role },
    action,
    resource,
    context,
  }));
  Object.assign(stacks, { dev, prod, "dev in a network": networked });
  // The same calls under the other stacks' names: the program differs in settings only.
  Object.assign(calls, {
    dev: recorded,
    "dev in a network": recorded,
    prod: recorded.filter((call) => !isApprovalByGate(call)).map((call) => inStack(call, dev, prod)),
  });
  for (const stack of STACKS) {
    const { subject, permissions } = stackNamed(stack);
    const all = [...callsIn(stack), ...awsNeeds(subject).flatMap(callsOf)];
    proofs[stack] = await proveLeastPrivilege(permissions, all);
  }
}, 300_000);

function inStack(call: Call, from: Stack, to: Stack): Call {
  const text = JSON.stringify(call)
    .replaceAll(from.subject.names.prefix, to.subject.names.prefix)
    .replaceAll(from.subject.accountId, to.subject.accountId);
  return JSON.parse(text) as Call;
}

function stackNamed(name: string): Stack {
  const stack = stacks[name];
  if (stack === undefined) throw new Error(`no stack ${name} was evaluated`);
  return stack;
}

const callsIn = (stack: string): Call[] => calls[stack] ?? [];

it("brings a model into service and captures an answer, and no call of any role is denied", () => {
  const told = ({ status, verdict, rollout }: LoopRun["result"]) => [
    status,
    verdict?.status,
    rollout?.status,
  ];
  expect(told(run.result)).toEqual(["SUCCEEDED", "better", "SUCCEEDED"]);
  expect(told(run.again)).toEqual(["SUCCEEDED", "unchanged", undefined]);
  expect(run.calls.filter(({ allowed }) => !allowed)).toEqual([]);
});

it("makes a call as every role of the program", () => {
  const roles = run.resources
    .filter(({ type }) => type === "aws:iam/role:Role")
    .map(({ inputs }) => String(inputs["name"]));
  expect([...new Set(run.calls.map(({ role }) => role))].toSorted()).toEqual(roles.toSorted());
});

describe.each(STACKS)("%s", (stack) => {
  it("every call is allowed when it is replayed", async () => {
    const { permissions } = stackNamed(stack);
    const denied: string[] = [];
    for (const call of callsIn(stack)) {
      const decision = await permissions.decide(call);
      if (!decision.allowed) denied.push(`${shownCall(call)}: ${decision.reason}`);
    }
    expect(denied).toEqual([]);
  });

  it("every Allow statement, every action and every resource of it is needed: without it a call is denied", () => {
    expect(proofs[stack]?.unneeded).toEqual([]);
  });

  it("the table of needs holds nothing that the calls show already", () => {
    const { subject } = stackNamed(stack);
    const deciding = proofs[stack]?.deciding ?? new Set<number>();
    expect(idleOf(awsNeeds(subject), deciding, callsIn(stack).length)).toEqual([]);
  });

  it("every Deny and every condition forbids something that nothing else does", async () => {
    const { subject, permissions } = stackNamed(stack);
    const all = [...callsIn(stack), ...awsNeeds(subject).flatMap(callsOf)];
    const { faults } = await probe(permissions, proofs[stack]?.shown ?? [], all);
    expect(faults).toEqual([]);
  });
});

it("leaves approval to a person in prod", async () => {
  const { subject, permissions } = stackNamed("prod");
  const approvals = run.calls.flatMap(({ role, action, resource, context }) => {
    const call: Call = { by: { role }, action, resource, context };
    return isApprovalByGate(call) ? [inStack(call, stackNamed("dev"), stackNamed("prod"))] : [];
  });
  const answers = await Promise.all(
    approvals.map(async (call) => [call.by, call.resource, await permissions.allows(call)]),
  );
  const version = subject.names.arn(
    "sagemaker",
    `model-package/${subject.names.modelPackageGroup(WORKLOAD)}/2`,
  );
  expect(answers).toEqual([[{ role: subject.names.function("register-model") }, version, false]]);
});
