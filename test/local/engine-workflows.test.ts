import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../../local/clock.ts";
import { ApiError } from "../../local/gateway/interfaces.ts";
import { Workflows } from "../../local/workflows/service.ts";

const MACHINE = "arn:aws:states:eu-central-1:123456789012:stateMachine:m";
const ROLE = "arn:aws:iam::123456789012:role/workflow";
const DESCRIBE = "arn:aws:states:::aws-sdk:sagemaker:describeEndpoint";
const person = { accessKeyId: "test", principalArn: "arn:aws:iam::123456789012:user/person", role: null };

type Answer = (input: Record<string, unknown>, attempt: number) => unknown;

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "workflows-"))));
afterEach(() => rmSync(folder, { recursive: true }));

function engine(states: Record<string, unknown>, answers: Record<string, Answer> = {}, timeout?: number) {
  const clock = new VirtualClock("2026-03-01T00:00:00Z");
  const events: { detail: { status: string; error: string | null; cause: string | null } }[] = [];
  const calls: {
    as: unknown;
    service: string;
    action: string;
    input: Record<string, unknown>;
    at: number;
  }[] = [];
  const workflows = new Workflows({
    clock,
    folder,
    putEvent: (event) => events.push(event as (typeof events)[number]),
    call: async (as, service, action, input) => {
      calls.push({ as, service, action, input, at: clock.now() });
      const answer = answers[action];
      if (answer === undefined) throw new Error(`no answer for ${action}`);
      return answer(input, calls.filter((call) => call.action === action).length);
    },
  });
  workflows.createStateMachine({
    arn: MACHINE,
    name: "m",
    roleArn: ROLE,
    definition: { StartAt: Object.keys(states)[0], States: states, TimeoutSeconds: timeout },
  });
  const api = (action: string, input: Record<string, unknown>) =>
    workflows.handle({ service: "states", action, input, caller: person }) as Promise<Record<string, string>>;
  /** Runs the machine over `ms` of virtual time and answers what DescribeExecution says then. */
  const run = async (input: unknown = {}, ms = 86_400_000) => {
    const { executionArn } = await api("StartExecution", {
      stateMachineArn: MACHINE,
      name: "one",
      input: JSON.stringify(input),
    });
    await clock.advance(ms);
    return api("DescribeExecution", { executionArn });
  };
  return { clock, events, calls, workflows, api, run };
}

const throttled = () => {
  throw new ApiError("ThrottlingException", "Rate exceeded");
};
const outputOf = (execution: Record<string, string>): unknown => JSON.parse(execution["output"]!);
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64");

describe("context", () => {
  it("counts retries in $$.State.RetryCount and starts again at zero in the next state", async () => {
    const task = (next: object) => ({
      Type: "Task",
      Resource: DESCRIBE,
      Parameters: { "EndpointName.$": "States.Format('e-{}', $$.State.RetryCount)" },
      ResultPath: null,
      Retry: [{ ErrorEquals: ["SageMaker.SageMakerException"], IntervalSeconds: 30, MaxAttempts: 2 }],
      ...next,
    });
    const { run, calls } = engine(
      { A: task({ Next: "B" }), B: task({ End: true }) },
      { DescribeEndpoint: (_, attempt) => (attempt < 3 ? throttled() : {}) },
    );
    expect((await run())["status"]).toBe("SUCCEEDED");
    expect(calls.map(({ input, at }) => [input["EndpointName"], (at - calls[0]!.at) / 1000])).toEqual([
      ["e-0", 0],
      ["e-1", 30],
      ["e-2", 90],
      ["e-0", 90],
    ]);
  });

  it("gives the execution's id, name, input, start and role, the state machine's id and the time of entering", async () => {
    const { run } = engine({
      Pause: { Type: "Wait", Seconds: 60, Next: "Show" },
      Show: {
        Type: "Pass",
        Parameters: {
          "id.$": "$$.Execution.Id",
          "name.$": "$$.Execution.Name",
          "input.$": "$$.Execution.Input",
          "start.$": "$$.Execution.StartTime",
          "role.$": "$$.Execution.RoleArn",
          "machine.$": "$$.StateMachine.Id",
          "state.$": "$$.State.Name",
          "entered.$": "$$.State.EnteredTime",
        },
        End: true,
      },
    });
    expect(outputOf(await run({ a: 1 }))).toEqual({
      id: "arn:aws:states:eu-central-1:123456789012:execution:m:one",
      name: "one",
      input: { a: 1 },
      start: "2026-03-01T00:00:00.000Z",
      role: ROLE,
      machine: MACHINE,
      state: "Show",
      entered: "2026-03-01T00:01:00.000Z",
    });
  });
});

