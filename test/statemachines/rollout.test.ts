import { Readable } from "node:stream";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Pointer } from "@perennial/contracts";
import { documentClient, Ledger } from "@perennial/ledger";
import { describe, expect, it } from "vitest";
import { TaskError } from "../../local/workflows/errors.ts";
import { Coverage, waysOf } from "./coverage.ts";
import { EXECUTION, rendered, WORKLOAD } from "./fillings.ts";
import { APPROVED } from "./rollout-input.ts";
import { RolloutWorld } from "./rollout-world.ts";
import { type Answers, callsOf, messageOf, reportOf, type Run, runWorkflow } from "./run-workflow.ts";
import { fails } from "./service-answers.ts";
import { meetsErrors } from "./task-errors.ts";

const definition = rendered("rollout");
const alarms = (...names: string[]) => names.map((name) => `perennial-dev-${EXECUTION}-${name}`);
/** Those of the live fleet, which stay, and those that compare it with the one before, which go with the rollout. */
const ALARMS = alarms("errors", "latency");
const GUARDS = [...ALARMS, ...alarms("refusals", "slowdown")];
const coverage = new Coverage();

async function run(world: RolloutWorld, answers: Answers = {}): Promise<Run> {
  const result = await runWorkflow(definition, APPROVED, world.with(answers));
  coverage.add(result);
  expect(result.faults).toEqual([]);
  return result;
}

/** A world in which version 2 is live, and `previous` was before. */
function afterRollout(previous: string, token = 4): RolloutWorld {
  const world = new RolloutWorld();
  world.live = "second-config";
  for (const name of ["second", ...(previous === "baseline" ? [] : [previous])]) {
    world.models.add(`${name}-model`);
    world.configs.add(`${name}-config`);
  }
  world.alarms.add("perennial-dev-second-model-errors").add("perennial-dev-second-model-latency");
  world.table.set("pointer", {
    pk: { S: `workload#${WORKLOAD}` },
    sk: { S: "pointer" },
    version: { N: "2" },
    modelName: { S: "second-model" },
    endpointConfigName: { S: "second-config" },
    token: { N: String(token) },
    previous: {
      M: {
        version: { N: previous === "baseline" ? "0" : "1" },
        modelName: { S: `${previous}-model` },
        endpointConfigName: { S: `${previous}-config` },
      },
    },
  });
  return world;
}

/** A world in which the model goes into service and isn't verified there. */
function unverified(...statuses: string[]): RolloutWorld {
  const world = afterRollout("first");
  world.verdicts = ["failed"];
  world.statuses = [
    "Updating",
    "InService",
    ...(statuses.length === 0 ? ["Updating", "InService"] : statuses),
  ];
  return world;
}

/** What packages/ledger reads from an item as DynamoDB gives it. */
async function readThroughLedger(world: RolloutWorld): Promise<Pointer | null> {
  const body = JSON.stringify({ Item: world.table.get("pointer") });
  const client = new DynamoDBClient({
    region: "eu-central-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    requestHandler: {
      handle: () =>
        Promise.resolve({ response: { statusCode: 200, headers: {}, body: Readable.from([body]) } }),
    },
  });
  return await new Ledger(documentClient(client), "perennial-dev-ledger").readPointer(WORKLOAD);
}

