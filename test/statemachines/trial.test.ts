import type { Cause, RolloutInput, Trial } from "@perennial/contracts";
import { describe, expect, it } from "vitest";
import { Coverage, waysOf } from "./coverage.ts";
import { EXECUTION, rendered, WORKLOAD } from "./fillings.ts";
import { APPROVED } from "./rollout-input.ts";
import { RolloutWorld } from "./rollout-world.ts";
import { type Answers, callsOf, reportOf, type Run, runWorkflow } from "./run-workflow.ts";
import { fails } from "./service-answers.ts";
import { meetsErrors } from "./task-errors.ts";

// The rollout with a trial in it. What lies outside the trial is in rollout.test.ts.
const EXPERIMENT = rendered("experiment", { ExecutionTimeoutSeconds: 170_000 });
const SHADOW = rendered("shadow", { ExecutionTimeoutSeconds: 170_000 });
const TRIAL_CONFIG = `${EXECUTION}-trial`;
const ENDPOINT = `perennial-dev-${WORKLOAD}`;
/** The states that the trial adds. */
const OWN = new Set(
  Object.keys(EXPERIMENT.States).filter((name) => rendered("rollout").States[name] === undefined),
);
const coverage = new Coverage();

const inputOf = (kind: Cause["kind"]): RolloutInput => ({
  ...APPROVED,
  cause: { ...APPROVED.cause, kind },
});

/** A world in which version 2 is live, on three instances. */
function inService(): RolloutWorld {
  const world = new RolloutWorld();
  world.live = "second-config";
  world.models.add("second-model");
  world.configs.add("second-config");
  world.table.set("pointer", {
    pk: { S: `workload#${WORKLOAD}` },
    sk: { S: "pointer" },
    version: { N: "2" },
    modelName: { S: "second-model" },
    endpointConfigName: { S: "second-config" },
    token: { N: "4" },
  });
  return world;
}

/** A world in which the trial speaks against the challenger. */
const against = (): RolloutWorld => Object.assign(inService(), { looks: ["insufficient", "failed"] });

async function run(
  world: RolloutWorld,
  answers: Answers = {},
  kind: Cause["kind"] = "approval",
  definition = EXPERIMENT,
): Promise<Run> {
  const result = await runWorkflow(definition, inputOf(kind), world.with(answers));
  coverage.add(result);
  expect(result.faults).toEqual([]);
  return result;
}

const inputsOf = ({ calls }: Run, what: string) =>
  calls.filter((call) => call.what === what).map(({ input }) => input);
/** Configurations that the endpoint was updated to. */
const updatesOf = (result: Run) =>
  inputsOf(result, "sagemaker:UpdateEndpoint").map(({ EndpointConfigName }) => EndpointConfigName);

/** What is there once the champion alone answers again and all that was made for the challenger is gone. */
const CHAMPION_ALONE = {
  live: "second-config",
  configs: ["baseline-config", "second-config"],
  models: ["baseline-model", "second-model"],
  alarms: [],
  hasTrial: false,
};
const stateOf = ({ live, configs, models, alarms, table }: RolloutWorld) => ({
  live,
  configs: [...configs],
  models: [...models],
  alarms: [...alarms],
  hasTrial: table.has("trial"),
});

