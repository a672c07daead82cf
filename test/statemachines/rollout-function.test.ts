import type { RolloutInput } from "@perennial/contracts";
import { describe, expect, it } from "vitest";
import { Coverage, waysOf } from "./coverage.ts";
import { EXECUTION, rendered, WORKLOAD } from "./fillings.ts";
import { BEFORE, failingLater, FunctionWorld, PUBLISHED } from "./function-world.ts";
import { APPROVED } from "./rollout-input.ts";
import { type Answers, callsOf, messageOf, reportOf, type Run, runWorkflow } from "./run-workflow.ts";
import { fails } from "./service-answers.ts";
import { type Among, type FailingTask, meetsErrors } from "./task-errors.ts";

const definition = rendered("rollout-function");
const FUNCTION = `perennial-dev-${WORKLOAD}-score`;
const ENVIRONMENT = {
  PERENNIAL_MODEL_URI: "s3://bucket/models/3/model.tar.gz",
  PERENNIAL_MODEL_SHA256: "a".repeat(64),
  PERENNIAL_MODEL_VERSION: "3",
  PERENNIAL_EXECUTION: EXECUTION,
  PERENNIAL_MAX_BODY_KIB: "1024",
  PERENNIAL_MAX_RECORDS: "1000",
  PERENNIAL_ONLINE_TABLE: "arn:aws:dynamodb:eu-central-1:123456789012:table/perennial-dev-online",
};
const ALARMS = ["errors", "latency"].map((name) => `perennial-dev-${EXECUTION}-${name}`);
const OLD_ALARMS = ["errors", "latency"].map((name) => `perennial-dev-second-${name}`);
const STAYS = { version: BEFORE, weights: {} };
const coverage = new Coverage();

async function run(
  world: FunctionWorld,
  answers: Answers = {},
  input: RolloutInput = APPROVED,
): Promise<Run> {
  const result = await runWorkflow(definition, input, world.with(answers));
  coverage.add(result);
  expect(result.faults).toEqual([]);
  return result;
}

/** A world in which version 2 of the model answers as version 6 of the function, and version 5 did before. */
function afterRollout(token = 4): FunctionWorld {
  const world = new FunctionWorld();
  for (const alarm of OLD_ALARMS) world.alarms.add(alarm);
  world.table.set("pointer", {
    pk: { S: `workload#${WORKLOAD}` },
    sk: { S: "pointer" },
    version: { N: "2" },
    modelName: { S: "second" },
    endpointConfigName: { S: BEFORE },
    token: { N: String(token) },
    previous: { M: { version: { N: "1" }, modelName: { S: "first" }, endpointConfigName: { S: "5" } } },
  });
  return world;
}

/** A rollback to version 1, which was published as version 5 with what `changes` say. */
const BACK: RolloutInput = {
  ...APPROVED,
  cause: { ...APPROVED.cause, kind: "rollback", requestedBy: "ada" },
  target: { ...APPROVED.target, version: 1 },
};
function beforeRollback(changes: Record<string, string> = {}): FunctionWorld {
  const world = afterRollout();
  world.versions.set("5", {
    PERENNIAL_MODEL_SHA256: "a".repeat(64),
    PERENNIAL_MODEL_VERSION: "1",
    ...changes,
  });
  return world;
}

