import { beforeAll, expect, it } from "vitest";
import { type Definition, EXECUTION, TRIALS } from "../statemachines/fillings.ts";
import { RolloutWorld } from "../statemachines/rollout-world.ts";
import { APPROVED } from "../statemachines/rollout-input.ts";
import { runWorkflow } from "../statemachines/run-workflow.ts";
import { evaluateChanged } from "../support/changed-program.ts";
import type { Registered } from "../support/deploy.ts";
import { statementsOf } from "../support/statements.ts";

const strategy = { ...TRIALS.experiment, stickyBy: "race" };
let resources: Registered[];

/** The whole program, with a workload whose challengers are tried. */
beforeAll(async () => {
  resources = await evaluateChanged(
    { rollout: { strategy } },
    {
      "perennial:rollout": "",
    },
  );
}, 120_000);

const inputsOf = (type: string, name: string) =>
  resources.find((resource) => resource.type === type && resource.name === name)?.inputs ?? {};

it("tries challengers by a workflow that has all it asks for", async () => {
  const { definition } = inputsOf("aws:sfn/stateMachine:StateMachine", "hospital-readmission-rollout");
  const rollout = JSON.parse(String(definition)) as Definition;
  const world = new RolloutWorld();
  // The program's mocks name resources otherwise than the world does.
  world.live = String(
    inputsOf("aws:sagemaker/endpointConfiguration:EndpointConfiguration", "hospital-readmission-baseline")[
      "name"
    ],
  );
  const { status, faults, calls } = await runWorkflow(rollout, APPROVED, world.answers);
  expect([status, faults, world.live]).toEqual(["SUCCEEDED", [], EXECUTION]);
  expect(calls.filter(({ what }) => what.startsWith("lambda:")).map(({ what }) => what)).toContain(
    "lambda:observe-trial",
  );
  expect(rollout["TimeoutSeconds"]).toBeGreaterThan(14 * 86_400);
});

it("keeps the endpoint's door shut for as long as a trial may take", () => {
  const { environment } = inputsOf("aws:lambda/function:Function", "admit-rollout") as {
    environment: { variables: { WORKLOADS: string } };
  };
  const { leaseMinutes } = (
    JSON.parse(environment.variables.WORKLOADS) as Record<string, { leaseMinutes: number }>
  )["hospital-readmission"]!;
  expect(leaseMinutes).toBeGreaterThan(14 * 1440);
});

it("lets the workflow make and end a trial of its own workload, and nobody else", () => {
  const role = "perennial-dev-hospital-readmission-rollout";
  const granted = statementsOf(resources).filter(({ policy }) => /-(try|close-trial)$/.test(policy));
  expect(granted).toEqual([
    {
      role,
      policy: "hospital-readmission-hospital-readmission-rollout-try",
      Effect: "Allow",
      Action: [
        "sagemaker:CreateEndpointConfig",
        "sagemaker:AddTags",
        "sagemaker:UpdateEndpoint",
        "sagemaker:DeleteEndpointConfig",
      ],
      Resource: [
        "arn:aws:sagemaker:eu-central-1:123456789012:endpoint-config/hospital-readmission-????????????-trial",
      ],
    },
    {
      role,
      policy: "ledger-hospital-readmission-rollout-close-trial",
      Effect: "Allow",
      Action: ["dynamodb:DeleteItem"],
      Resource: [expect.stringContaining("ledger")],
      Condition: {
        "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["workload#hospital-readmission"] },
      },
    },
  ]);
  const deleting = statementsOf(resources).filter(({ Action }) => Action.includes("dynamodb:DeleteItem"));
  expect(deleting.map(({ policy }) => policy)).toEqual(["ledger-hospital-readmission-rollout-close-trial"]);
});

it("lets what looks at trials read their evidence, keep what it knows, and nothing else", () => {
  const W = "hospital-readmission";
  const [lake, artifacts] = ["lake", "artifacts"].map(
    (bucket) => `arn:aws:s3:::perennial-dev-123456789012-${bucket}`,
  );
  const folders = (bucket = "", ...names: string[]) => names.map((name) => `${bucket}/${name}/${W}/*`);
  const key = (service: string) => ({
    StringEquals: { "kms:ViaService": [`${service}.eu-central-1.amazonaws.com`] },
  });
  const arn = (service: string, resource: string) =>
    `arn:aws:${service}:eu-central-1:123456789012:${resource}`;
  const keyArn = statementsOf(resources).find(({ Action }) =>
    Action.includes("kms:GenerateDataKey"),
  )?.Resource;
  const expected = [
    [["s3:GetObject"], folders(artifacts, "specs")],
    [["s3:GetObject"], folders(lake, "capture", "labels", "trials")],
    [
      ["s3:ListBucket"],
      [lake],
      { StringLike: { "s3:prefix": ["capture", "labels", "trials"].map((name) => `${name}/${W}/*`) } },
    ],
    [["s3:PutObject"], folders(lake, "trials")],
    [
      ["dynamodb:GetItem"],
      [arn("dynamodb", "table/perennial-dev-ledger")],
      { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": [`workload#${W}`] } },
    ],
    [["kms:Decrypt"], keyArn, key("dynamodb")],
    [["kms:Decrypt", "kms:GenerateDataKey"], keyArn, key("s3")],
    [["cloudwatch:GetMetricData"], ["*"]],
    [
      ["logs:CreateLogStream", "logs:PutLogEvents"],
      [arn("logs", "log-group:/aws/lambda/perennial-dev-observe-trial:*")],
    ],
  ].map((statement) => JSON.stringify(statement));
  const own = statementsOf(resources).filter(({ role }) => role === "perennial-dev-observe-trial");
  const found = own.map(({ Action, Resource, Condition }) =>
    JSON.stringify(Condition === undefined ? [Action, Resource] : [Action, Resource, Condition]),
  );
  expect(found.toSorted()).toEqual(expected.toSorted());
  expect(inputsOf("aws:lambda/function:Function", "observe-trial")["environment"]).toEqual({
    variables: { LEDGER_TABLE: "perennial-dev-ledger", LAKE_BUCKET: "perennial-dev-123456789012-lake" },
  });
});
