import type { AuditReport, Evaluation, HistoryEntry, Verdict } from "@perennial/contracts";
import type { Ending, Measurement, Notes, RunRecord } from "@perennial/tracking";
import { type Figures, figuresOf } from "./figures.ts";

export type Retraining = Extract<HistoryEntry, { kind: "retraining" }>;

/** What is known about a retraining beside its line in the history. */
export interface Findings {
  /** Null where nothing was evaluated. */
  verdict: Verdict | null;
  evaluation: Evaluation | null;
  audit: AuditReport | null;
  /** Null where the training left none. */
  record: RunRecord | null;
  /** Why there is no run record although there was a training; null where there is one. */
  recordFault: string | null;
  /** What was registered; null where nothing was. */
  modelPackageArn: string | null;
}

/** A run of MLflow as it is to be in the end. */
export interface PlannedRun {
  name: string;
  /** Milliseconds since 1970. */
  startedAt: number;
  endedAt: number;
  status: Ending;
  notes: Notes;
}

/** Tag by which a retraining's run is found again. */
export const EXECUTION_TAG = "perennial.execution";
/** Longest text that MLflow keeps in a tag. */
const LONGEST_TAG = 5000;

/** The run of a retraining: how it ended, what decided the model, its figures on every part of the data. */
export function retrainingRun(entry: Retraining, findings: Findings): PlannedRun {
  const [startedAt, endedAt] = [Date.parse(entry.startedAt), Date.parse(entry.endedAt)];
  const { record } = findings;
  const final = Object.entries(finalFigures(findings)).map(([name, value]): Measurement => ({
    name,
    value,
    at: endedAt,
  }));
  const history = (record?.metrics ?? []).map(({ name, step, value }): Measurement => ({
    name,
    value,
    step,
    at: startedAt + step,
  }));
  return {
    name: entry.execution,
    startedAt,
    endedAt,
    status: statusOf(entry.outcome),
    notes: {
      params: record?.summary.params ?? {},
      metrics: [...history, ...final],
      tags: tagsOf(entry, findings),
    },
  };
}

function statusOf(outcome: Retraining["outcome"]): Ending {
  if (outcome === "aborted") return "KILLED";
  return outcome === "failed" || outcome === "timed-out" ? "FAILED" : "FINISHED";
}

function finalFigures({ verdict, evaluation, audit, record }: Findings): Figures {
  return {
    ...record?.summary.metrics,
    ...(evaluation === null
      ? {}
      : {
          ...figuresOf("holdout", evaluation.challenger.metrics),
          ...figuresOf("champion", evaluation.champion.metrics),
          "holdout/scoreMicros": evaluation.challenger.scoreMicros,
          "holdout/artifactBytes": evaluation.challenger.artifactBytes,
        }),
    ...(audit === null ? {} : figuresOf("audit", audit.metrics)),
    ...(verdict === null ? {} : figuresOf("verdict", { difference: verdict.difference })),
  };
}

function tagsOf(entry: Retraining, findings: Findings): Record<string, string> {
  const { record, verdict, evaluation, recordFault, modelPackageArn } = findings;
  const { cause } = entry;
  const tags: Record<string, string | number | null | undefined> = {
    [EXECUTION_TAG]: entry.execution,
    "mlflow.note.content": entry.summary,
    "perennial.executionArn": entry.executionArn,
    "perennial.cause": cause === null ? null : `${cause.kind}: ${cause.reason}`,
    "perennial.outcome": entry.outcome,
    "perennial.stage": entry.stage,
    "perennial.verdict": verdict?.status,
    "perennial.reason": verdict?.reason,
    "perennial.version": entry.version,
    "perennial.modelPackageArn": modelPackageArn,
    "perennial.trainingJob": entry.trainingJob,
    "perennial.artifactVersion": evaluation?.challenger.artifactVersion,
    "perennial.artifactUri": evaluation?.challenger.modelDataUrl,
    "perennial.artifactSha256": evaluation?.challenger.artifactSha256,
    "perennial.snapshotSha256": entry.snapshotSha256,
    "perennial.dataSha256": record?.summary.hashes.data,
    "perennial.specSha256": record?.summary.hashes.spec,
    "perennial.codeSha256": record?.summary.hashes.code,
    "perennial.holdoutSha256": evaluation?.holdout.sha256,
    "perennial.algorithm": record?.summary.algorithm,
    "perennial.bestTrial": record?.summary.search?.best,
    "perennial.verdictUri": entry.verdictUri,
    "perennial.gateUri": entry.gateUri,
    "perennial.cardUri": entry.cardUri,
    "perennial.runRecordFault": recordFault,
  };
  const known = Object.entries(tags).flatMap(([key, value]) =>
    value === null || value === undefined ? [] : [[key, String(value).slice(0, LONGEST_TAG)] as const],
  );
  return { ...record?.summary.tags, ...Object.fromEntries(known) };
}