describe("a rollout", () => {
  it("puts the first model in service in place of the baseline and keeps that to go back to", async () => {
    const world = new RolloutWorld();
    const result = await run(world);
    expect([result.status, world.live, [...world.configs], [...world.models], [...world.alarms]]).toEqual([
      "SUCCEEDED",
      EXECUTION,
      ["baseline-config", EXECUTION],
      ["baseline-model", EXECUTION],
      ALARMS,
    ]);
    expect(messageOf(result)!["Message"]).toMatch(/^Version 3 is in service in place of /);
  });

  it("writes a pointer that the ledger reads", async () => {
    const world = new RolloutWorld();
    await run(world);
    expect(await readThroughLedger(world)).toEqual({
      workload: WORKLOAD,
      version: 3,
      modelPackageArn: APPROVED.target.modelPackageArn,
      modelDataUrl: "s3://bucket/models/3/model.tar.gz",
      artifactSha256: "a".repeat(64),
      modelName: EXECUTION,
      endpointConfigName: EXECUTION,
      movedAt: "2026-03-01T02:00:30.000Z",
      execution: EXECUTION,
      token: 5,
      previous: { version: 0, modelName: "baseline-model", endpointConfigName: "baseline-config" },
    });
  });

  it("collects what was the rollback target, and the alarms of what it replaced, which becomes the target", async () => {
    const world = afterRollout("first");
    const { status } = await run(world);
    expect([status, [...world.configs], [...world.models], [...world.alarms]]).toEqual([
      "SUCCEEDED",
      ["baseline-config", "second-config", EXECUTION],
      ["baseline-model", "second-model", EXECUTION],
      ALARMS,
    ]);
    expect((await readThroughLedger(world))!.previous).toEqual({
      version: 2,
      modelName: "second-model",
      endpointConfigName: "second-config",
    });
  });

  it("never collects the program's own baseline", async () => {
    const world = afterRollout("baseline");
    const result = await run(world);
    expect([result.status, result.path.at(-1), world.configs.has("baseline-config")]).toEqual([
      "SUCCEEDED",
      "InService",
      true,
    ]);
  });

  it("creates model, configuration and update under guard, all by the execution's name", async () => {
    const { calls } = await run(new RolloutWorld());
    const inputOf = (action: string) => calls.find(({ what }) => what === `sagemaker:${action}`)!.input;
    expect(inputOf("CreateModel")).toMatchObject({
      ModelName: EXECUTION,
      PrimaryContainer: {
        ModelDataUrl: APPROVED.target.modelDataUrl,
        Environment: {
          PERENNIAL_MODEL_VERSION: "3",
          PERENNIAL_MAX_BODY_KIB: "1024",
          PERENNIAL_MAX_RECORDS: "1000",
        },
      },
    });
    expect(inputOf("UpdateEndpoint")).toEqual({
      EndpointName: `perennial-dev-${WORKLOAD}`,
      EndpointConfigName: EXECUTION,
      RetainAllVariantProperties: true,
      DeploymentConfig: {
        BlueGreenUpdatePolicy: {
          TrafficRoutingConfiguration: {
            Type: "CANARY",
            WaitIntervalInSeconds: 300,
            CanarySize: { Type: "CAPACITY_PERCENT", Value: 10 },
          },
          TerminationWaitInSeconds: 60,
          MaximumExecutionTimeoutInSeconds: 3960,
        },
        AutoRollbackConfiguration: { Alarms: GUARDS.map((AlarmName) => ({ AlarmName })) },
      },
    });
    expect(EXECUTION.length).toBeLessThanOrEqual(63);
  });

  it.each(["Updating", "SystemUpdating", "RollingBack", "Creating"])(
    "goes on waiting while the endpoint is %s",
    async (status) => {
      const world = new RolloutWorld();
      world.statuses = [status, status, "InService"];
      const result = await run(world);
      expect([result.status, callsOf(result, "DescribeEndpoint").length, result.seconds]).toEqual([
        "SUCCEEDED",
        3,
        45,
      ]);
    },
  );
});