describe("states", () => {
  it("puts null into the state for a Pass whose Result is null", async () => {
    const { run } = engine({ P: { Type: "Pass", Result: null, ResultPath: "$.registration", End: true } });
    expect(outputOf(await run({ workload: "w" }))).toEqual({ workload: "w", registration: null });
  });

  it.each([
    [{ Seconds: 90 }, 90],
    [{ SecondsPath: "$.pause.seconds" }, 12],
    [{ Timestamp: "2026-03-01T00:10:00Z" }, 600],
    [{ TimestampPath: "$.pause.until" }, 3600],
  ])("waits by the clock: %o", async (wait, seconds) => {
    const { run } = engine({ W: { Type: "Wait", ...wait, End: true } });
    const { startDate, stopDate } = await run({ pause: { seconds: 12, until: "2026-03-01T01:00:00Z" } });
    expect(Number(stopDate) - Number(startDate)).toBe(seconds);
  });

  it("runs Map and Parallel with the steps of their inner states", async () => {
    const { run } = engine(
      {
        M: {
          Type: "Map",
          ItemsPath: "$.names",
          ItemProcessor: {
            StartAt: "D",
            States: {
              D: {
                Type: "Task",
                Resource: DESCRIBE,
                Parameters: { "EndpointName.$": "$" },
                ResultSelector: { "s.$": "$.EndpointStatus" },
                End: true,
              },
            },
          },
          Next: "P",
        },
        P: {
          Type: "Parallel",
          Branches: [
            { StartAt: "L", States: { L: { Type: "Wait", Seconds: 5, End: true } } },
            { StartAt: "R", States: { R: { Type: "Pass", Result: 7, End: true } } },
          ],
          End: true,
        },
      },
      { DescribeEndpoint: ({ EndpointName }) => ({ EndpointStatus: `${String(EndpointName)} is well` }) },
    );
    const items = [{ s: "a is well" }, { s: "b is well" }];
    expect(outputOf(await run({ names: ["a", "b"] }))).toEqual([items, 7]);
  });

  it("refuses a resource that it doesn't know when the machine is created, naming state and resource", () => {
    expect(() =>
      engine({ Q: { Type: "Task", Resource: "arn:aws:states:::glue:startJobRun.sync", End: true } }),
    ).toThrow(
      "The state machine cannot run here:\n  Q: the resource arn:aws:states:::glue:startJobRun.sync has no counterpart here; add it to local/workflows/integrations.ts",
    );
  });
});

