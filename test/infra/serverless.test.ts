import { beforeAll, expect, it } from "vitest";
import { type Definition, EXECUTION } from "../statemachines/fillings.ts";
import { RolloutWorld } from "../statemachines/rollout-world.ts";
import { APPROVED } from "../statemachines/rollout-input.ts";
import { runWorkflow } from "../statemachines/run-workflow.ts";
import { evaluateChanged } from "../support/changed-program.ts";
import type { Registered } from "../support/deploy.ts";

const SERVING = { mode: "serverless", maxRecords: 100, maxBodyKiB: 4096, memoryMiB: 2048, maxConcurrency: 5 };
let resources: Registered[];

/** The whole program, with a workload whose spec says serverless, in a stack that has a network. */
beforeAll(async () => {
  resources = await evaluateChanged(
    { serving: SERVING, rollout: {} },
    {
      "perennial:subnetIds": '["subnet-0a"]',
      "perennial:securityGroupIds": '["sg-0b"]',
    },
  );
}, 120_000);

const inputsOf = (type: string, name?: string) =>
  resources.find((resource) => resource.type === type && (name === undefined || resource.name === name))
    ?.inputs;

const rollout = (): Definition =>
  JSON.parse(
    String(inputsOf("aws:sfn/stateMachine:StateMachine", "hospital-readmission-rollout")?.["definition"]),
  ) as Definition;

it("serves the baseline without instances, capture, network and isolation", () => {
  const { productionVariants, dataCaptureConfig } = inputsOf(
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
  ) as Record<string, unknown>;
  expect(productionVariants).toEqual([
    {
      variantName: "primary",
      modelName: "perennial-dev-hospital-readmission-baseline",
      initialVariantWeight: 1,
      serverlessConfig: { memorySizeInMb: 2048, maxConcurrency: 5 },
    },
  ]);
  expect(dataCaptureConfig).toBeUndefined();
  expect(inputsOf("aws:sagemaker/model:Model")?.["enableNetworkIsolation"]).toBe(false);
});

it("rolls out what SageMaker takes for an endpoint without instances, and nothing else", async () => {
  const world = new RolloutWorld();
  const { status, calls, faults } = await runWorkflow(rollout(), APPROVED, world.answers);
  expect([status, faults, world.live]).toEqual(["SUCCEEDED", [], EXECUTION]);
  const inputOf = (what: string) => calls.find((call) => call.what === what)?.input;
  expect(inputOf("sagemaker:CreateModel")).toMatchObject({ EnableNetworkIsolation: false });
  expect(inputOf("sagemaker:CreateModel")).not.toHaveProperty("VpcConfig");
  expect(inputOf("sagemaker:CreateEndpointConfig")).toEqual({
    EndpointConfigName: EXECUTION,
    KmsKeyId: "arn:aws:kms:eu-central-1:123456789012:key/key",
    ProductionVariants: [
      {
        VariantName: "primary",
        ModelName: EXECUTION,
        InitialVariantWeight: 1,
        ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 5 },
      },
    ],
    Tags: expect.any(Array),
  });
  expect(inputOf("sagemaker:UpdateEndpoint")).toEqual({
    EndpointName: "perennial-dev-hospital-readmission",
    EndpointConfigName: EXECUTION,
  });
});

it("reaches every state that it has", () => {
  const { StartAt, States } = rollout();
  const reached = new Set([StartAt]);
  for (const name of reached) {
    const { Next, Default, Choices = [], Catch = [] } = States[name] ?? { Type: "Fail" };
    for (const next of [Next, Default, ...[...Choices, ...Catch].map((way) => way.Next)]) {
      if (next !== undefined) reached.add(next);
    }
  }
  expect([...reached].toSorted()).toEqual(Object.keys(States).toSorted());
});

it("goes back all at once where the model isn't verified", async () => {
  const { States } = rollout();
  expect(States["RollBack"]?.Parameters).toEqual({
    EndpointName: "perennial-dev-hospital-readmission",
    "EndpointConfigName.$": "$.from.endpointConfigName",
  });
});
