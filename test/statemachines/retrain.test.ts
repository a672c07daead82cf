import type { RetrainInput } from "@perennial/contracts";
import { describe, expect, it } from "vitest";
import { Coverage, waysOf } from "./coverage.ts";
import { EXECUTION, rendered, WORKLOAD } from "./fillings.ts";
import {
  type Answer,
  type Answers,
  callsOf,
  messageOf,
  reportOf,
  type Run,
  runWorkflow,
} from "./run-workflow.ts";
import { failedJob, fails, RETRAIN_ANSWERS, SHA } from "./service-answers.ts";
import { retriedErrors } from "./task-errors.ts";

const definition = rendered("retrain");
const INPUT: RetrainInput = {
  workload: WORKLOAD,
  execution: EXECUTION,
  cause: { kind: "schedule", id: "event-1", time: "2026-03-01T02:00:00Z", reason: "weekly", coalesced: 0 },
  token: 3,
  search: false,
  rawUri: `s3://perennial-dev-123456789012-lake/raw/${WORKLOAD}/`,
  snapshot: null,
};
const LAKE = "s3://perennial-dev-123456789012-lake";
const ARTIFACTS = "s3://perennial-dev-123456789012-artifacts";
const GATE = `${LAKE}/gates/${WORKLOAD}/${EXECUTION}/`;
const coverage = new Coverage();

async function run(answers: Answers = {}, abortAfterSeconds?: number, input = INPUT): Promise<Run> {
  const result = await runWorkflow(definition, input, { ...RETRAIN_ANSWERS, ...answers }, abortAfterSeconds);
  coverage.add(result);
  expect(result.faults).toEqual([]);
  return result;
}

const inputOf = ({ calls }: Run, what: string) => calls.find((call) => call.what === what)!.input;