describe("tasks", () => {
  it("invokes a function with its payload, as the state machine's role, and answers as Step Functions does", async () => {
    const { run, calls } = engine(
      {
        F: {
          Type: "Task",
          Resource: "arn:aws:states:::lambda:invoke",
          Parameters: { FunctionName: "f", Payload: { "x.$": "$.x" } },
          End: true,
        },
      },
      { Invoke: () => ({ StatusCode: 200, Payload: base64({ y: 2 }) }) },
    );
    expect(outputOf(await run({ x: 1 }))).toEqual({
      ExecutedVersion: "$LATEST",
      Payload: { y: 2 },
      StatusCode: 200,
      SdkHttpMetadata: { HttpStatusCode: 200 },
      SdkResponseMetadata: {},
    });
    expect(calls).toEqual([
      {
        as: ROLE,
        service: "lambda",
        action: "Invoke",
        input: { FunctionName: "f", Payload: base64({ x: 1 }) },
        at: expect.any(Number),
      },
    ]);
  });

  it("catches a function's error by its class and hands its payload on as the cause", async () => {
    const payload = { errorType: "InvalidInput", errorMessage: "no rows", trace: [] };
    const { run } = engine(
      {
        F: {
          Type: "Task",
          Resource: "arn:aws:states:::lambda:invoke",
          Parameters: { FunctionName: "f" },
          Catch: [{ ErrorEquals: ["InvalidInput"], ResultPath: "$.error", Next: "Caught" }],
          End: true,
        },
        Caught: { Type: "Succeed" },
      },
      { Invoke: () => ({ StatusCode: 200, FunctionError: "Unhandled", Payload: base64(payload) }) },
    );
    expect(outputOf(await run())).toEqual({
      error: { Error: "InvalidInput", Cause: JSON.stringify(payload) },
    });
  });

  it.each([
    [DESCRIBE, "ValidationException", "SageMaker.SageMakerException"],
    [DESCRIBE, "ResourceLimitExceeded", "SageMaker.ResourceLimitExceededException"],
    [
      "arn:aws:states:::sagemaker:createTrainingJob.sync",
      "AccessDeniedException",
      "SageMaker.AmazonSageMakerException",
    ],
    [
      "arn:aws:states:::sagemaker:createTrainingJob.sync",
      "ResourceInUse",
      "SageMaker.ResourceInUseException",
    ],
    [
      "arn:aws:states:::dynamodb:putItem",
      "ConditionalCheckFailedException",
      "DynamoDB.ConditionalCheckFailedException",
    ],
    ["arn:aws:states:::dynamodb:putItem", "ValidationException", "DynamoDB.AmazonDynamoDBException"],
    ["arn:aws:states:::dynamodb:putItem", "InternalServerError", "DynamoDB.InternalServerError"],
    [
      "arn:aws:states:::aws-sdk:dynamodb:putItem",
      "ConditionalCheckFailedException",
      "DynamoDb.ConditionalCheckFailedException",
    ],
    ["arn:aws:states:::lambda:invoke", "AccessDeniedException", "Lambda.AWSLambdaException"],
    ["arn:aws:states:::lambda:invoke", "TooManyRequestsException", "Lambda.TooManyRequestsException"],
    ["arn:aws:states:::sns:publish", "Throttled", "SNS.ThrottledException"],
    [
      "arn:aws:states:::aws-sdk:cloudwatch:putMetricAlarm",
      "ThrottlingException",
      "CloudWatch.CloudWatchException",
    ],
  ])("of %s, the API's %s is %s", async (resource, code, name) => {
    const fail = () => {
      throw new ApiError(code, "no");
    };
    const actions = [
      "DescribeEndpoint",
      "CreateTrainingJob",
      "PutItem",
      "Invoke",
      "Publish",
      "PutMetricAlarm",
    ];
    const { run } = engine(
      { T: { Type: "Task", Resource: resource, Parameters: {}, End: true } },
      Object.fromEntries(actions.map((action) => [action, fail])),
    );
    expect((await run())["error"]).toBe(name);
  });

  it("waits for a job's end and answers with its description, times in milliseconds", async () => {
    const { run } = engine(
      {
        J: {
          Type: "Task",
          Resource: "arn:aws:states:::sagemaker:createTrainingJob.sync",
          Parameters: { TrainingJobName: "t" },
          End: true,
        },
      },
      {
        CreateTrainingJob: () => ({ TrainingJobArn: "arn:t" }),
        DescribeTrainingJob: (_, look) => ({
          TrainingJobStatus: look < 3 ? "InProgress" : "Completed",
          TrainingEndTime: new Date(5000),
        }),
      },
    );
    expect(outputOf(await run())).toEqual({ TrainingJobStatus: "Completed", TrainingEndTime: 5000 });
  });

  it.each(["Failed", "Stopped"])("fails with States.TaskFailed when the job has %s", async (status) => {
    const description = { TrainingJobStatus: status, FailureReason: "the data is empty" };
    const { run } = engine(
      {
        J: {
          Type: "Task",
          Resource: "arn:aws:states:::sagemaker:createTrainingJob.sync",
          Parameters: { TrainingJobName: "t" },
          End: true,
        },
      },
      { CreateTrainingJob: () => ({}), DescribeTrainingJob: () => description },
    );
    const { error, cause } = await run();
    expect([error, cause]).toEqual(["States.TaskFailed", JSON.stringify(description)]);
  });

  it("measures a task's timeout by the clock, and States.TaskFailed doesn't stand for it", async () => {
    const { run, calls } = engine(
      {
        J: {
          Type: "Task",
          Resource: "arn:aws:states:::sagemaker:createProcessingJob.sync",
          Parameters: { ProcessingJobName: "p" },
          TimeoutSeconds: 600,
          Retry: [{ ErrorEquals: ["States.TaskFailed"] }],
          Catch: [
            { ErrorEquals: ["States.TaskFailed"], Next: "Wrong" },
            { ErrorEquals: ["States.Timeout"], Next: "Late" },
          ],
          End: true,
        },
        Wrong: { Type: "Fail", Error: "Wrong" },
        Late: { Type: "Fail", Error: "Late" },
      },
      {
        CreateProcessingJob: () => ({}),
        DescribeProcessingJob: () => ({ ProcessingJobStatus: "InProgress" }),
        StopProcessingJob: () => ({}),
      },
    );
    const { error, startDate, stopDate } = await run();
    expect([error, Number(stopDate) - Number(startDate)]).toEqual(["Late", 600]);
    expect(calls.at(-1)).toMatchObject({ action: "StopProcessingJob", input: { ProcessingJobName: "p" } });
  });

  it("ends with States.DataLimitExceeded past 256 KiB, whatever is caught", async () => {
    const { run } = engine(
      {
        F: {
          Type: "Task",
          Resource: "arn:aws:states:::lambda:invoke",
          Parameters: { FunctionName: "f" },
          Catch: [{ ErrorEquals: ["States.ALL"], Next: "Never" }],
          End: true,
        },
        Never: { Type: "Succeed" },
      },
      { Invoke: () => ({ StatusCode: 200, Payload: base64("x".repeat(262_144)) }) },
    );
    expect((await run())["error"]).toBe("States.DataLimitExceeded");
  });
});