describe("a trial that speaks for the challenger", () => {
  it("ends with the champion alone, from where the challenger goes into service as it always does", async () => {
    const world = inService();
    world.looks = ["insufficient", "insufficient", "passed"];
    const result = await run(world);
    expect([result.status, updatesOf(result)]).toEqual([
      "SUCCEEDED",
      [TRIAL_CONFIG, "second-config", EXECUTION],
    ]);
    expect(stateOf(world)).toMatchObject({
      live: EXECUTION,
      configs: ["baseline-config", "second-config", EXECUTION],
      models: ["baseline-model", "second-model", EXECUTION],
      hasTrial: false,
    });
    expect(reportOf(result)).toMatchObject({
      outcome: "in-service",
      verification: { status: "passed", summary: "45 requests, 0 failed, 0 refused." },
      trial: { status: "passed", round: 3, reasons: [], summary: "30 outcomes." },
    });
    expect(inputsOf(result, "sns:Publish")[0]?.["Message"]).toBe(
      "Version 3 is in service in place of version 2. 45 requests, 0 failed, 0 refused. Tried first: 30 outcomes. Asked " +
        "for by approval: better.",
    );
  });

  it("leaves nothing in what the update is verified by: neither its time nor its probes", async () => {
    const world = inService();
    world.looks = ["insufficient", "passed"];
    const result = await run(world);
    const question = callsOf(result, "VerifyRollout")[0]!.input;
    // A look is due each minute; the champion is put back between the second one and this.
    expect([question["startedAt"], (question["tally"] as { sent: number }).sent, question["round"]]).toEqual([
      "2026-03-01T02:02:45.000Z",
      115,
      0,
    ]);
    expect(callsOf(result, "ClaimEndpoint").length).toBe(2);
  });

  it("is told with the update that was undone after it", async () => {
    const world = inService();
    world.undone.add(3);
    const result = await run(world);
    expect([result.error, result.cause]).toEqual([
      "RolloutKept",
      `The endpoint came back with second-config instead of ${EXECUTION}: version 3 is not in service, version 2 stays. The ` +
        "deployment was rolled back: an alarm. Tried first: 10 outcomes. Asked for by approval: better.",
    ]);
    expect(stateOf(world)).toEqual(CHAMPION_ALONE);
  });

  it("is told with the verification that failed after it", async () => {
    const world = inService();
    world.verdicts = ["failed"];
    const result = await run(world);
    expect([result.error, reportOf(result)]).toMatchObject([
      "RolloutRolledBack",
      { trial: { summary: "10 outcomes." } },
    ]);
    expect(stateOf(world)).toEqual(CHAMPION_ALONE);
  });

  it("moves nothing where a later admission has claimed the endpoint meanwhile", async () => {
    const world = inService();
    const result = await run(world, {
      DeleteTrialConfig: (input, ...rest) => {
        world.table.set("endpoint-claim", { sk: { S: "endpoint-claim" }, token: { N: "6" } });
        return world.answers["sagemaker:DeleteEndpointConfig"]!(input, ...rest);
      },
    });
    expect([result.error, updatesOf(result), stateOf(world)]).toEqual([
      "DynamoDB.ConditionalCheckFailedException",
      [TRIAL_CONFIG, "second-config"],
      CHAMPION_ALONE,
    ]);
  });
});

describe("two models in service", () => {
  const both = (weights: [number, number]) =>
    ["primary", "challenger"].map((VariantName, place) => ({
      VariantName,
      ModelName: ["second-model", EXECUTION][place],
      InitialInstanceCount: 3,
      InstanceType: "ml.m5.large",
      InitialVariantWeight: weights[place],
    }));
  const configurationOf = (result: Run) => callsOf(result, "CreateTrialConfig")[0]?.input;

  it("share the requests of an experiment, each on what the champion was scaled to, with every answer captured", async () => {
    const configuration = configurationOf(await run(inService()));
    expect(configuration).toEqual({
      EndpointConfigName: TRIAL_CONFIG,
      KmsKeyId: "arn:aws:kms:eu-central-1:123456789012:key/1",
      ProductionVariants: both([0.9, 0.1]),
      DataCaptureConfig: {
        EnableCapture: true,
        InitialSamplingPercentage: 100,
        DestinationS3Uri: `s3://perennial-dev-123456789012-lake/capture/${WORKLOAD}/`,
        KmsKeyId: "arn:aws:kms:eu-central-1:123456789012:key/1",
        CaptureOptions: [{ CaptureMode: "Input" }, { CaptureMode: "Output" }],
        CaptureContentTypeHeader: {
          JsonContentTypes: ["application/json", "application/jsonlines"],
          CsvContentTypes: ["text/csv"],
        },
      },
      Tags: [{ Key: "perennial:workload", Value: WORKLOAD }],
    });
    expect(TRIAL_CONFIG.length).toBeLessThanOrEqual(63);
  });

  it("have one answer in a shadow: the challenger gets copies of a share of the requests", async () => {
    const configuration = configurationOf(await run(inService(), {}, "approval", SHADOW));
    const [champion, challenger] = both([1, 0.2]);
    expect([configuration?.["ProductionVariants"], configuration?.["ShadowProductionVariants"]]).toEqual([
      [champion],
      [challenger],
    ]);
  });

  it("come and go without guardrails and keep the capacity, not the weights", async () => {
    const result = await run(against());
    const update = (EndpointConfigName: string) => ({
      EndpointName: ENDPOINT,
      EndpointConfigName,
      RetainAllVariantProperties: true,
      ExcludeRetainedVariantProperties: [{ VariantPropertyType: "DesiredWeight" }],
    });
    expect(inputsOf(result, "sagemaker:UpdateEndpoint")).toEqual([
      update(TRIAL_CONFIG),
      update("second-config"),
    ]);
  });

  it("are both counted against the quota", async () => {
    const result = await run(inService());
    expect(callsOf(result, "CheckCapacity").map(({ input }) => input["models"])).toEqual([2]);
  });

  it("may be the baseline and the first model", async () => {
    const world = new RolloutWorld();
    world.looks = ["failed"];
    const result = await run(world);
    expect(result.cause).toMatch(/^Version 3 was on trial beside the baseline, which stays: /);
    expect([world.live, [...world.configs]]).toEqual(["baseline-config", ["baseline-config"]]);
  });

  it.each(["Updating", "SystemUpdating", "RollingBack", "Creating"])(
    "are waited for while the endpoint is %s, as is the champion alone",
    async (status) => {
      const world = against();
      const statuses = [status, "InService", status, "InService"];
      world.answers["sagemaker:UpdateEndpoint"] = wrapped(world, "sagemaker:UpdateEndpoint", () => {
        world.statuses = statuses.splice(0, 2);
      });
      const result = await run(world);
      expect([
        result.error,
        callsOf(result, "DescribeTrialStart").length,
        callsOf(result, "DescribeChampionBack").length,
      ]).toEqual(["RolloutKept", 2, 2]);
    },
  );
});