describe("a rollout", () => {
  it("publishes a version, leads requests to it by and by, and only then names it", async () => {
    const world = afterRollout();
    const result = await run(world);
    expect([result.status, world.led]).toEqual([
      "SUCCEEDED",
      [
        { version: BEFORE, weights: { [PUBLISHED]: 0.1 } },
        { version: BEFORE, weights: { [PUBLISHED]: 1 } },
        { version: PUBLISHED, weights: {} },
      ],
    ]);
    expect(world.versions.get(PUBLISHED)).toEqual(ENVIRONMENT);
    // Two looks at its configuration, then three rounds of the canary and two of all requests.
    expect([callsOf(result, "ProbeFunction").length, result.seconds]).toEqual([5, 85]);
    expect(messageOf(result)!["Message"]).toMatch(
      /^Version 3 is in service in place of version 2\. 45 requests/,
    );
  });

  it("moves the pointer to the version's number, and keeps the one before to go back to", async () => {
    const world = afterRollout();
    await run(world);
    expect(world.table.get("pointer")).toMatchObject({
      version: { N: "3" },
      modelName: { S: EXECUTION },
      endpointConfigName: { S: PUBLISHED },
      token: { N: "5" },
      previous: {
        M: { version: { N: "2" }, modelName: { S: "second" }, endpointConfigName: { S: BEFORE } },
      },
    });
  });

  it("collects versions that nothing leads to, and the alarms of what it replaced", async () => {
    const world = afterRollout();
    world.versions.set("4", {});
    await run(world);
    expect([[...world.versions.keys()], [...world.alarms]]).toEqual([["$LATEST", BEFORE, PUBLISHED], ALARMS]);
  });

  it("replaces the baseline that the program published", async () => {
    const world = new FunctionWorld();
    await run(world);
    expect(world.table.get("pointer")).toMatchObject({
      previous: { M: { version: { N: "0" }, modelName: { S: "baseline-model" } } },
    });
  });

  it("asks the version itself before callers meet it, and what answers them all the while", async () => {
    const { calls } = await run(afterRollout());
    const probed = calls.filter(({ what }) => what === "lambda:probe-endpoint");
    expect(
      probed
        .slice(0, 3)
        .map(({ state, input }) => [state, input["functionName"], input["qualifier"], input["requests"]]),
    ).toEqual([
      ["ProbeCandidate", FUNCTION, PUBLISHED, 100],
      ["ProbeChampion", FUNCTION, "live", 100],
      ["ProbeFunction", FUNCTION, "live", 15],
    ]);
    const looks = calls.filter(({ what }) => what === "lambda:verify-rollout");
    expect(
      looks.map(({ state, input }) => [
        state,
        input["qualifier"],
        input["endpointConfigName"],
        input["from"],
      ]),
    ).toEqual(
      ["LookBefore", "VerifyRollout", "VerifyRollout"].map((state) => [
        state,
        PUBLISHED,
        PUBLISHED,
        { version: 2, endpointConfigName: BEFORE },
      ]),
    );
  });

  it("watches the version's errors and latency, as the alias leads to it", async () => {
    const { calls } = await run(afterRollout());
    const alarms = calls.filter(({ what }) => what === "monitoring:PutMetricAlarm").map(({ input }) => input);
    const Dimensions = [
      { Name: "FunctionName", Value: FUNCTION },
      { Name: "Resource", Value: `${FUNCTION}:live` },
      { Name: "ExecutedVersion", Value: PUBLISHED },
    ];
    expect(alarms[0]).toMatchObject({ Namespace: "AWS/Lambda", MetricName: "Errors", Dimensions });
    expect(
      (alarms[1]!["Metrics"] as { MetricStat?: object }[]).slice(1).map(({ MetricStat }) => MetricStat),
    ).toEqual(
      [
        ["Invocations", "Sum"],
        ["Duration", "p99"],
        ["Duration", "p90"],
      ].map(([MetricName, Stat]) => ({
        Metric: { Namespace: "AWS/Lambda", MetricName, Dimensions },
        Period: 60,
        Stat,
      })),
    );
  });

  it("first ends what an interrupted rollout left: some requests with a version that nobody verified", async () => {
    const world = afterRollout();
    world.alias = { version: BEFORE, weights: { "5": 0.3 } };
    await run(world);
    expect(world.led[0]).toEqual(STAYS);
  });

  it("goes on looking with all requests while too little is known, and no sooner asks for more", async () => {
    const world = afterRollout();
    world.verdicts = ["insufficient", "insufficient", "insufficient", "insufficient", "passed"];
    const result = await run(world);
    expect([result.status, callsOf(result, "VerifyRollout").map(({ input }) => input["round"])]).toEqual([
      "SUCCEEDED",
      [0, 0, 1, 2],
    ]);
  });
});