describe("the champion stays", () => {
  it("when the endpoint comes back InService with another configuration, as after an alarm", async () => {
    const world = afterRollout("first");
    world.isRolledBack = true;
    world.statuses = ["Updating", "RollingBack", "InService"];
    const before = structuredClone(world.table.get("pointer"));
    const result = await run(world);
    expect([result.status, result.error, result.cause]).toEqual([
      "FAILED",
      "RolloutKept",
      `The endpoint came back with second-config instead of ${EXECUTION}: version 3 is not in service, version 2 stays. The deployment was rolled back: an alarm. Asked for by approval: better.`,
    ]);
    expect(world.table.get("pointer")).toEqual(before);
    expect([[...world.configs], [...world.models], [...world.alarms]]).toEqual([
      ["baseline-config", "second-config", "first-config"],
      ["baseline-model", "second-model", "first-model"],
      ["perennial-dev-second-model-errors", "perennial-dev-second-model-latency"],
    ]);
    expect(reportOf(result)).toMatchObject({
      outcome: "kept",
      from: 2,
      wanted: EXECUTION,
      endpoint: { EndpointConfigName: "second-config" },
      verification: null,
    });
    expect(messageOf(result)!["Subject"]).toBe(`Perennial: ${WORKLOAD} keeps its champion`);
  });

  it("when the account may not run a second fleet, and nothing is made for it", async () => {
    const tooSmall = () => {
      throw new TaskError("QuotaTooSmall", JSON.stringify({ errorMessage: "The update needs 4" }));
    };
    const result = await run(new RolloutWorld(), { CheckCapacity: tooSmall });
    expect([result.error, reportOf(result)!["stage"], result.calls.map(({ what }) => what)]).toEqual([
      "QuotaTooSmall",
      "check-capacity",
      ["dynamodb:GetItem", "lambda:check-capacity", "lambda:record-outcome", "sns:Publish"],
    ]);
    expect(result.cause).toContain("The update needs 4");
  });

  it("when the update is refused, and what was created for it goes", async () => {
    const world = new RolloutWorld();
    world.statuses = ["InService"];
    const result = await run(world, { UpdateEndpoint: fails("ValidationException") });
    expect([result.error, reportOf(result)!["stage"], [...world.configs], [...world.alarms]]).toEqual([
      "SageMaker.SageMakerException",
      "update-endpoint",
      ["baseline-config"],
      [],
    ]);
  });

  it("when an update that seemed refused runs after all, and what it may be using is left alone", async () => {
    const world = new RolloutWorld();
    world.statuses = ["Updating"];
    const result = await run(world, { UpdateEndpoint: fails("ValidationException") });
    expect([result.path.slice(-4), world.configs.has(EXECUTION), [...world.alarms]]).toEqual([
      ["IsDiscardable", "RecordFailure", "NotifyFailure", "Failed"],
      true,
      GUARDS,
    ]);
  });

  it("when the endpoint already has the configuration that seemed refused, which is not deleted under it", async () => {
    const world = new RolloutWorld();
    world.statuses = ["InService"];
    world.live = EXECUTION;
    const result = await run(world, { UpdateEndpoint: fails("ValidationException") });
    expect([result.error, world.configs.has(EXECUTION)]).toEqual(["SageMaker.SageMakerException", true]);
  });

  it("when a later admission has claimed the endpoint: it is not touched", async () => {
    const world = new RolloutWorld();
    const newer = { pk: { S: `workload#${WORKLOAD}` }, sk: { S: "endpoint-claim" }, token: { N: "6" } };
    world.table.set("endpoint-claim", newer);
    const result = await run(world);
    expect([
      result.error,
      callsOf(result, "UpdateEndpoint"),
      callsOf(result, "ClaimEndpoint").length,
    ]).toEqual(["DynamoDB.ConditionalCheckFailedException", [], 1]);
    expect([world.table.get("endpoint-claim"), [...world.configs]]).toEqual([newer, ["baseline-config"]]);
  });

  it("in the pointer when a later admission has moved it", async () => {
    const world = afterRollout("first", 6);
    const before = structuredClone(world.table.get("pointer"));
    const result = await run(world);
    expect([result.error, reportOf(result)!["stage"], world.table.get("pointer")]).toEqual([
      "DynamoDB.ConditionalCheckFailedException",
      "move-pointer",
      before,
    ]);
  });

  it.each(["Failed", "OutOfService", "UpdateRollbackFailed"])(
    "in the pointer when the endpoint is %s",
    async (status) => {
      const world = new RolloutWorld();
      world.statuses = ["Updating", status];
      const result = await run(world);
      expect([result.error, reportOf(result)]).toMatchObject([
        "EndpointFailed",
        {
          stage: "await-update",
          error: {
            Error: "EndpointFailed",
            Cause: `The endpoint is ${status} with the configuration baseline-config.`,
          },
        },
      ]);
      expect([world.configs.has(EXECUTION), world.table.has("pointer")]).toEqual([true, false]);
    },
  );
});

