import { describe, expect, it } from "vitest";
import { admittedOf } from "../../apps/cli/execution/admission.ts";
import { describeJob, readMetrics } from "../../apps/cli/execution/job-progress.ts";
import { ProgressLines } from "../../apps/cli/execution/progress-lines.ts";
import {
  progressOf,
  STAGES,
  type WorkflowEvent,
  type WorkflowKind,
} from "../../apps/cli/execution/stages.ts";
import { plain } from "../../apps/cli/output/terminal.ts";
import { EMPTY_ADMISSION, executionName } from "@perennial/ledger";
import { rendered, type Workflow } from "../statemachines/fillings.ts";
import { PLATFORM, WORKLOAD } from "./stack.ts";

const event = (type: string, at: number, more: Partial<WorkflowEvent> = {}): WorkflowEvent => ({
  type,
  at,
  state: null,
  parameters: null,
  error: null,
  ...more,
});
const MACHINE =
  "arn:aws:states:eu-central-1:123456789012:stateMachine:perennial-dev-hospital-readmission-retrain";
const entered = (state: string, at: number) => event("TaskStateEntered", at, { state });

describe("stages", () => {
  const VARIANTS = {
    retrain: ["retrain"],
    rollout: ["rollout", "rollout-function", "shadow", "experiment"],
  } as const satisfies Record<WorkflowKind, readonly Workflow[]>;
  // What comes after the outcome: its announcement, and what nobody needs any more.
  const AFTERWARDS = /^(Notify|Drop|Delete|ListVersions)/;

  it.each<WorkflowKind>(["retrain", "rollout"])(
    "of %s hold every task and every wait that it has",
    (kind) => {
      const states = VARIANTS[kind].flatMap((variant) => Object.entries(rendered(variant).States));
      const named = STAGES[kind].flatMap((stage): string[] => [...stage.states]);
      const tasks = states.filter(([name, { Type }]) => /^(Task|Wait)$/.test(Type) && !AFTERWARDS.test(name));
      expect(new Set(named)).toEqual(new Set(tasks.map(([name]) => name)));
      expect(named).toHaveLength(new Set(named).size);
    },
  );

  it("tell what is done, what runs, and by which job", () => {
    const events = [
      event("ExecutionStarted", 0),
      entered("Prepare", 0),
      event("TaskScheduled", 1, { parameters: '{"ProcessingJobName":"p-0"}' }),
      event("TaskSucceeded", 9000),
      entered("Train", 9000),
      event("TaskScheduled", 9001, { parameters: '{"TrainingJobName":"t-0"}' }),
      event("TaskFailed", 9500, { error: "SageMaker.ResourceLimitExceededException" }),
      event("TaskScheduled", 9600, { parameters: '{"TrainingJobName":"t-1"}' }),
    ];
    expect(progressOf("retrain", events)).toEqual({
      done: [{ stage: "prepare", ms: 9000, error: null }],
      current: { stage: "train", since: 9000, job: "t-1" },
    });
  });

  it("tell the error that ended one", () => {
    const events = [
      entered("Evaluate", 0),
      event("TaskFailed", 5, { error: "InvalidInput" }),
      event("PassStateEntered", 5, { state: "EvaluateFailed" }),
      entered("RecordFailure", 6),
      event("ExecutionFailed", 8),
    ];
    expect(progressOf("retrain", events)).toEqual({
      done: [
        { stage: "evaluate", ms: 6, error: "InvalidInput" },
        { stage: "record", ms: 2, error: null },
      ],
      current: null,
    });
  });

  it("stay one while an endpoint is asked again and again", () => {
    const loop = [
      "UpdateEndpoint",
      "AwaitUpdate",
      "DescribeEndpoint",
      "IsUpdated",
      "AwaitUpdate",
      "DescribeEndpoint",
    ];
    const events = [...loop.map((state, index) => entered(state, index)), entered("MovePointer", 10)];
    expect(progressOf("rollout", events).done).toEqual([{ stage: "update and verify", ms: 10, error: null }]);
  });
});

