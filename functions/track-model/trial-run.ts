import type { RunTrial } from "@perennial/contracts";
import type { RunRecord } from "@perennial/tracking";
import type { PlannedRun } from "./retraining-run.ts";

/** Tag that holds a trial's number. */
export const TRIAL_TAG = "perennial.trial";
/** MLflow nests a run under the one that this tag names. */
export const PARENT_TAG = "mlflow.parentRunId";

const STATUS = { complete: "FINISHED", pruned: "KILLED", failed: "FAILED" } as const;

/** Runs of the trials of a search, one after the other from the start of the retraining. */
export function trialRuns(
  { trials, summary }: Pick<RunRecord, "trials" | "summary">,
  startedAt: number,
): { number: number; run: PlannedRun }[] {
  const objective = summary.search?.objective ?? "objective";
  const digits = String(Math.max(0, ...trials.map(({ number }) => number))).length;
  let at = startedAt;
  return trials.map((trial) => {
    const start = at;
    at += Math.round(trial.seconds * 1000);
    const name = `trial ${String(trial.number).padStart(digits, "0")} ${trial.algorithm}`;
    const notes = notesOf(trial, objective, start, at);
    return {
      number: trial.number,
      run: { name, startedAt: start, endedAt: at, status: STATUS[trial.state], notes },
    };
  });
}

function notesOf(
  trial: RunTrial,
  objective: string,
  startedAt: number,
  endedAt: number,
): PlannedRun["notes"] {
  const steps = trial.values.map(({ step, value }) => ({
    name: objective,
    value,
    step,
    at: startedAt + step,
  }));
  // Charts show the latest step: the final value goes behind the last one.
  const last = trial.values.at(-1)?.step ?? 0;
  const final =
    trial.value === null ? [] : [{ name: objective, value: trial.value, step: last, at: endedAt }];
  return {
    params: { algorithm: trial.algorithm, ...trial.params },
    metrics: [...steps, ...final],
    tags: {
      [TRIAL_TAG]: String(trial.number),
      "perennial.state": trial.state,
      ...(trial.reason === null ? {} : { "mlflow.note.content": trial.reason }),
    },
  };
}