const WELL = [
  "IsSnapshotAsked",
  "TakeNewestFiles",
  "Prepare",
  "IsAccepted",
  "AcceptData",
  "IsTuned",
  "Train",
  "Evaluate",
  "Judge",
  "IsUnchanged",
  "WriteCard",
  "Register",
  "Record",
  "Notify",
  "Done",
];

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
    const lake = LAKE;
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

  it("prepares the newest files, and holds them against the time at which it was asked for", async () => {
    const input = inputOf(await run(), "sagemaker:CreateProcessingJob");
    expect(input["Environment"]).toEqual({
      PERENNIAL_AS_OF: "2026-03-01T02:00:00Z",
      PERENNIAL_SNAPSHOT: "",
    });
    const inputs = input["ProcessingInputs"] as { S3Input: { S3Uri: string; LocalPath: string } }[];
    expect(inputs.map(({ S3Input: { S3Uri, LocalPath } }) => [LocalPath, S3Uri])).toEqual([
      ["/opt/ml/processing/input/raw", INPUT.rawUri],
      ["/opt/ml/processing/input/spec", `${ARTIFACTS}/specs/w/1/`],
      ["/opt/ml/processing/input/accepted", `${LAKE}/accepted/${WORKLOAD}/`],
    ]);
    const { Outputs } = input["ProcessingOutputConfig"] as {
      Outputs: { S3Output: { S3Uri: string; LocalPath: string } }[];
    };
    const execution = `${WORKLOAD}/${EXECUTION}`;
    expect(Outputs.map(({ S3Output: { S3Uri, LocalPath } }) => [LocalPath, S3Uri])).toEqual([
      ["/opt/ml/processing/output/prepared", `${LAKE}/prepared/${execution}/`],
      ["/opt/ml/processing/output/holdout", `${LAKE}/sealed/${execution}/holdout/`],
      ["/opt/ml/processing/output/audit", `${LAKE}/sealed/${execution}/audit/`],
      ["/opt/ml/processing/output/gate", GATE],
      ["/opt/ml/processing/output/entities", `${LAKE}/entities/${execution}/`],
    ]);
  });

  it("from a snapshot prepares that one, and says which it must be", async () => {
    const rawUri = `${LAKE}/snapshots/${WORKLOAD}/${SHA}/`;
    const result = await run({}, undefined, { ...INPUT, rawUri, snapshot: SHA });
    expect(result.path.slice(0, 3)).toEqual(["IsSnapshotAsked", "TakeSnapshot", "Prepare"]);
    expect(inputOf(result, "sagemaker:CreateProcessingJob")).toMatchObject({
      Environment: { PERENNIAL_AS_OF: "2026-03-01T02:00:00Z", PERENNIAL_SNAPSHOT: SHA },
      ProcessingInputs: [{ S3Input: { S3Uri: rawUri } }, {}, {}],
    });
    expect(inputOf(result, "lambda:accept-data")["rawUri"]).toBe(rawUri);
  });

  it("accepts the data before anything is trained from it", async () => {
    const { calls } = await run();
    const accepted = calls.findIndex(({ what }) => what === "lambda:accept-data");
    expect(calls[accepted]!.input).toEqual({
      workload: WORKLOAD,
      execution: EXECUTION,
      rawUri: INPUT.rawUri,
      gateUri: GATE,
      entitiesUri: `${LAKE}/entities/${WORKLOAD}/${EXECUTION}/`,
    });
    expect(accepted).toBeLessThan(calls.findIndex(({ what }) => what === "sagemaker:CreateTrainingJob"));
  });

  it("whose data is refused trains nothing, succeeds, and tells people why", async () => {
    const reason = `refused ${SHA}: "race" is missing in 31 % of the rows; at most 5 % may be`;
    const result = await run({
      "sagemaker:DescribeProcessingJob": () => ({
        ProcessingJobStatus: "Completed",
        ExitMessage: reason,
      }),
    });
    expect([result.status, result.path.slice(2)]).toEqual([
      "SUCCEEDED",
      ["Prepare", "IsAccepted", "RecordRefusal", "NotifyRefusal", "Done"],
    ]);
    expect(result.calls.map(({ what }) => what).filter((what) => what.includes("Create"))).toEqual([
      "sagemaker:CreateProcessingJob",
    ]);
    expect(reportOf(result)).toMatchObject({
      kind: "retraining-refused",
      input: INPUT,
      gateUri: `${GATE}gate.json`,
      reason,
    });
    expect(messageOf(result)).toMatchObject({
      Subject: `Perennial: data of ${WORKLOAD} was refused`,
      Message:
        'The data is refused: nothing was trained, and the champion stays. "race" is missing in 31 % of the rows; at most 5 % may be.',
    });
  });

  it.each([{}, { ExitMessage: "done" }])("without a decision about its data fails: %j", async (said) => {
    const result = await run({
      "sagemaker:DescribeProcessingJob": () => ({ ProcessingJobStatus: "Completed", ...said }),
    });
    expect([result.status, result.error, reportOf(result)!["stage"]]).toEqual([
      "FAILED",
      "WithoutDecision",
      "prepare",
    ]);
  });

  it("that searches goes through a tuning job, and its best training job's model on to the evaluation", async () => {
    const result = await run({}, undefined, { ...INPUT, search: true });
    expect(result.path.slice(5, 8)).toEqual(["IsTuned", "Tune", "Evaluate"]);
    const tuning = inputOf(result, "sagemaker:CreateHyperParameterTuningJob");
    expect(tuning).toMatchObject({
      HyperParameterTuningJobName: "0a1b2c3d-0123456789ab-0",
      HyperParameterTuningJobConfig: {
        Strategy: "Bayesian",
        ResourceLimits: { MaxNumberOfTrainingJobs: 8, MaxParallelTrainingJobs: 4 },
      },
      TrainingJobDefinition: {
        StaticHyperParameters: { search: "false", algorithm: "xgboost" },
        OutputDataConfig: { S3OutputPath: `${ARTIFACTS}/models/${WORKLOAD}/` },
        ResourceConfig: { InstanceCount: 1 },
        EnableManagedSpotTraining: true,
      },
    });
    expect(String(tuning["HyperParameterTuningJobName"]).length).toBeLessThanOrEqual(32);
    expect(tuning["TrainingJobDefinition"]).not.toHaveProperty("TrainingJobName");
    expect(inputOf(result, "lambda:evaluate-model")["challengerUri"]).toBe(
      `${ARTIFACTS}/models/${WORKLOAD}/0a1b2c3d-0123456789ab-0-007-abcd/output/model.tar.gz`,
    );
    expect(inputOf(result, "lambda:register-model")["trainingJob"]).toBe("0a1b2c3d-0123456789ab-0-007-abcd");
  });

  it.each([
    ["job", true, "true"],
    ["none", false, "false"],
  ])("with the search engine %s and search %s trains with search %s", async (engine, search, given) => {
    const searching = rendered("retrain", { SearchEngine: engine });
    const result = await runWorkflow(searching, { ...INPUT, search }, RETRAIN_ANSWERS);
    expect(result.path).toContain("Train");
    expect(inputOf(result, "sagemaker:CreateTrainingJob")["HyperParameters"]).toEqual({ search: given });
  });

  it("writes the card of what it judged, and registers it with data, report and card", async () => {
    const result = await run();
    const documents = {
      evaluationUri: `${ARTIFACTS}/evaluations/w/e/evaluation.json`,
      auditUri: `${ARTIFACTS}/audits/w/e.json`,
      verdictUri: `${ARTIFACTS}/verdicts/w/e.json`,
      gateUri: `${GATE}gate.json`,
      snapshotSha256: SHA,
    };
    const model = {
      workload: WORKLOAD,
      execution: EXECUTION,
      trainingJob: `${EXECUTION}-train-0`,
      challengerUri: `${ARTIFACTS}/models/w/job/output/model.tar.gz`,
    };
    expect(inputOf(result, "lambda:write-card")).toEqual({
      ...model,
      ...documents,
      specUri: `${ARTIFACTS}/specs/w/1/spec.json`,
    });
    const cardUri = `${ARTIFACTS}/cards/w/e/card.json`;
    expect(inputOf(result, "lambda:register-model")).toEqual({ ...model, ...documents, cardUri });
    expect(reportOf(result)).toMatchObject({
      trainingJob: model.trainingJob,
      snapshotSha256: SHA,
      gateUri: documents.gateUri,
      cardUri,
    });
  });

  it("registers nothing when the model is the champion's own again", async () => {
    const unchanged = {
      status: "unchanged",
      reason: "the same model",
      verdictUri: "s3://bucket/verdict.json",
    };
    const result = await run({ Judge: () => unchanged });
    expect([result.status, result.path.slice(10)]).toEqual([
      "SUCCEEDED",
      ["LeaveUnregistered", "LeaveUnwritten", "Record", "Notify", "Done"],
    ]);
    expect(reportOf(result)).toMatchObject({
      kind: "retraining",
      verdict: unchanged,
      registration: null,
      cardUri: null,
    });
  });

  it.each([
    ["Prepare", "ProcessingJobName", "prepare"],
    ["Train", "TrainingJobName", "train"],
    ["Tune", "HyperParameterTuningJobName", "tune"],
  ])(
    "gives the job of each attempt at %s a name of its own that SageMaker takes",
    async (state, field, verb) => {
      const twice = failing(2, "ResourceLimitExceeded", state);
      const { status, calls } = await run({ [state]: twice }, undefined, inputFor(state));
      const names = calls.filter((call) => call.what.startsWith("sagemaker:Create") && call.state === state);
      const stem = verb === "tune" ? "0a1b2c3d-0123456789ab" : `${EXECUTION}-${verb}`;
      const expected = [0, 1, 2].map((attempt) => `${stem}-${attempt}`);
      expect([status, names.map(({ input }) => input[field])]).toEqual(["SUCCEEDED", expected]);
      expect(expected.every((name) => name.length <= (verb === "tune" ? 32 : 63))).toBe(true);
    },
  );
});