describe("a model that isn't verified where it answers", () => {
  it("gives way to the one before, is collected, and the history says what speaks against it", async () => {
    const world = unverified();
    const before = structuredClone(world.table.get("pointer"));
    const result = await run(world);
    expect([result.status, result.error, result.cause]).toEqual([
      "FAILED",
      "RolloutRolledBack",
      "Version 3 was in service and isn't verified: 2 requests met a server error; it answers every probe alike (0.5). " +
        "Version 2 is in service again. 45 requests, 0 failed, 0 refused. Asked for by approval: better.",
    ]);
    expect([world.live, world.table.get("pointer")]).toEqual(["second-config", before]);
    expect([[...world.configs], [...world.models], [...world.alarms]]).toEqual([
      ["baseline-config", "second-config", "first-config"],
      ["baseline-model", "second-model", "first-model"],
      ["perennial-dev-second-model-errors", "perennial-dev-second-model-latency"],
    ]);
    expect(messageOf(result)!["Subject"]).toBe(`Perennial: ${WORKLOAD} went back to its champion`);
  });

  it("gives way at once and with the capacity of the fleet that goes", async () => {
    const { calls } = await run(unverified());
    expect(calls.findLast(({ what }) => what === "sagemaker:UpdateEndpoint")!.input).toEqual({
      EndpointName: `perennial-dev-${WORKLOAD}`,
      EndpointConfigName: "second-config",
      RetainAllVariantProperties: true,
      DeploymentConfig: {
        BlueGreenUpdatePolicy: {
          TrafficRoutingConfiguration: { Type: "ALL_AT_ONCE", WaitIntervalInSeconds: 0 },
          TerminationWaitInSeconds: 0,
          MaximumExecutionTimeoutInSeconds: 3600,
        },
      },
    });
  });

  it("is probed and looked at again while too little is known, with what was found before", async () => {
    const world = afterRollout("first");
    world.verdicts = ["insufficient", "insufficient", "passed"];
    const result = await run(world);
    const looks = callsOf(result, "VerifyRollout").map(({ input }) => [
      input["round"],
      (input["tally"] as { sent: number }).sent,
    ]);
    expect([result.status, looks]).toEqual([
      "SUCCEEDED",
      [
        [0, 130],
        [1, 145],
        [2, 160],
      ],
    ]);
  });

  it("is one that nothing could be found out about", async () => {
    const result = await run(unverified(), { VerifyRollout: fails("AccessDeniedException", "may not") });
    expect([result.error, result.cause]).toMatchObject([
      "RolloutRolledBack",
      expect.stringContaining("isn't verified: it could not be verified: may not"),
    ]);
  });

  it.each([
    [
      "is refused",
      { RollBack: fails("ValidationException", "no such configuration") },
      [],
      "no such configuration",
    ],
    ["fails", {}, ["UpdateRollbackFailed"], `is UpdateRollbackFailed with the configuration ${EXECUTION}`],
    ["ends elsewhere", {}, ["InService"], `is InService with the configuration ${EXECUTION}`],
  ])(
    "fails with the endpoint's state where going back %s, and nothing is collected",
    async (_, answers, statuses, says) => {
      const world = unverified(...statuses);
      if (statuses[0] === "InService") world.isStuck = true;
      const result = await run(world, answers);
      const error = reportOf(result)!["error"] as { Error: string; Cause: string };
      expect([result.error, reportOf(result)!["stage"], error.Cause]).toEqual([
        "RollBackFailed",
        "roll-back",
        expect.stringContaining(says),
      ]);
      expect([
        world.configs.has(EXECUTION),
        [...world.alarms].filter((name) => GUARDS.includes(name)),
      ]).toEqual([true, GUARDS]);
    },
  );
});