describe("a job's log", () => {
  it("tells the latest figures and the round", () => {
    const lines = [
      "2026 INFO metric name=validation_auc value=0.6012 round=20",
      "2026 INFO metric name=validation_auc value=0.671234 round=120",
      "metric name=validation_logloss value=3.3e-1 round=120",
      "metric name=broken value=--",
      "anything else",
    ];
    expect(describeJob(readMetrics(lines))).toBe("round 120, validation AUC 0.6712, log loss 0.3300");
  });

  it("tells how far a search is, and what it is about", () => {
    const lines = [
      "metric name=validation_objective value=0.61 round=40",
      "metric name=trial_objective value=0.59 trial=11",
      "metric name=validation_objective value=0.6 round=12",
    ];
    expect(describeJob(readMetrics(lines))).toBe(
      "12 trials, round 40, objective 0.6000, of the trial 0.5900",
    );
  });

  it("says nothing before there is a figure", () => {
    expect(describeJob(readMetrics(["starting"]))).toBe("");
  });

  it("tells counts as counts", () => {
    expect(describeJob(readMetrics(["metric name=rows_read value=101766"]))).toBe("101766 rows read");
  });
});

describe("progress", () => {
  const done = [{ stage: "prepare", ms: 9000, error: null }];
  const current = { stage: "train", since: 9000, job: "t-0" };

  function shown(isInteractive: boolean, progressWidth: number) {
    const written: string[] = [];
    const lines = new ProgressLines({
      out: () => undefined,
      err: (text) => written.push(text),
      width: 80,
      progressWidth,
      isInteractive,
      paint: plain,
      paintError: plain,
    });
    lines.show({ done, current }, 10_000, "round 20");
    lines.show({ done, current }, 11_000, "round 20");
    lines.show({ done, current }, 12_000, "round 40");
    lines.clear();
    return written;
  }

  it("is one line for each change where lines stay", () => {
    expect(shown(false, Infinity)).toEqual([
      "  ✓ prepare            9 s\n",
      "  … train                round 20\n",
      "  … train                round 40\n",
    ]);
  });

  it("is written over on a terminal, within its width, and is gone at the end", () => {
    const back = "\r\u001B[2K";
    expect(shown(true, 32)).toEqual([
      "  ✓ prepare            9 s\n",
      `${back}  … train              1 s  ro…`,
      `${back}  … train              2 s  ro…`,
      `${back}  … train              3 s  ro…`,
      back,
    ]);
  });
});

describe("a request", () => {
  const cause = {
    kind: "manual",
    id: "e1",
    time: "2026-03-01T02:00:00Z",
    reason: "r",
    coalesced: 0,
  } as const;
  const holder = {
    execution: "w-1-000000000001",
    executionArn: "arn:1",
    token: 1,
    cause,
    target: null,
    acquiredAt: "2026-03-01T02:00:00Z",
    expiresAt: "2026-03-01T04:00:00Z",
  };
  const pending = {
    cause,
    target: null,
    count: 1,
    firstAt: cause.time,
    lastAt: cause.time,
    reason: "the cool-down",
    until: "2026-03-01T05:00:00Z",
  };
  const seen = ["e1"];
  const other = { ...holder, cause: { ...cause, id: "e0" } };
  it.each([
    [{}, { kind: "undecided" }],
    [
      { seen, holder },
      { kind: "started", execution: holder.execution, isJoined: false },
    ],
    [
      { seen, holder, pending },
      { kind: "started", execution: holder.execution, isJoined: false },
    ],
    [
      { seen, holder: other, pending },
      { kind: "held", reason: "the cool-down", until: pending.until },
    ],
    [
      { seen, holder: { ...other, cause: { ...other.cause, coalesced: 1 } } },
      { kind: "started", execution: holder.execution, isJoined: true },
    ],
    [{ seen }, { kind: "started", execution: executionName(WORKLOAD, MACHINE, "e1"), isJoined: false }],
  ])("of which the door knows %j", (state, admitted) => {
    expect(admittedOf({ ...EMPTY_ADMISSION, ...state }, PLATFORM.workloads[0]!, "retrain", "e1")).toEqual(
      admitted,
    );
  });
});