/** An input that leads to the state. */
const inputFor = (state: string): RetrainInput => ({ ...INPUT, search: state === "Tune" });

/** The state's first `times` attempts fail with `code`; then it answers as ever. */
function failing(times: number, code: string, state: string): Answer {
  let left = times;
  const noun = { Prepare: "ProcessingJob", Train: "TrainingJob", Tune: "HyperParameterTuningJob" }[state];
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
    AcceptData: "lambda:accept-data",
    Evaluate: "lambda:evaluate-model",
    Judge: "lambda:judge-challenger",
    WriteCard: "lambda:write-card",
    Register: "lambda:register-model",
    Record: "lambda:record-outcome",
    RecordRefusal: "lambda:record-outcome",
    NotifyRefusal: "sns:Publish",
    RecordFailure: "lambda:record-outcome",
    Notify: "sns:Publish",
    NotifyFailure: "sns:Publish",
  })[state]!;

const REFUSAL: Answers = {
  "sagemaker:DescribeProcessingJob": () => ({
    ProcessingJobStatus: "Completed",
    ExitMessage: `refused ${SHA}: too few rows`,
  }),
};
const FAILURE: Answers = { Evaluate: fails("ResourceNotFoundException") };
const TASKS = [
  { state: "Prepare", goesOn: "PrepareFailed" },
  { state: "AcceptData", goesOn: "AcceptFailed" },
  { state: "RecordRefusal", goesOn: "RecordFailed", among: REFUSAL },
  { state: "NotifyRefusal", goesOn: "Done", among: REFUSAL },
  { state: "Tune", goesOn: "TuneFailed" },
  { state: "Train", goesOn: "TrainFailed" },
  { state: "Evaluate", goesOn: "EvaluateFailed" },
  { state: "Judge", goesOn: "JudgeFailed" },
  { state: "WriteCard", goesOn: "CardFailed" },
  { state: "Register", goesOn: "RegisterFailed" },
  { state: "Record", goesOn: "RecordFailed" },
  { state: "Notify", goesOn: "Done" },
  { state: "RecordFailure", goesOn: "Unrecorded", among: FAILURE },
  { state: "NotifyFailure", goesOn: "Failed", among: FAILURE },
];

