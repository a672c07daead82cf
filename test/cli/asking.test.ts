import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { DescribeModelPackageCommand } from "@aws-sdk/client-sagemaker";
import { InvokeEndpointCommand } from "@aws-sdk/client-sagemaker-runtime";
import { DescribeExecutionCommand, GetExecutionHistoryCommand } from "@aws-sdk/client-sfn";
import type { HistoryEntry } from "@perennial/contracts";
import { type AdmissionState, EMPTY_ADMISSION } from "@perennial/ledger";
import { describe, expect, it } from "vitest";
import {
  bodyOf,
  CAUSE,
  DESCRIBED,
  GATE,
  openStack,
  PLATFORM,
  RETRAINED,
  RETRAINING,
  ROLLED_OUT,
  ROLLOUT,
  VERDICT,
  WORKLOAD,
} from "./stack.ts";

const TARGET = {
  version: 3,
  modelPackageArn: "arn:aws:sagemaker:eu-central-1:123456789012:model-package/w/3",
  modelDataUrl: "s3://bucket/model.tar.gz",
  artifactSha256: "a".repeat(64),
};
const holder = (execution: string, target: typeof TARGET | null) => ({
  execution,
  executionArn: "arn:1",
  token: 1,
  cause: CAUSE,
  target,
  acquiredAt: CAUSE.time,
  expiresAt: "2026-03-01T14:00:00.000Z",
});
const STARTED: AdmissionState = { ...EMPTY_ADMISSION, seen: ["event-1"], holder: holder(RETRAINING, null) };
const ROLLING: AdmissionState = { ...EMPTY_ADMISSION, holder: holder(ROLLOUT, TARGET) };

/** A stack that admits the request and runs it to the end that the history tells. */
function asked(history: HistoryEntry[], states: { retrain?: AdmissionState; rollout?: AdmissionState } = {}) {
  const { retrain = STARTED, rollout = ROLLING } = states;
  const stack = openStack({ history, admission: (door) => (door === "retrain" ? retrain : rollout) });
  stack.events.on(PutEventsCommand).resolves({ FailedEntryCount: 0, Entries: [{ EventId: "event-1" }] });
  const [retraining] = PLATFORM.workloads;
  const trained = {
    executionArn: `${retraining!.retrainStateMachineArn.replace("stateMachine", "execution")}:${RETRAINING}`,
  };
  const rolledOut = {
    executionArn: `${retraining!.rolloutStateMachineArn.replace("stateMachine", "execution")}:${ROLLOUT}`,
  };
  const at = (seconds: number) => new Date(Date.parse("2026-03-01T12:00:00Z") + seconds * 1000);
  const base = { id: 1, previousEventId: 0 };
  const enter = (name: string, seconds: number) => ({
    ...base,
    type: "TaskStateEntered" as const,
    timestamp: at(seconds),
    stateEnteredEventDetails: { name },
  });
  const training = {
    ...base,
    type: "TaskScheduled" as const,
    timestamp: at(5),
    taskScheduledEventDetails: {
      resourceType: "sagemaker",
      resource: "createTrainingJob.sync",
      region: "eu-central-1",
      parameters: JSON.stringify({ TrainingJobName: `${RETRAINING}-train-0` }),
    },
  };
  stack.stepFunctions
    .on(DescribeExecutionCommand, trained)
    .resolvesOnce({ status: "RUNNING" })
    .resolves({ status: history.some(({ stage }) => stage !== null) ? "FAILED" : "SUCCEEDED" })
    .on(DescribeExecutionCommand, rolledOut)
    .resolves({ status: "SUCCEEDED" })
    .on(GetExecutionHistoryCommand, trained)
    .resolvesOnce({ events: [enter("Prepare", 0)], nextToken: "more" })
    .resolvesOnce({ events: [enter("Train", 5), training] })
    .resolves({ events: [enter("Prepare", 0), enter("Train", 5), { ...enter("Judge", 20) }] })
    .on(GetExecutionHistoryCommand, rolledOut)
    .resolves({ events: [enter("CreateModel", 0), enter("UpdateEndpoint", 1), enter("MovePointer", 31)] });
  stack.logs
    .on(FilterLogEventsCommand)
    .resolves({ events: [{ message: "metric name=validation_auc value=0.6712 round=120" }] });
  stack.s3
    .on(GetObjectCommand)
    .resolves({ Body: { transformToString: () => Promise.resolve(JSON.stringify(VERDICT)) } as never });
  return stack;
}