/** The world and the answers in which a state is reached, for those that a good rollout doesn't come to. */
const ROLLED_BACK = {
  world: () => Object.assign(afterRollout("first"), { isRolledBack: true }),
};
const AT_ONCE = {
  world: () => Object.assign(afterRollout("first"), { statuses: ["InService"] }),
};
const UNVERIFIED = { world: () => unverified() };
const REFUSED = {
  world: () => Object.assign(new RolloutWorld(), { statuses: ["InService"] }),
  answers: () => ({ UpdateEndpoint: fails("ConflictException") }),
};
const UNREADABLE = {
  world: () => new RolloutWorld(),
  answers: () => ({ ReadPointer: fails("ResourceNotFoundException") }),
};
const GOOD = { world: () => afterRollout("first") };

const TASKS = [
  { state: "ReadPointer", goesOn: "ReadPointerFailed", ends: "FAILED" },
  { state: "CheckCapacity", goesOn: "IsQuotaTooSmall", ends: "SUCCEEDED" },
  { state: "CreateModel", goesOn: "CreateModelFailed", ends: "FAILED" },
  { state: "CreateEndpointConfig", goesOn: "CreateEndpointConfigFailed", ends: "FAILED" },
  { state: "CreateErrorAlarm", goesOn: "CreateAlarmsFailed", ends: "FAILED" },
  { state: "CreateLatencyAlarm", goesOn: "CreateAlarmsFailed", ends: "FAILED" },
  { state: "CreateRefusalAlarm", goesOn: "CreateAlarmsFailed", ends: "FAILED" },
  { state: "CreateSlowdownAlarm", goesOn: "CreateAlarmsFailed", ends: "FAILED" },
  { state: "ProbeChampion", goesOn: "ClaimEndpoint", ends: "SUCCEEDED" },
  { state: "ProbeEndpoint", goesOn: "DescribeEndpoint", ends: "SUCCEEDED", among: AT_ONCE },
  { state: "VerifyRollout", goesOn: "VerifyRolloutFailed", ends: "FAILED" },
  { state: "RollBack", goesOn: "RollBackRefused", ends: "FAILED", among: UNVERIFIED },
  { state: "DescribeRolledBack", goesOn: "RollBackRefused", ends: "FAILED", among: UNVERIFIED },
  { state: "RecordRolledBack", goesOn: "Unrecorded", ends: "FAILED", among: UNVERIFIED },
  { state: "NotifyRolledBack", goesOn: "RolledBack", ends: "FAILED", among: UNVERIFIED },
  { state: "ClaimEndpoint", goesOn: "ClaimEndpointFailed", ends: "FAILED" },
  { state: "UpdateEndpoint", goesOn: "UpdateEndpointFailed", ends: "FAILED" },
  { state: "DescribeEndpoint", goesOn: "DescribeEndpointFailed", ends: "FAILED" },
  { state: "MovePointer", goesOn: "MovePointerFailed", ends: "FAILED" },
  { state: "RecordInService", goesOn: "Unrecorded", ends: "FAILED" },
  { state: "NotifyInService", goesOn: "IsAnySuperseded", ends: "SUCCEEDED" },
  { state: "DropReplacedAlarms", goesOn: "RecordInService", ends: "SUCCEEDED" },
  { state: "DeleteSupersededConfig", goesOn: "DeleteSupersededModel", ends: "SUCCEEDED" },
  { state: "DeleteSupersededModel", goesOn: "InService", ends: "SUCCEEDED" },
  { state: "InspectEndpoint", goesOn: "RecordFailure", ends: "FAILED", among: REFUSED },
  { state: "DeleteDiscardedAlarms", goesOn: "DeleteDiscardedConfig", ends: "FAILED", among: ROLLED_BACK },
  { state: "DeleteDiscardedConfig", goesOn: "DeleteDiscardedModel", ends: "FAILED", among: ROLLED_BACK },
  { state: "DeleteDiscardedModel", goesOn: "IsKept", ends: "FAILED", among: ROLLED_BACK },
  { state: "RecordKept", goesOn: "Unrecorded", ends: "FAILED", among: ROLLED_BACK },
  { state: "NotifyKept", goesOn: "Kept", ends: "FAILED", among: ROLLED_BACK },
  { state: "RecordFailure", goesOn: "Unrecorded", ends: "FAILED", among: UNREADABLE },
  { state: "NotifyFailure", goesOn: "Failed", ends: "FAILED", among: UNREADABLE },
];