describe("a rollback", () => {
  it("leads to the version that was published then, which is not published anew", async () => {
    const world = beforeRollback();
    const result = await run(world, {}, BACK);
    expect([result.status, world.alias, callsOf(result, "PublishVersion")]).toEqual([
      "SUCCEEDED",
      { version: "5", weights: {} },
      [],
    ]);
    expect(world.table.get("pointer")).toMatchObject({ version: { N: "1" }, endpointConfigName: { S: "5" } });
  });

  it.each<[string, () => FunctionWorld]>([
    [
      "is gone",
      () => {
        const world = beforeRollback();
        world.versions.delete("5");
        return world;
      },
    ],
    ["holds another model", () => beforeRollback({ PERENNIAL_MODEL_SHA256: "b".repeat(64) })],
    [
      "answers by another number, as the program's baseline does",
      () => beforeRollback({ PERENNIAL_MODEL_VERSION: "0" }),
    ],
  ])("publishes the model anew where the version of then %s", async (_, worldOf) => {
    const world = worldOf();
    const result = await run(world, {}, BACK);
    expect([result.status, world.alias.version, world.versions.get(PUBLISHED)]).toMatchObject([
      "SUCCEEDED",
      PUBLISHED,
      { PERENNIAL_MODEL_VERSION: "1" },
    ]);
  });

  it("that isn't verified leaves the version that was published then", async () => {
    const world = beforeRollback();
    world.verdicts = ["failed"];
    const result = await run(world, {}, BACK);
    expect([result.error, world.alias, [...world.versions.keys()]]).toEqual([
      "RolloutKept",
      STAYS,
      ["$LATEST", "5", BEFORE],
    ]);
  });
});

describe("the champion stays", () => {
  it("where the model answers probes badly, and no caller has met it", async () => {
    const world = afterRollout();
    world.verdicts = ["failed"];
    const before = structuredClone(world.table.get("pointer"));
    const result = await run(world);
    expect([result.error, result.cause]).toEqual([
      "RolloutKept",
      "Version 3 is not put in service, version 2 stays: 2 requests met a server error; it answers every probe alike (0.5). " +
        "45 requests, 0 failed, 0 refused. Asked for by approval: better.",
    ]);
    expect([world.led, world.table.get("pointer")]).toEqual([[], before]);
    expect([[...world.versions.keys()], [...world.alarms]]).toEqual([["$LATEST", "5", BEFORE], OLD_ALARMS]);
    expect(messageOf(result)!["Subject"]).toBe(`Perennial: ${WORKLOAD} keeps its champion`);
  });

  it("where nobody could find out about the model", async () => {
    const world = afterRollout();
    const result = await run(world, { LookBefore: fails("AccessDeniedException", "may not") });
    expect([result.error, world.led, result.cause]).toEqual([
      "RolloutKept",
      [],
      expect.stringContaining("it could not be verified: may not"),
    ]);
  });

  it("where a later admission has claimed the function: it is not touched", async () => {
    const world = afterRollout();
    world.table.set("endpoint-claim", {
      pk: { S: `workload#${WORKLOAD}` },
      sk: { S: "endpoint-claim" },
      token: { N: "6" },
    });
    const result = await run(world);
    expect([result.error, callsOf(result, "ChangeConfiguration"), world.led]).toEqual([
      "DynamoDB.ConditionalCheckFailedException",
      [],
      [],
    ]);
  });

  it("where something else changed the function before the version was published", async () => {
    const world = afterRollout();
    world.onPublish = () => ({ PERENNIAL_MODEL_VERSION: "0" });
    const result = await run(world);
    expect([result.error, reportOf(result)!["stage"], world.led, [...world.versions.keys()]]).toEqual([
      "ConfigurationLost",
      "publish-version",
      [],
      ["$LATEST", "5", BEFORE],
    ]);
  });

  it("where the function can't be changed", async () => {
    const world = afterRollout();
    world.configurations = ["InProgress", "Failed"];
    const result = await run(world);
    expect([reportOf(result)!["stage"], reportOf(result)!["error"]]).toEqual([
      "change-configuration",
      {
        Error: "ConfigurationFailed",
        Cause: "The last change of the configuration of the function is Failed.",
      },
    ]);
  });
});

/** A world in which something speaks against the model once it met callers. */
const met = (looks = 1) => {
  const world = afterRollout();
  return {
    world,
    answers: { "lambda:verify-rollout": failingLater(looks, world.answers["lambda:verify-rollout"]!) },
  };
};