describe("retrain", () => {
  it("sends the event, follows every stage, says the verdict and follows the rollout", async () => {
    const stack = asked([ROLLED_OUT, RETRAINED]);
    expect(await stack.run("retrain", WORKLOAD, "--reason", "new data")).toBe(0);
    expect(stack.events.commandCalls(PutEventsCommand)[0]!.args[0].input).toEqual({
      Entries: [
        {
          EventBusName: "default",
          Source: "perennial",
          DetailType: "Retraining Requested",
          Detail: JSON.stringify({
            stack: "dev",
            workload: WORKLOAD,
            reason: "new data",
            requestedBy: "ada",
          }),
        },
      ],
    });
    expect(stack.written.out.split("\n")).toEqual([
      `Asked for a retraining of ${WORKLOAD} (event event-1).`,
      `It runs as ${RETRAINING}.`,
      "The challenger is better than the champion.",
      VERDICT.reason,
      "Difference to the champion: 0.0210 (0.0120 to 0.0300).",
      "Look 2 of 52 at the holdout bbbbbbbbbbbb, at a significance level of 0.001.",
      "",
      "         rule     measured                   finding",
      "passed   primary  0.0210 (0.0120 to 0.0300)  the interval lies above zero; limit: > 0",
      "too few  slice                               age [0-10) has no positive",
      "",
      RETRAINED.summary,
      `Version 3 is rolled out by ${ROLLOUT}.`,
      ROLLED_OUT.summary,
      "",
    ]);
    expect(stack.written.err.split("\n").slice(0, 4)).toEqual([
      "  ✓ prepare            5 s",
      "  … train                round 120, validation AUC 0.6712",
      "  ✓ train              15 s",
      "  … judge",
    ]);
  });

  it("prints one JSON object on standard output, whatever it says on the way", async () => {
    const stack = asked([ROLLED_OUT, RETRAINED]);
    await stack.run("retrain", WORKLOAD, "--json");
    expect(JSON.parse(stack.written.out)).toEqual({
      workload: WORKLOAD,
      eventId: "event-1",
      execution: RETRAINING,
      held: null,
      verdict: "better",
      version: 3,
      isInService: true,
      retraining: RETRAINED,
      rollout: ROLLED_OUT,
    });
  });

  it("returns at once with --no-follow", async () => {
    const stack = asked([]);
    expect([await stack.run("retrain", WORKLOAD, "--no-follow"), stack.stepFunctions.calls()]).toEqual([
      0,
      [],
    ]);
  });

  it("says that a request is held back, until when and why", async () => {
    const until = "2026-03-01T14:00:00.000Z";
    const pending = {
      cause: CAUSE,
      target: null,
      count: 1,
      firstAt: until,
      lastAt: until,
      reason: "the cool-down",
      until,
    };
    const stack = asked([], { retrain: { ...EMPTY_ADMISSION, seen: ["event-1"], pending } });
    expect([await stack.run("retrain", WORKLOAD), stack.written.out.split("\n")[1]]).toEqual([
      5,
      "It is held back: the cool-down. It starts by itself when its turn comes, about 2026-03-01 14:00:00 UTC.",
    ]);
  });

  it("says that nobody answered", async () => {
    const stack = asked([], { retrain: EMPTY_ADMISSION });
    expect([await stack.run("retrain", WORKLOAD), stack.written.err]).toEqual([
      1,
      "perennial: Nobody answered the request within 90 s: look at perennial logs admit-retraining.\n",
    ]);
  });

  it("fails with a retraining that fails", async () => {
    const failed: HistoryEntry = {
      ...RETRAINED,
      kind: "retraining",
      outcome: "failed",
      stage: "train",
      summary: "The retraining failed at train; the champion stays.",
      version: null,
      approvalStatus: null,
      verdictUri: null,
    };
    const stack = asked([failed]);
    expect([await stack.run("retrain", WORKLOAD), stack.written.out.trimEnd().split("\n").at(-1)]).toEqual([
      1,
      failed.summary,
    ]);
  });

  it("fails with a rollout that keeps the champion", async () => {
    const kept = { ...ROLLED_OUT, outcome: "kept", summary: "The champion stays." } as HistoryEntry;
    const stack = asked([kept, RETRAINED]);
    expect([await stack.run("retrain", WORKLOAD), stack.written.out.trimEnd().split("\n").at(-1)]).toEqual([
      1,
      "The champion stays.",
    ]);
  });

  it("is done where a person has to approve", async () => {
    const pending = { ...RETRAINED, approvalStatus: "PendingManualApproval" } as HistoryEntry;
    const stack = asked([pending]);
    expect([await stack.run("retrain", WORKLOAD), stack.written.out.trimEnd().split("\n").at(-1)]).toEqual([
      0,
      "Version 3 is PendingManualApproval: its rollout starts when a person approves it.",
    ]);
  });

  it("lets go when it is interrupted, and says where to look", async () => {
    const stack = asked([]);
    stack.interruption.abort();
    expect([await stack.run("retrain", WORKLOAD), stack.written.out.trimEnd().split("\n").at(-1)]).toEqual([
      0,
      `${RETRAINING} goes on without you; perennial status and perennial why ${RETRAINING} tell of it.`,
    ]);
  });

  it("asks for nothing when the workload isn't known", async () => {
    const stack = asked([]);
    expect([await stack.run("retrain", "hospital"), stack.events.calls(), stack.written.err]).toEqual([
      4,
      [],
      `perennial: The stack dev holds no workload "hospital". It holds ${WORKLOAD}. Did you mean "${WORKLOAD}"?\n`,
    ]);
  });

  it("says what the bus refused", async () => {
    const stack = asked([]);
    const Entries = [{ ErrorCode: "ThrottlingException", ErrorMessage: "slow down" }];
    stack.events.on(PutEventsCommand).resolves({ FailedEntryCount: 1, Entries });
    expect([await stack.run("retrain", WORKLOAD), stack.written.err]).toEqual([
      1,
      "perennial: The bus default refused the request: ThrottlingException slow down\n",
    ]);
  });
});

