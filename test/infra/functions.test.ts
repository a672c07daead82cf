import { beforeAll, expect, it } from "vitest";
import { type Definition, EXECUTION } from "../statemachines/fillings.ts";
import { FunctionWorld, PUBLISHED } from "../statemachines/function-world.ts";
import { APPROVED } from "../statemachines/rollout-input.ts";
import { runWorkflow } from "../statemachines/run-workflow.ts";
import { evaluateChanged } from "../support/changed-program.ts";
import type { Registered } from "../support/deploy.ts";

const SERVING = { mode: "lambda", maxRecords: 100, maxBodyKiB: 2048, memoryMiB: 1769 };
const NAME = "perennial-dev-hospital-readmission-score";
const ARN = `arn:aws:lambda:eu-central-1:123456789012:function:${NAME}`;
let resources: Registered[];

/** The whole program, with a workload whose spec says lambda. */
beforeAll(async () => {
  resources = await evaluateChanged(
    { serving: SERVING },
    {
      "perennial:lambdaArchitecture": "arm64",
    },
  );
}, 120_000);

const ofType = (type: string) => resources.filter((resource) => resource.type === type);
const inputsOf = (type: string, name: string) =>
  ofType(type).find((resource) => resource.name === name)?.inputs ?? {};
const environmentOf = (name: string) =>
  (inputsOf("aws:lambda/function:Function", name)["environment"] as { variables: Record<string, string> })
    .variables;

it("has a function with the baseline instead of an endpoint, on the processor that the stack says", () => {
  expect(
    resources
      .filter(({ type }) => /^aws:sagemaker\/(endpoint|model\/|model:)/i.test(type))
      .map(({ type }) => type),
  ).toEqual([]);
  const { name, memorySize, architectures, code } = inputsOf(
    "aws:lambda/function:Function",
    "hospital-readmission",
  );
  expect([name, memorySize, architectures]).toEqual([NAME, 1769, ["arm64"]]);
  expect(code).toBeDefined();
  expect(environmentOf("hospital-readmission")).toEqual({
    PERENNIAL_MODEL_URI: expect.stringMatching(
      /^s3:\/\/perennial-dev-123456789012-artifacts\/baselines\/hospital-readmission\/[0-9a-f]{64}\/model\.tar\.gz$/,
    ),
    PERENNIAL_MODEL_SHA256: expect.stringMatching(/^[0-9a-f]{64}$/),
    PERENNIAL_MODEL_VERSION: "0",
    PERENNIAL_MAX_BODY_KIB: "2048",
    PERENNIAL_MAX_RECORDS: "100",
  });
});

it("publishes to the command line by what name it is asked, and where it logs", () => {
  const { insecureValue } = inputsOf("aws:ssm/parameter:Parameter", "platform");
  const { workloads: published, logGroups } = JSON.parse(String(insecureValue)) as {
    workloads: Record<string, string>[];
    logGroups: Record<string, string>;
  };
  expect(published).toMatchObject([{ name: "hospital-readmission", endpoint: NAME, functionAlias: "live" }]);
  expect(logGroups["scoring/hospital-readmission"]).toBe(`/aws/lambda/${NAME}`);
  expect(Object.keys(logGroups).filter((name) => name.startsWith("endpoint/"))).toEqual([]);
});

it("answers the HTTP API by the alias, and asks no endpoint for its instances", () => {
  expect(JSON.parse(environmentOf("answer-http")["WORKLOADS"] ?? "")).toEqual({
    "hospital-readmission": { kind: "function", functionName: NAME, alias: "live", maxBodyKiB: 2048 },
  });
  expect(environmentOf("check-capacity")["ENDPOINTS"]).toBe("[]");
});

it("lets callers' functions reach what is live, and those of a rollout every version", () => {
  const isAsked = ({ Action, Resource }: { Action: string; Resource: string }): boolean =>
    Action === "lambda:InvokeFunction" && Resource.startsWith(ARN);
  const policies = ofType("aws:iam/rolePolicy:RolePolicy").flatMap(({ name, inputs }) =>
    (inputs["policy"] as { Statement: { Action: string; Resource: string }[] }).Statement.flatMap(
      (statement) => (isAsked(statement) ? [[name, statement.Resource] as const] : []),
    ),
  );
  expect(new Map(policies)).toEqual(
    new Map([
      ["hospital-readmission-probe-endpoint-probe", `${ARN}:*`],
      ["hospital-readmission-verify-rollout-probe", `${ARN}:*`],
      ["hospital-readmission-answer-http-invoke", `${ARN}:live`],
    ]),
  );
});

it("hears of a changed function, and of no image or drift: nothing is captured", () => {
  const rules = ofType("aws:cloudwatch/eventRule:EventRule").map(({ name }) => name);
  expect(rules.filter((name) => name.startsWith("hospital-readmission-")).toSorted()).toEqual([
    "hospital-readmission-code",
    "hospital-readmission-schedule",
  ]);
  const { eventPattern } = inputsOf("aws:cloudwatch/eventRule:EventRule", "hospital-readmission-code");
  const parameter = "/perennial/dev/scoring-code/hospital-readmission";
  expect(JSON.parse(String(eventPattern))).toMatchObject({
    detail: { name: [parameter], operation: ["Update"] },
  });
  expect(inputsOf("aws:ssm/parameter:Parameter", "platform-hospital-readmission-code")["name"]).toBe(
    parameter,
  );
  expect(
    ofType("aws:cloudwatch/metricAlarm:MetricAlarm").filter(({ name }) => name.endsWith("drift")),
  ).toEqual([]);
});

it("rolls a model out by a workflow that has every token filled", async () => {
  const { definition } = inputsOf("aws:sfn/stateMachine:StateMachine", "hospital-readmission-rollout");
  const world = new FunctionWorld();
  const { status, faults } = await runWorkflow(
    JSON.parse(String(definition)) as Definition,
    APPROVED,
    world.answers,
  );
  expect([status, faults, world.alias]).toEqual(["SUCCEEDED", [], { version: PUBLISHED, weights: {} }]);
  expect(world.versions.get(PUBLISHED)).toEqual({
    PERENNIAL_MODEL_URI: "s3://bucket/models/3/model.tar.gz",
    PERENNIAL_MODEL_SHA256: "a".repeat(64),
    PERENNIAL_MODEL_VERSION: "3",
    PERENNIAL_EXECUTION: EXECUTION,
    PERENNIAL_MAX_BODY_KIB: "2048",
    PERENNIAL_MAX_RECORDS: "100",
  });
});