describe("a model that callers have met", () => {
  it.each([
    ["its share of the requests", 1, [0.1]],
    ["all requests", 2, [0.1, 1]],
  ])("with %s gives way where something speaks against it", async (_, looks, shares) => {
    const { world, answers } = met(looks);
    const before = structuredClone(world.table.get("pointer"));
    const result = await run(world, answers);
    expect([result.error, result.cause]).toEqual([
      "RolloutRolledBack",
      "Version 3 was in service and isn't verified: 2 requests met a server error. Version 2 is in service again. " +
        "45 requests, 0 failed, 0 refused. Asked for by approval: better.",
    ]);
    expect(world.led).toEqual([
      ...shares.map((share) => ({ version: BEFORE, weights: { [PUBLISHED]: share } })),
      STAYS,
    ]);
    expect([world.table.get("pointer"), [...world.versions.keys()], [...world.alarms]]).toEqual([
      before,
      ["$LATEST", "5", BEFORE],
      OLD_ALARMS,
    ]);
    expect(messageOf(result)!["Subject"]).toBe(`Perennial: ${WORKLOAD} went back to its champion`);
  });

  it("gives way as soon as an alarm of its own goes off", async () => {
    const world = afterRollout();
    world.ringing = [ALARMS[0]!];
    const result = await run(world);
    expect([result.error, callsOf(result, "ProbeFunction").length, world.alias, result.cause]).toEqual([
      "RolloutRolledBack",
      1,
      STAYS,
      expect.stringContaining(
        `isn't verified: ${ALARMS[0]} went off: Threshold Crossed. Version 2 is in service again. Its share of the requests was 0.1.`,
      ),
    ]);
  });

  it("gives way where its alarms can't be looked at", async () => {
    const world = afterRollout();
    const result = await run(world, { LookAtAlarms: fails("AccessDeniedException", "may not") });
    expect([result.error, world.alias]).toEqual(["RolloutRolledBack", STAYS]);
  });

  it("is left where it is when even going back is refused, and nothing is collected", async () => {
    const { world, answers } = met();
    const result = await run(world, {
      ...answers,
      LeadBack: fails("ResourceNotFoundException", "no such alias"),
    });
    expect([
      result.error,
      reportOf(result)!["stage"],
      world.versions.has(PUBLISHED),
      [...world.alarms],
    ]).toEqual(["RollBackFailed", "roll-back", true, [...OLD_ALARMS, ...ALARMS]]);
    expect((reportOf(result)!["error"] as { Cause: string }).Cause).toContain(
      `Requests could not be led back to version ${BEFORE} of the function: no such alias`,
    );
  });

  it("isn't named where the alias can't be, and its requests are led back", async () => {
    const world = afterRollout();
    const result = await run(world, { TakeOver: fails("InvalidParameterValueException") });
    expect([result.error, reportOf(result)!["stage"], world.alias]).toEqual([
      "Lambda.InvalidParameterValueException",
      "take-over",
      STAYS,
    ]);
  });

  it("stays in the alias but not in the pointer where a later admission has moved that", async () => {
    const world = afterRollout(6);
    const before = structuredClone(world.table.get("pointer"));
    const result = await run(world);
    expect([reportOf(result)!["stage"], world.table.get("pointer")]).toEqual(["move-pointer", before]);
  });
});

/** The world and the answers in which a state is reached, for those that a good rollout doesn't come to. */
const GOOD: Among<FunctionWorld> = { world: () => afterRollout() };
const LEFT: Among<FunctionWorld> = {
  world: () => Object.assign(afterRollout(), { alias: { version: BEFORE, weights: { "5": 0.3 } } }),
};
const GOING_BACK: Among<FunctionWorld> = { world: () => beforeRollback(), input: BACK };
const KEPT: Among<FunctionWorld> = { world: () => Object.assign(afterRollout(), { verdicts: ["failed"] }) };
const UNVERIFIED: Among<FunctionWorld> = {
  world: () => Object.assign(afterRollout(), { ringing: [ALARMS[0]] }),
};
const UNREADABLE: Among<FunctionWorld> = {
  world: () => new FunctionWorld(),
  answers: () => ({ ReadPointer: fails("ResourceNotFoundException") }),
};