describe("predict", () => {
  const model = { workload: WORKLOAD, version: 3, artifact: "abc" };
  const response = {
    predictions: [
      { probability: 0.31234, flagged: true },
      { probability: 0.05, flagged: false },
    ],
    task: { kind: "binary", outcome: "readmitted", threshold: 0.2 },
    model,
  };

  function answering(answer: unknown) {
    const stack = openStack();
    stack.files.set("a.json", '[{"race":"Asian"},{"race":"?"}]');
    stack.runtime.on(InvokeEndpointCommand).resolves({ Body: Buffer.from(JSON.stringify(answer)) as never });
    return stack;
  }

  it("prints a table and names the model", async () => {
    const stack = answering(response);
    expect([await stack.run("predict", WORKLOAD, "--record", "a.json"), stack.written.out]).toEqual([
      0,
      `record  probability
1       0.3123       flagged
2       0.0500

${WORKLOAD}, version 3 (artifact abc); probability of "readmitted", flagged from 0.2000
`,
    ]);
    const { Body, ...input } = stack.runtime.commandCalls(InvokeEndpointCommand)[0]!.args[0].input;
    expect([input, Buffer.from(Body as Uint8Array).toString()]).toEqual([
      {
        EndpointName: `perennial-dev-${WORKLOAD}`,
        ContentType: "application/json",
        Accept: "application/json",
      },
      '{"records":[{"race":"Asian"},{"race":"?"}]}',
    ]);
  });

  it("prints the probabilities of several classes, and the states that were looked up", async () => {
    const stack = answering({
      predictions: [{ class: "win", probabilities: { loss: 0.2, draw: 0.25, win: 0.55 } }],
      task: { kind: "multiclass", classes: ["loss", "draw", "win"] },
      model,
      lookedUp: [
        { entity: "team_form", key: "Arsenal", asOf: "2026-01-20", age: 1 },
        { entity: "team_form", key: "Leeds", asOf: 12, age: 3 },
      ],
    });
    await stack.run("predict", WORKLOAD, "--record", "a.json");
    expect(stack.written.out).toBe(`record  likeliest  loss    draw    win
1       win        0.2000  0.2500  0.5500

team_form of Arsenal  as of 2026-01-20, 1 day before
team_form of Leeds    as of 12, 3 before

${WORKLOAD}, version 3 (artifact abc); probabilities of loss, draw, win
`);
  });

  it("prints a quantity with its interval and unit", async () => {
    const stack = answering({
      predictions: [{ estimate: 12.345, lower: 8, upper: 20.5 }],
      task: { kind: "regression", unit: "days", coverage: 0.9 },
      model,
    });
    await stack.run("predict", WORKLOAD, "--record", "a.json");
    expect(stack.written.out).toBe(`record  estimate  from  to
1       12.35     8.00  20.50

${WORKLOAD}, version 3 (artifact abc); in days, in an interval that is to hold 90 % of outcomes
`);
  });

  it("prints the endpoint's answer as JSON", async () => {
    const stack = answering(response);
    await stack.run("predict", WORKLOAD, "--record", "a.json", "--json");
    expect(JSON.parse(stack.written.out)).toEqual(response);
  });

  it("lists what the model refused, record by record", async () => {
    const stack = answering(response);
    const refusal = {
      error: "2 faults in 2 records",
      faults: [
        { record: 0, field: "race", message: "unknown level" },
        { record: null, field: null, message: "too many records" },
      ],
      model,
    };
    const error = Object.assign(new Error("Received client error (422)"), {
      name: "ModelError",
      OriginalStatusCode: 422,
      OriginalMessage: JSON.stringify(refusal),
    });
    stack.runtime.on(InvokeEndpointCommand).rejects(error);
    expect([await stack.run("predict", WORKLOAD, "--record", "a.json"), stack.written.err]).toEqual([
      1,
      "perennial: 2 faults in 2 records (422)\n  record 1, race: unknown level\n  too many records\n",
    ]);
  });

  it("says where a file is damaged, before anything is called", async () => {
    const stack = answering(response);
    stack.files.set("a.jsonl", '{"a":1}\n{"a"\n');
    expect([await stack.run("predict", WORKLOAD, "--record", "a.jsonl"), stack.runtime.calls()]).toEqual([
      2,
      [],
    ]);
    expect(stack.written.err).toMatch(/^perennial: a\.jsonl, line 2 is no JSON: /);
  });

  it("says that an answer isn't one of ours", async () => {
    const stack = answering({ predictions: [] });
    expect(await stack.run("predict", WORKLOAD, "--record", "a.json")).toBe(1);
    expect(stack.written.err).toContain(
      `answer of the endpoint perennial-dev-${WORKLOAD} is refused, 2 faults`,
    );
  });
});