/** The world's own answer, after `first`. */
const wrapped = (world: RolloutWorld, what: string, first: () => void): Answers[string] => {
  const answer = world.answers[what]!;
  return (...given) => {
    first();
    return answer(...given);
  };
};

describe("a look at a trial", () => {
  it("is told since when both answer, what the probes found, and how often it was looked before", async () => {
    const world = inService();
    world.looks = ["insufficient", "insufficient", "passed"];
    const looks = inputsOf(await run(world), "lambda:observe-trial");
    expect(looks[0]).toEqual({
      workload: WORKLOAD,
      execution: EXECUTION,
      endpointName: ENDPOINT,
      specUri: "s3://perennial-dev-123456789012-artifacts/specs/w/1/spec.json",
      startedAt: "2026-03-01T02:00:30.000Z",
      from: { version: 2 },
      version: 3,
      endpointConfigName: TRIAL_CONFIG,
      tally: expect.objectContaining({ sent: 160 }),
      round: 0,
    });
    expect(looks.map(({ round, tally }) => [round, (tally as { sent: number }).sent])).toEqual([
      [0, 160],
      [1, 220],
      [2, 280],
    ]);
  });

  it("comes each minute for an hour, then so often that a thousand fill the longest trial", async () => {
    const world = inService();
    const times: number[] = [];
    world.looks = [...Array.from({ length: 62 }, () => "insufficient"), "failed"];
    world.answers["lambda:probe-endpoint"] = ({ tally }, _attempt, at) => {
      times.push(at);
      return tally;
    };
    await run(world);
    const waits = times.slice(1).map((time, place) => (time - times[place]!) / 1000);
    // The champion was probed first; a thousandth of two weeks is 1,210 seconds.
    expect(waits).toEqual([90, ...Array.from({ length: 59 }, () => 60), 1210, 1210, 1210]);
  });

  it("finds the item by which callers are sent to the same model, as the ledger reads it", async () => {
    const world = inService();
    let item: unknown;
    await run(world, {
      ObserveTrial: (input, ...rest) => {
        item = world.table.get("trial");
        return world.answers["lambda:observe-trial"]!(input, ...rest);
      },
    });
    expect(item).toEqual({
      pk: { S: `workload#${WORKLOAD}` },
      sk: { S: "trial" },
      workload: { S: WORKLOAD },
      execution: { S: EXECUTION },
      kind: { S: "experiment" },
      share: { N: "0.1" },
      stickyBy: { S: "patient_nbr" },
      from: { N: "2" },
      to: { N: "3" },
      startedAt: { S: "2026-03-01T02:00:30.000Z" },
      token: { N: "5" },
    } satisfies Record<keyof Trial | "pk" | "sk", object>);
  });

  it("takes the place of an item that an earlier trial left", async () => {
    const world = against();
    world.table.set("trial", { sk: { S: "trial" }, token: { N: "3" } });
    expect([(await run(world)).error, world.table.has("trial")]).toEqual(["RolloutKept", false]);
  });
});