describe("an error of a Task", () => {
  it.each(retriedErrors(definition, TASKS))(
    "at $state is tried again when it is $name",
    async ({ state, code, among = {} }) => {
      const without = await run(among, undefined, inputFor(state));
      const result = await run({ ...among, [state]: failing(1, code, state) }, undefined, inputFor(state));
      expect([result.status, result.error, result.path]).toEqual([
        without.status,
        without.error,
        without.path,
      ]);
      expect(callsOf(result, state).length).toBe(callsOf(without, state).length + 1);
    },
  );

  it.each(TASKS)(
    "at $state that doesn't pass is met once and leads to $goesOn",
    async ({ state, goesOn, among = {} }) => {
      const answers = { ...among, [state]: fails("ResourceNotFoundException") };
      const result = await run(answers, undefined, inputFor(state));
      const place = result.path.indexOf(state);
      expect([callsOf(result, state).length, result.path[place + 1]]).toEqual([1, goesOn]);
    },
  );

  it("is given up after the last attempt", async () => {
    const result = await run({ Judge: fails("TooManyRequestsException") });
    expect([callsOf(result, "Judge").length, result.error]).toEqual([6, "Lambda.TooManyRequestsException"]);
  });
});

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
    ["AcceptData", "accept"],
    ["Evaluate", "evaluate"],
    ["Judge", "judge"],
    ["WriteCard", "card"],
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