describe("what a retraining may be asked beyond its defaults", () => {
  const asksFor = (stack: ReturnType<typeof asked>) => {
    const [entry] = stack.events.commandCalls(PutEventsCommand)[0]?.args[0].input.Entries ?? [];
    const { search, snapshot } = JSON.parse(entry?.Detail ?? "{}") as Record<string, unknown>;
    return { search, snapshot };
  };
  const SNAPSHOT = "5".repeat(64);

  it.each([
    [[], {}],
    [["--search"], { search: true }],
    [["--no-search"], { search: false }],
    [["--snapshot", SNAPSHOT], { snapshot: SNAPSHOT }],
    [["--snapshot", "555555"], { snapshot: SNAPSHOT }],
    [["--version", "3", "--search"], { search: true, snapshot: SNAPSHOT }],
  ])("%j", async (argv, wishes) => {
    const stack = asked([RETRAINED]);
    stack.sageMaker.on(DescribeModelPackageCommand).resolves(DESCRIBED);
    expect(await stack.run("retrain", WORKLOAD, "--no-follow", ...argv)).toBe(0);
    expect(asksFor(stack)).toEqual(wishes);
  });

  it.each([
    [
      ["--snapshot", "5555"],
      2,
      '--snapshot is "5555", expected a SHA-256, or its beginning of at least 6 digits.',
    ],
    [
      ["--snapshot", "666666"],
      4,
      `The history of ${WORKLOAD} names no snapshot that begins with 666666 among its last 1000 executions.`,
    ],
    [["--version", "0"], 2, 'The version is "0", expected a whole number from 1.'],
    [
      ["--version", "3", "--snapshot", SNAPSHOT],
      2,
      "--snapshot and --version both name the data: give one of them.",
    ],
  ])("%j asks for nothing", async (argv, code, message) => {
    const stack = asked([RETRAINED]);
    expect([await stack.run("retrain", WORKLOAD, ...argv), stack.written.err, stack.events.calls()]).toEqual([
      code,
      `perennial: ${message}\n`,
      [],
    ]);
  });

  it("is no snapshot where the version was made from none", async () => {
    const stack = asked([]);
    stack.sageMaker.on(DescribeModelPackageCommand).resolves({
      ...DESCRIBED,
      CustomerMetadataProperties: { ...DESCRIBED.CustomerMetadataProperties, snapshotSha256: "none" },
    });
    expect([await stack.run("retrain", WORKLOAD, "--version", "1"), stack.written.err]).toEqual([
      4,
      `perennial: Version 1 of ${WORKLOAD} was made from no data: it is the baseline.\n`,
    ]);
  });
});