describe("the champion stays", () => {
  it("where the trial speaks against the challenger: alone again, and the history says why", async () => {
    const world = against();
    const before = structuredClone(world.table.get("pointer"));
    const result = await run(world);
    expect([result.status, result.error, result.cause]).toEqual([
      "FAILED",
      "RolloutKept",
      "Version 3 was on trial beside version 2, which stays: its predictions lose 0.031 more. 20 outcomes. Asked for by " +
        "approval: better.",
    ]);
    expect([stateOf(world), world.table.get("pointer")]).toEqual([CHAMPION_ALONE, before]);
    expect(inputsOf(result, "sns:Publish")[0]?.["Subject"]).toBe(`Perennial: ${WORKLOAD} keeps its champion`);
  });

  it("where the two don't come up beside each other, with the endpoint's own reason", async () => {
    const world = inService();
    world.undone.add(1);
    const result = await run(world);
    expect(result.cause).toBe(
      "Version 3 was on trial beside version 2, which stays: the two models did not come up beside each other. The " +
        "deployment was rolled back: an alarm. Nothing was measured. Asked for by approval: better.",
    );
    expect([updatesOf(result), stateOf(world)]).toEqual([[TRIAL_CONFIG], CHAMPION_ALONE]);
  });

  it("where nothing can be found out about the challenger", async () => {
    const world = inService();
    const result = await run(world, { ObserveTrial: fails("AccessDeniedException", "may not") });
    expect(result.cause).toContain("which stays: it could not be observed: may not (Service: ");
    expect(stateOf(world)).toEqual(CHAMPION_ALONE);
  });

  it.each([
    ["DescribeChampion", "prepare-trial", []],
    ["CreateTrialConfig", "prepare-trial", []],
    ["StartTrial", "start-trial", []],
    ["OpenTrial", "open-trial", [TRIAL_CONFIG, "second-config"]],
  ])("where %s fails, alone, and the failure is recorded at %s", async (state, stage, updates) => {
    const world = inService();
    world.statuses = ["InService"];
    const result = await run(world, { [state]: fails("ConflictException", "not now") });
    expect([reportOf(result)!["stage"], result.cause, updatesOf(result).slice(-2)]).toEqual([
      stage,
      expect.stringContaining("not now"),
      state === "StartTrial" ? [TRIAL_CONFIG] : updates,
    ]);
    expect(stateOf(world)).toEqual(CHAMPION_ALONE);
  });

  it("where an update that seemed refused runs after all: it is waited for and undone", async () => {
    const world = inService();
    world.statuses = ["InService"];
    const result = await run(world, {
      StartTrial: (input, ...rest) => {
        void world.answers["sagemaker:UpdateEndpoint"]!(input, ...rest);
        world.statuses = ["Updating", "InService"];
        return fails("ConflictException")(input, ...rest);
      },
    });
    expect([reportOf(result)!["stage"], result.path.includes("AwaitTrialEnd"), stateOf(world)]).toEqual([
      "start-trial",
      true,
      CHAMPION_ALONE,
    ]);
  });

  it("where its trial can't be closed in the ledger: the endpoint decides", async () => {
    const world = against();
    const result = await run(world, { CloseTrial: fails("ResourceNotFoundException") });
    expect([result.error, stateOf(world)]).toEqual(["RolloutKept", { ...CHAMPION_ALONE, hasTrial: true }]);
  });
});

describe("a champion that can't be put back", () => {
  const nothingCollected = (world: RolloutWorld) =>
    [EXECUTION, TRIAL_CONFIG].every((name) => world.configs.has(name));

  it("because the update is refused is told, and nothing is collected", async () => {
    const world = against();
    const result = await run(world, {
      PutChampionBack: fails("ValidationException", "no such configuration"),
    });
    expect([result.error, reportOf(result)!["stage"], result.cause, nothingCollected(world)]).toEqual([
      "PutBackFailed",
      "end-trial",
      expect.stringMatching(
        /^The rollout of version 3 failed at end-trial\. PutBackFailed: The trial is over \(\{.*"its predictions lose 0\.031 more".*\}\), and the endpoint could not be put back to second-config, which served before: no such configuration/,
      ),
      true,
    ]);
  });

  it.each([
    ["UpdateRollbackFailed", "DescribeChampionBack"],
    ["InService", "DescribeChampionBack"],
    ["Failed", "DescribeTrialEnd"],
  ])("because the endpoint is %s is told with its state as %s finds it", async (status, state) => {
    const world = against();
    const result = await run(world, {
      [state]: () => ({ EndpointStatus: status, EndpointConfigName: TRIAL_CONFIG }),
    });
    expect([result.error, result.cause, nothingCollected(world)]).toEqual([
      "PutBackFailed",
      expect.stringContaining(
        `which was to be put back to second-config, is ${status} with the configuration ${TRIAL_CONFIG}.`,
      ),
      true,
    ]);
  });
});

