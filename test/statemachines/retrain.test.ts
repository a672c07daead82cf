import type { RetrainInput } from "@perennial/contracts";
import { describe, expect, it } from "vitest";
import { Coverage, waysOf } from "./coverage.ts";
import { EXECUTION, rendered, WORKLOAD } from "./fillings.ts";
import { type Answer, type Answers, type Run, runWorkflow } from "./run-workflow.ts";
import { codeOf, failedJob, fails, RETRAIN_ANSWERS } from "./service-answers.ts";

const definition = rendered("retrain");
const INPUT: RetrainInput = {
  workload: WORKLOAD,
  execution: EXECUTION,
  cause: { kind: "schedule", id: "event-1", time: "2026-03-01T02:00:00Z", reason: "weekly", coalesced: 0 },
  token: 3,
};
const coverage = new Coverage();

async function run(answers: Answers = {}, abortAfterSeconds?: number): Promise<Run> {
  const result = await runWorkflow(definition, INPUT, { ...RETRAIN_ANSWERS, ...answers }, abortAfterSeconds);
  coverage.add(result);
  expect(result.faults).toEqual([]);
  return result;
}

const messageOf = ({ calls }: Run) => calls.findLast(({ what }) => what === "sns:Publish")?.input;
const reportOf = ({ calls }: Run) => calls.findLast(({ what }) => what === "lambda:record-outcome")?.input;

const WELL = ["Prepare", "Train", "Evaluate", "Judge", "IsUnchanged", "Register", "Record", "Notify", "Done"];

describe("a retraining", () => {
  it("goes from data to a recorded verdict", async () => {
    const result = await run();
    expect([result.status, result.path]).toEqual(["SUCCEEDED", WELL]);
    expect(messageOf(result)).toEqual({
      TopicArn: "arn:aws:sns:eu-central-1:123456789012:perennial-dev-alerts",
      Subject: `Perennial: ${WORKLOAD} was retrained`,
      Message:
        "The challenger is better than the champion. AUC is 0.021 higher (0.012 to 0.030). Registered as version 2, Approved.",
    });
  });

  it("hands the sealed parts to the evaluation, and to training only what was prepared", async () => {
    const { calls } = await run();
    const training = calls.find(({ what }) => what === "sagemaker:CreateTrainingJob")!.input;
    const evaluation = calls.find(({ what }) => what === "lambda:evaluate-model")!.input;
    const lake = "s3://perennial-dev-123456789012-lake";
    expect(evaluation).toEqual({
      workload: WORKLOAD,
      execution: EXECUTION,
      challengerUri: "s3://perennial-dev-123456789012-artifacts/models/w/job/output/model.tar.gz",
      holdoutUri: `${lake}/sealed/${WORKLOAD}/${EXECUTION}/holdout/`,
      auditUri: `${lake}/sealed/${WORKLOAD}/${EXECUTION}/audit/`,
      specUri: "s3://perennial-dev-123456789012-artifacts/specs/w/1/spec.json",
    });
    expect(JSON.stringify(training)).toContain(`${lake}/prepared/${WORKLOAD}/${EXECUTION}/`);
    expect(JSON.stringify(training)).not.toContain("sealed");
  });

  it("registers nothing when the model is the champion's own again", async () => {
    const unchanged = {
      status: "unchanged",
      reason: "the same model",
      verdictUri: "s3://bucket/verdict.json",
    };
    const result = await run({ Judge: () => unchanged });
    expect([result.status, result.path.slice(5)]).toEqual([
      "SUCCEEDED",
      ["LeaveUnregistered", "Record", "Notify", "Done"],
    ]);
    expect(reportOf(result)).toMatchObject({ kind: "retraining", verdict: unchanged, registration: null });
  });

  it.each([
    ["Prepare", "ProcessingJobName", "prepare"],
    ["Train", "TrainingJobName", "train"],
  ])(
    "gives the job of each attempt at %s a name of its own that SageMaker takes",
    async (state, field, verb) => {
      const twice = failing(2, "ResourceLimitExceeded", state);
      const { status, calls } = await run({ [state]: twice });
      const names = calls.filter((call) => call.what.startsWith("sagemaker:Create") && call.state === state);
      const expected = [0, 1, 2].map((attempt) => `${EXECUTION}-${verb}-${attempt}`);
      expect([status, names.map(({ input }) => input[field])]).toEqual(["SUCCEEDED", expected]);
      expect(expected.every((name) => name.length <= 63)).toBe(true);
    },
  );
});

/** The state's first `times` attempts fail with `code`; then it answers as ever. */
function failing(times: number, code: string, state: string): Answer {
  let left = times;
  const noun = { Prepare: "ProcessingJob", Train: "TrainingJob" }[state];
  return (input, attempt, at) => {
    if (left > 0) {
      left -= 1;
      return fails(code)(input, attempt, at);
    }
    if (noun === undefined) return RETRAIN_ANSWERS[answerOf(state)]!(input, attempt, at);
    const isDescription = Object.keys(input).length === 1;
    return RETRAIN_ANSWERS[`sagemaker:${isDescription ? "Describe" : "Create"}${noun}`]!(input, attempt, at);
  };
}

const answerOf = (state: string): string =>
  ({
    Evaluate: "lambda:evaluate-model",
    Judge: "lambda:judge-challenger",
    Register: "lambda:register-model",
    Record: "lambda:record-outcome",
    RecordFailure: "lambda:record-outcome",
    Notify: "sns:Publish",
    NotifyFailure: "sns:Publish",
  })[state]!;

