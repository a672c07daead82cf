/** What of an execution's history says how far it is. Times in milliseconds since 1970. */
export interface WorkflowEvent {
  type: string;
  at: number;
  /** Name of the state that was entered or left. */
  state: string | null;
  /** Input of the API call that a Task made, as JSON. */
  parameters: string | null;
  error: string | null;
}

/** A stage as people know it: one or more states of the workflow, or of its variants. */
export interface Stage {
  name: string;
  states: readonly string[];
}

export const STAGES = {
  retrain: [
    { name: "prepare", states: ["Prepare"] },
    { name: "accept data", states: ["AcceptData"] },
    { name: "tune", states: ["Tune"] },
    { name: "train", states: ["Train"] },
    { name: "evaluate", states: ["Evaluate"] },
    { name: "judge", states: ["Judge"] },
    { name: "write card", states: ["WriteCard"] },
    { name: "register", states: ["Register"] },
    { name: "record", states: ["Record", "RecordRefusal", "RecordFailure"] },
  ],
  // Of models behind endpoints, with or without a trial, and of models in functions.
  rollout: [
    {
      name: "look",
      states: [
        "ReadPointer",
        "ReadAlias",
        "ClaimFunction",
        "ReadPrevious",
        "CheckCapacity",
        "DescribeChampion",
      ],
    },
    {
      name: "create",
      states: [
        "CreateModel",
        "CreateEndpointConfig",
        "CreateErrorAlarm",
        "CreateLatencyAlarm",
        "CreateRefusalAlarm",
        "CreateSlowdownAlarm",
        "ChangeConfiguration",
        "AwaitConfiguration",
        "DescribeConfiguration",
        "PublishVersion",
      ],
    },
    { name: "probe", states: ["ProbeChampion", "ProbeCandidate", "LookBefore", "ClaimEndpoint"] },
    {
      name: "trial",
      states: [
        "CreateTrialConfig",
        "StartTrial",
        "AwaitTrialStart",
        "DescribeTrialStart",
        "OpenTrial",
        "AwaitEarlyLook",
        "AwaitLook",
        "ProbeTrial",
        "ObserveTrial",
        "CloseTrial",
        "DescribeTrialEnd",
        "AwaitTrialEnd",
        "PutChampionBack",
        "AwaitChampion",
        "DescribeChampionBack",
      ],
    },
    {
      name: "update and verify",
      states: [
        "UpdateEndpoint",
        "AwaitUpdate",
        "ProbeEndpoint",
        "DescribeEndpoint",
        "InspectEndpoint",
        "MoveRequests",
        "AwaitRequests",
        "ProbeFunction",
        "LookAtAlarms",
        "VerifyRollout",
        "TakeOver",
      ],
    },
    { name: "roll back", states: ["RollBack", "AwaitRollBack", "DescribeRolledBack", "LeadBack"] },
    { name: "move pointer", states: ["MovePointer"] },
    {
      name: "record",
      states: ["RecordInService", "RecordKept", "RecordRolledBack", "RecordTrial", "RecordFailure"],
    },
  ],
} as const satisfies Record<string, readonly Stage[]>;

export type WorkflowKind = keyof typeof STAGES;

/** Where an execution is. */
export interface Progress {
  /** Stages that were left, with how long each took and the error that ended it. */
  done: { stage: string; ms: number; error: string | null }[];
  current: { stage: string; since: number; job: string | null } | null;
}

/** Reads the stages from a history. */
export function progressOf(kind: WorkflowKind, events: readonly WorkflowEvent[]): Progress {
  const stages: readonly Stage[] = STAGES[kind];
  const progress: Progress = { done: [], current: null };
  let error: string | null = null;
  const leave = (at: number): void => {
    const { current } = progress;
    if (current !== null) progress.done.push({ stage: current.stage, ms: at - current.since, error });
    progress.current = null;
    error = null;
  };
  for (const event of events) {
    const { type, state, at } = event;
    if (type.endsWith("StateEntered")) {
      const stage = stages.find(({ states }) => states.includes(state ?? ""))?.name;
      // A state of no stage is bookkeeping: it belongs to the stage before it.
      if (stage === undefined || stage === progress.current?.stage) continue;
      leave(at);
      progress.current = { stage, since: at, job: null };
    } else if (type === "TaskScheduled" && progress.current !== null) {
      error = null;
      progress.current.job = jobOf(event.parameters) ?? progress.current.job;
    } else if (type === "TaskFailed" || type === "TaskTimedOut") {
      error = event.error ?? "failed";
    } else if (type.startsWith("Execution") && type !== "ExecutionStarted") {
      leave(at);
    }
  }
  return progress;
}

/** Name of the job that a Task's parameters ask for. */
function jobOf(parameters: string | null): string | null {
  try {
    const { TrainingJobName, ProcessingJobName } = JSON.parse(parameters ?? "{}") as Record<string, unknown>;
    const name = TrainingJobName ?? ProcessingJobName;
    return typeof name === "string" ? name : null;
  } catch {
    return null;
  }
}