describe("what is not tried", () => {
  it.each<Cause["kind"]>(["rollback", "promote", "image"])("%s: no trial", async (kind) => {
    const world = inService();
    const result = await run(world, {}, kind);
    expect([result.status, updatesOf(result), world.live]).toEqual(["SUCCEEDED", [EXECUTION], EXECUTION]);
    expect(callsOf(result, "CheckCapacity").map(({ input }) => input["models"])).toEqual([1]);
    expect([callsOf(result, "VerifyRollout")[0]!.input["startedAt"], reportOf(result)!["trial"]]).toEqual([
      "2026-03-01T02:00:00.000Z",
      null,
    ]);
  });

  it.each<Cause["kind"]>(["rollback", "approval"])(
    "%s begins with the champion alone where an aborted execution left two models",
    async (kind) => {
      const world = inService();
      world.live = `${WORKLOAD}-000000000000-trial`;
      world.table.set("trial", { sk: { S: "trial" }, token: { N: "4" } });
      const result = await run(world, {}, kind);
      expect([result.status, updatesOf(result), world.live, world.table.has("trial")]).toEqual([
        "SUCCEEDED",
        kind === "rollback"
          ? ["second-config", EXECUTION]
          : ["second-config", TRIAL_CONFIG, "second-config", EXECUTION],
        EXECUTION,
        false,
      ]);
    },
  );
});

const TASKS = [
  { state: "DescribeChampion", goesOn: "PrepareTrialFailed", ends: "FAILED" },
  { state: "CreateTrialConfig", goesOn: "PrepareTrialFailed", ends: "FAILED" },
  { state: "StartTrial", goesOn: "StartTrialFailed", ends: "FAILED" },
  { state: "DescribeTrialStart", goesOn: "StartTrialFailed", ends: "FAILED" },
  { state: "OpenTrial", goesOn: "OpenTrialFailed", ends: "FAILED" },
  { state: "ProbeTrial", goesOn: "ObserveTrial", ends: "SUCCEEDED" },
  { state: "ObserveTrial", goesOn: "ObserveTrialFailed", ends: "FAILED" },
  { state: "CloseTrial", goesOn: "DescribeTrialEnd", ends: "SUCCEEDED" },
  { state: "DescribeTrialEnd", goesOn: "PutBackRefused", ends: "FAILED" },
  { state: "PutChampionBack", goesOn: "PutBackRefused", ends: "FAILED" },
  { state: "DescribeChampionBack", goesOn: "PutBackRefused", ends: "FAILED" },
  { state: "DeleteTrialConfig", goesOn: "HowTrialEnded", ends: "SUCCEEDED" },
  { state: "RecordTrial", goesOn: "Unrecorded", ends: "FAILED", among: { world: against } },
];

describe("an error of a Task", () => {
  meetsErrors(EXPERIMENT, TASKS, { world: inService }, "ConflictException", (world, answers) =>
    run(world, answers),
  );

  it("is met in every Task that the trial has", () => {
    const tasks = [...OWN].filter((name) => EXPERIMENT.States[name]?.Type === "Task");
    expect(TASKS.map(({ state }) => state).toSorted()).toEqual(tasks.toSorted());
  });
});

describe("all tests together", () => {
  it("entered every state of the trial", () => {
    expect([...OWN].filter((name) => !coverage.states.has(name))).toEqual([]);
  });

  it("went every way into, within and out of it, and no other", () => {
    const isOwn = (way: string): boolean => {
      const [from = "", to = ""] = way.split(/ -(?:error-)?> /);
      return OWN.has(from) || OWN.has(to);
    };
    expect(coverage.sortedWays().filter(isOwn)).toEqual(waysOf(EXPERIMENT).filter(isOwn));
  });
});