describe("executions", () => {
  const waiting = { W: { Type: "Wait", Seconds: 3600, End: true } };
  const start = { stateMachineArn: MACHINE, name: "one", input: '{"a":1}' };

  it("starts once for one name and input while it runs, and refuses the name otherwise", async () => {
    const { api, clock } = engine(waiting);
    const first = await api("StartExecution", start);
    expect(await api("StartExecution", { ...start, input: '{ "a": 1 }' })).toEqual(first);
    await expect(api("StartExecution", { ...start, input: "{}" })).rejects.toThrow(
      "Execution Already Exists",
    );
    await clock.advance(3_600_000);
    await expect(api("StartExecution", start)).rejects.toThrow("Execution Already Exists");
  });

  it("times out by the clock and says so on the bus", async () => {
    const { run, events } = engine(waiting, {}, 60);
    const { status, startDate, stopDate } = await run();
    expect([status, Number(stopDate) - Number(startDate)]).toEqual(["TIMED_OUT", 60]);
    expect(events.map(({ detail }) => detail.status)).toEqual(["RUNNING", "TIMED_OUT"]);
  });

  it("is aborted by StopExecution with the error and cause given", async () => {
    const { api, events } = engine(waiting);
    const { executionArn } = await api("StartExecution", start);
    await api("StopExecution", { executionArn, error: "Stopped", cause: "by hand" });
    expect(events.map(({ detail }) => [detail.status, detail.error, detail.cause])).toEqual([
      ["RUNNING", null, null],
      ["ABORTED", "Stopped", "by hand"],
    ]);
  });

  it("that ran when the process ended is ABORTED after the restart, and the bus hears of it", async () => {
    const before = engine(waiting);
    const { executionArn } = await before.api("StartExecution", start);
    await before.workflows.close();
    const after = engine(waiting);
    expect(after.workflows.abortInterrupted().map((record) => record.executionArn)).toEqual([executionArn]);
    expect(after.events.map(({ detail }) => [detail.status, detail.cause])).toEqual([
      ["ABORTED", "The local cloud was stopped while this execution ran."],
    ]);
    expect((await after.api("DescribeExecution", { executionArn }))["status"]).toBe("ABORTED");
    expect(after.workflows.abortInterrupted()).toEqual([]);
  });

  it("tells its history in order", async () => {
    const { run, api } = engine(
      {
        A: { Type: "Pass", Next: "B" },
        B: { Type: "Task", Resource: DESCRIBE, Parameters: {}, Next: "W" },
        W: { Type: "Wait", Seconds: 1, End: true },
      },
      { DescribeEndpoint: () => ({}) },
    );
    const { executionArn } = await run();
    const history = (await api("GetExecutionHistory", { executionArn })) as unknown as {
      events: { type: string }[];
    };
    expect(history.events.map(({ type }) => type)).toEqual([
      "ExecutionStarted",
      "PassStateEntered",
      "PassStateExited",
      "TaskStateEntered",
      "TaskScheduled",
      "TaskSucceeded",
      "TaskStateExited",
      "WaitStateEntered",
      "WaitStateExited",
      "ExecutionSucceeded",
    ]);
  });
});
