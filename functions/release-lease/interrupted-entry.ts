import {
  ExecutionName,
  type ExecutionStatusChange,
  type HistoryEntry,
  type Pointer,
  RetrainInput,
  RolloutInput,
} from "@perennial/contracts";
import { type Door, type Failure, readFailure } from "@perennial/ledger";

/** Longest summary that the history takes. */
const LONGEST = 2000;

/**
 * The history of an execution that ended without telling it itself, or null where there is none to tell: it succeeded, or
 * nobody was admitted under its name.
 *
 * @param pointer what is live now: a rollout may have moved it before it was interrupted.
 */
export function interruptedEntry(
  change: ExecutionStatusChange,
  { workload, kind }: { workload: string; kind: Door },
  pointer: Pointer | null,
): HistoryEntry | null {
  const { name: execution, executionArn, status } = change;
  if (status === "SUCCEEDED" || !ExecutionName.safeParse(execution).success) return null;
  const { outcome, message } = failureOf(change, status);
  const startedAt = new Date(change.startDate).toISOString();
  const endedAt = new Date(change.stopDate).toISOString();
  const known = { workload, execution, executionArn, startedAt, endedAt, stage: null };
  const end = outcome === "failed" ? "failed" : outcome === "aborted" ? "was aborted" : "timed out";
  const shorten = (text: string) => text.slice(0, LONGEST);

  if (kind === "retrain") {
    const { cause = null } = readInput(RetrainInput, change.input) ?? {};
    const summary = shorten(`The retraining ${end}; the champion stays. ${message}`);
    const none = {
      version: null,
      approvalStatus: null,
      verdictUri: null,
      snapshotSha256: null,
      gateUri: null,
      cardUri: null,
      trainingJob: null,
    };
    return { kind: "retraining", ...known, cause, outcome, summary, ...none };
  }
  const { cause = null, target } = readInput(RolloutInput, change.input) ?? {};
  if (pointer?.execution === execution) {
    const from = pointer.previous.version;
    const summary = shorten(
      `Version ${pointer.version} went into service; then the rollout ${end}. ${message}`,
    );
    return { kind: "rollout", ...known, cause, outcome: "in-service", summary, from, to: pointer.version };
  }
  const which = target === undefined ? "the rollout" : `the rollout of version ${target.version}`;
  const summary = shorten(`${capital(which)} ${end} before its model was in service for certain. ${message}`);
  const to = target?.version ?? null;
  return { kind: "rollout", ...known, cause, outcome, summary, from: pointer?.version ?? 0, to };
}

function failureOf(
  { error, cause }: ExecutionStatusChange,
  status: "FAILED" | "TIMED_OUT" | "ABORTED",
): Failure {
  const failure = readFailure(error, cause);
  if (status === "FAILED") return failure;
  return { ...failure, outcome: status === "ABORTED" ? "aborted" : "timed-out" };
}

/** The execution's input, or null where the event leaves it out (over 248 KiB) or it isn't ours. */
function readInput<Parsed>(
  schema: { safeParse(value: unknown): { success: true; data: Parsed } | { success: false } },
  text: string | null | undefined,
): Parsed | null {
  try {
    const result = schema.safeParse(JSON.parse(text ?? ""));
    return result.success ? result.data : null;
  } catch {
    return null;
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