const FAILURE: Answers = { Evaluate: fails("ResourceNotFoundException") };
const TASKS = [
  { state: "Prepare", goesOn: "PrepareFailed" },
  { state: "Train", goesOn: "TrainFailed" },
  { state: "Evaluate", goesOn: "EvaluateFailed" },
  { state: "Judge", goesOn: "JudgeFailed" },
  { state: "Register", goesOn: "RegisterFailed" },
  { state: "Record", goesOn: "RecordFailed" },
  { state: "Notify", goesOn: "Done" },
  { state: "RecordFailure", goesOn: "Unrecorded", among: FAILURE },
  { state: "NotifyFailure", goesOn: "Failed", among: FAILURE },
];

describe("an error of a Task", () => {
  const named = TASKS.flatMap(({ state, among }) => {
    const { Resource, Retry } = definition.States[state]!;
    const names = Retry!.flatMap(({ ErrorEquals }) => ErrorEquals);
    return names.map((name) => ({ state, name, code: codeOf(Resource!, name), among }));
  });

  it.each(named)("at $state is tried again when it is $name", async ({ state, code, among = {} }) => {
    const without = await run(among);
    const result = await run({ ...among, [state]: failing(1, code, state) });
    expect([result.status, result.error, result.path]).toEqual([without.status, without.error, without.path]);
    expect(callsOf(result, state)).toBe(callsOf(without, state) + 1);
  });

  it.each(TASKS)(
    "at $state that doesn't pass is met once and leads to $goesOn",
    async ({ state, goesOn, among = {} }) => {
      const result = await run({ ...among, [state]: fails("ResourceNotFoundException") });
      const place = result.path.indexOf(state);
      expect([callsOf(result, state), result.path[place + 1]]).toEqual([1, goesOn]);
    },
  );

  it("is given up after the last attempt", async () => {
    const result = await run({ Judge: fails("TooManyRequestsException") });
    expect([callsOf(result, "Judge"), result.error]).toEqual([6, "Lambda.TooManyRequestsException"]);
  });
});

const callsOf = ({ calls }: Run, state: string): number =>
  calls.filter((call) => call.state === state).length;

describe("a failure", () => {
  it.each([
    [
      "Prepare",
      "prepare",
      failedJob("ProcessingJob", { ExitMessage: "column race is missing" }),
      "column race is missing",
    ],
    ["Train", "train", failedJob("TrainingJob", { FailureReason: "one class only" }), "one class only"],
  ])(
    "of the job of %s is recorded with its reason and told to people",
    async (state, stage, answer, reason) => {
      const result = await run({ [state]: answer });
      expect([result.status, result.error]).toEqual(["FAILED", "States.TaskFailed"]);
      expect(reportOf(result)).toMatchObject({ kind: "retraining-failed", stage, input: INPUT });
      expect(messageOf(result)).toMatchObject({
        Subject: `Perennial: retraining ${WORKLOAD} failed`,
        Message: `The retraining failed at ${stage}; the champion stays. States.TaskFailed: ${reason}`,
      });
    },
  );

  it("of a job that never ends is a timeout, and the job is stopped", async () => {
    const result = await run({
      "sagemaker:DescribeTrainingJob": () => ({ TrainingJobStatus: "InProgress" }),
    });
    expect([result.status, result.error, result.seconds]).toEqual(["FAILED", "States.Timeout", 600]);
    expect(
      result.calls.filter(({ what }) => what === "sagemaker:StopTrainingJob").map(({ input }) => input),
    ).toEqual([{ TrainingJobName: `${EXECUTION}-train-0` }]);
    expect(messageOf(result)!["Message"]).toContain("timed out at train");
  });

  it.each([
    ["Evaluate", "evaluate"],
    ["Judge", "judge"],
    ["Register", "register"],
    ["Record", "record"],
  ])("at %s is recorded with its stage", async (state, stage) => {
    const result = await run({ [state]: fails("ResourceNotFoundException") });
    expect([result.status, result.error, reportOf(result)!["stage"]]).toEqual([
      "FAILED",
      "Lambda.ResourceNotFoundException",
      stage,
    ]);
  });

  it("that cannot be recorded ends as one, for release-lease to record", async () => {
    const result = await run({ "lambda:record-outcome": fails("ResourceNotFoundException") });
    expect([result.status, result.error, result.cause]).toEqual([
      "FAILED",
      "Unrecorded",
      "The outcome could not be recorded by the workflow.",
    ]);
  });

  it("to tell people changes nothing", async () => {
    const result = await run({ Notify: fails("NotFoundException") });
    expect([result.status, result.path]).toEqual(["SUCCEEDED", WELL]);
  });
});

describe("an execution", () => {
  it("that takes too long ends as TIMED_OUT, stops its job and records nothing by itself", async () => {
    const short = rendered("retrain", { ExecutionTimeoutSeconds: 500 });
    const inProgress = { "sagemaker:DescribeTrainingJob": () => ({ TrainingJobStatus: "InProgress" }) };
    const result = await runWorkflow(short, INPUT, { ...RETRAIN_ANSWERS, ...inProgress });
    coverage.add(result);
    expect([result.status, result.seconds, reportOf(result), result.calls.at(-1)!.what]).toEqual([
      "TIMED_OUT",
      500,
      undefined,
      "sagemaker:StopTrainingJob",
    ]);
  });

  it("that is aborted during a job stops the job", async () => {
    const inProgress = { "sagemaker:DescribeProcessingJob": () => ({ ProcessingJobStatus: "InProgress" }) };
    const result = await run(inProgress, 100);
    expect([result.status, result.cause, result.calls.at(-1)!.what]).toEqual([
      "ABORTED",
      "by hand",
      "sagemaker:StopProcessingJob",
    ]);
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