const TASKS: FailingTask<FunctionWorld>[] = [
  { state: "ReadPointer", goesOn: "ReadPointerFailed", ends: "FAILED" },
  { state: "ReadAlias", goesOn: "ReadAliasFailed", ends: "FAILED" },
  { state: "ClaimFunction", goesOn: "ClaimFunctionFailed", ends: "FAILED" },
  { state: "DropOldShares", goesOn: "ClaimFunctionFailed", ends: "FAILED", among: LEFT },
  { state: "ReadPrevious", goesOn: "ChangeConfiguration", ends: "SUCCEEDED", among: GOING_BACK },
  { state: "ChangeConfiguration", goesOn: "ChangeConfigurationFailed", ends: "FAILED" },
  { state: "DescribeConfiguration", goesOn: "ChangeConfigurationFailed", ends: "FAILED" },
  { state: "PublishVersion", goesOn: "PublishVersionFailed", ends: "FAILED" },
  { state: "ProbeCandidate", goesOn: "ProbeChampion", ends: "SUCCEEDED" },
  { state: "ProbeChampion", goesOn: "LookBefore", ends: "SUCCEEDED" },
  { state: "LookBefore", goesOn: "LookBeforeFailed", ends: "FAILED" },
  { state: "CreateErrorAlarm", goesOn: "CreateAlarmsFailed", ends: "FAILED" },
  { state: "CreateLatencyAlarm", goesOn: "CreateAlarmsFailed", ends: "FAILED" },
  { state: "MoveRequests", goesOn: "MoveRequestsFailed", ends: "FAILED" },
  { state: "ProbeFunction", goesOn: "LookAtAlarms", ends: "FAILED", among: UNVERIFIED },
  { state: "LookAtAlarms", goesOn: "VerifyRolloutFailed", ends: "FAILED" },
  { state: "VerifyRollout", goesOn: "VerifyRolloutFailed", ends: "FAILED" },
  { state: "TakeOver", goesOn: "TakeOverFailed", ends: "FAILED" },
  { state: "MovePointer", goesOn: "MovePointerFailed", ends: "FAILED" },
  { state: "DropReplacedAlarms", goesOn: "RecordInService", ends: "SUCCEEDED" },
  { state: "RecordInService", goesOn: "Unrecorded", ends: "FAILED" },
  { state: "NotifyInService", goesOn: "ListVersions", ends: "SUCCEEDED" },
  { state: "ListVersions", goesOn: "InService", ends: "SUCCEEDED" },
  { state: "DeleteVersion", goesOn: "IsAnyLeft", ends: "SUCCEEDED" },
  { state: "LeadBack", goesOn: "LeadBackRefused", ends: "FAILED", among: UNVERIFIED },
  { state: "DeleteDiscardedAlarms", goesOn: "IsOwnVersion", ends: "FAILED", among: UNVERIFIED },
  { state: "DeleteDiscardedVersion", goesOn: "IsKept", ends: "FAILED", among: UNVERIFIED },
  { state: "RecordRolledBack", goesOn: "Unrecorded", ends: "FAILED", among: UNVERIFIED },
  { state: "NotifyRolledBack", goesOn: "RolledBack", ends: "FAILED", among: UNVERIFIED },
  { state: "RecordKept", goesOn: "Unrecorded", ends: "FAILED", among: KEPT },
  { state: "NotifyKept", goesOn: "Kept", ends: "FAILED", among: KEPT },
  { state: "RecordFailure", goesOn: "Unrecorded", ends: "FAILED", among: UNREADABLE },
  { state: "NotifyFailure", goesOn: "Failed", ends: "FAILED", among: UNREADABLE },
];

describe("an error of a Task", () => {
  meetsErrors(definition, TASKS, GOOD, "InvalidParameterValueException", run);

  it("is met in every Task that there is", () => {
    const tasks = Object.entries(definition.States).filter(([, { Type }]) => Type === "Task");
    expect(TASKS.map(({ state }) => state).toSorted()).toEqual(tasks.map(([name]) => name).toSorted());
  });
});

describe("all tests together", () => {
  it("entered every state", () => {
    expect([...coverage.states].toSorted()).toEqual(Object.keys(definition.States).toSorted());
  });

  it("went every way between states, and no other", () => {
    expect(coverage.sortedWays()).toEqual(waysOf(definition));
  });
});