describe("an error of a Task", () => {
  meetsErrors(definition, TASKS, GOOD, "ConflictException", run);

  it("is met in every Task that there is", () => {
    const tasks = Object.entries(definition.States).filter(([, { Type }]) => Type === "Task");
    expect(TASKS.map(({ state }) => state).toSorted()).toEqual(tasks.map(([name]) => name).toSorted());
  });
});

describe("a failure", () => {
  it.each([
    ["ReadPointer", "read-pointer", []],
    [
      "CreateModel",
      "create-model",
      ["DeleteDiscardedAlarms", "DeleteDiscardedConfig", "DeleteDiscardedModel"],
    ],
    [
      "CreateEndpointConfig",
      "create-endpoint-config",
      ["DeleteDiscardedAlarms", "DeleteDiscardedConfig", "DeleteDiscardedModel"],
    ],
    [
      "CreateErrorAlarm",
      "create-alarms",
      ["DeleteDiscardedAlarms", "DeleteDiscardedConfig", "DeleteDiscardedModel"],
    ],
    [
      "ClaimEndpoint",
      "claim-endpoint",
      ["DeleteDiscardedAlarms", "DeleteDiscardedConfig", "DeleteDiscardedModel"],
    ],
    ["DescribeEndpoint", "await-update", []],
    ["MovePointer", "move-pointer", []],
  ])("at %s is recorded with its stage %s and discards %j", async (state, stage, discarded) => {
    const result = await run(afterRollout("first"), { [state]: fails("ConflictException") });
    expect([reportOf(result)!["stage"], result.path.filter((name) => name.startsWith("Delete"))]).toEqual([
      stage,
      discarded,
    ]);
  });
});

describe("a rollout whose outcome cannot be recorded", () => {
  it("has moved the pointer and ends so that release-lease records it", async () => {
    const world = new RolloutWorld();
    const result = await run(world, { "lambda:record-outcome": fails("ResourceNotFoundException") });
    expect([result.status, result.error, (await readThroughLedger(world))!.execution]).toEqual([
      "FAILED",
      "Unrecorded",
      EXECUTION,
    ]);
  });
});

describe("an execution", () => {
  it("that waits for the endpoint too long ends as TIMED_OUT and leaves the pointer", async () => {
    const world = afterRollout("first");
    world.statuses = ["Updating"];
    const before = structuredClone(world.table.get("pointer"));
    const result = await run(world);
    expect([result.status, result.seconds, reportOf(result), world.table.get("pointer")]).toEqual([
      "TIMED_OUT",
      7200,
      undefined,
      before,
    ]);
  }, 20_000);
});

describe("all tests together", () => {
  it("entered every state", () => {
    expect([...coverage.states].toSorted()).toEqual(Object.keys(definition.States).toSorted());
  });

  it("went every way between states, and no other", () => {
    expect(coverage.sortedWays()).toEqual(waysOf(definition));
  });
});