it("fails with a retraining whose data the gate refuses, and shows what it found", async () => {
  const refused: HistoryEntry = {
    ...RETRAINED,
    outcome: "data-refused",
    summary: "The data was refused.",
    version: null,
    approvalStatus: null,
    verdictUri: null,
  };
  const stack = asked([refused]);
  stack.s3.on(GetObjectCommand).resolves({ Body: bodyOf(GATE) });
  expect(await stack.run("retrain", WORKLOAD)).toBe(1);
  const lines = stack.written.out.split("\n");
  expect([lines[2], lines.at(-2)]).toEqual([
    "The data gate refuses the data: 1 of 3 checks failed.",
    "The data was refused.",
  ]);
});

describe("up", () => {
  it("starts the local cloud with the flags given", async () => {
    const stack = openStack();
    const code = await stack.run("up", "--once", "--workloads", "a,b", "--port", "4700", "--state", "/tmp/s");
    expect([code, stack.started]).toEqual([
      0,
      [["--once", "--workloads", "a,b", "--port", "4700", "--state", "/tmp/s"]],
    ]);
  });

  it("leaves a stack in AWS to Pulumi", async () => {
    const stack = openStack();
    expect([await stack.run("up", "--stack", "prod"), stack.started, stack.written.err]).toEqual([
      2,
      [],
      "perennial: The stack prod lies in AWS and is brought up by Pulumi: run pulumi up --stack prod.\n",
    ]);
  });
});
