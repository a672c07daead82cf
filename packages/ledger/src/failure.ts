/** How a failure is told in the history. */
export interface Failure {
  outcome: "failed" | "timed-out" | "aborted";
  /** For a person: what the failed part itself said, without the wrapping. */
  message: string;
}

/** Where the services put a reason: SageMaker's jobs describe themselves, Lambda answers an error with its type. */
const REASONS = ["FailureReason", "ExitMessage", "errorMessage", "StatusMessage"] as const;
const JOB_STATUS = ["TrainingJobStatus", "HyperParameterTuningJobStatus", "ProcessingJobStatus"] as const;
const LONGEST = 1200;

/** Reads the error of a failed execution, in the form that Step Functions gives it to a Catch and to an event. */
export function readFailure(error: string | null | undefined, cause: string | null | undefined): Failure {
  const document = parseObject(cause ?? "");
  const reason = REASONS.map((key) => document?.[key]).find(
    (text) => typeof text === "string" && text !== "",
  );
  const isStopped = JOB_STATUS.some((key) => document?.[key] === "Stopped");
  const text = typeof reason === "string" ? reason : isStopped ? "" : (cause ?? "");
  const said = [error ?? "", text.trim()].filter((part) => part !== "").join(": ");
  const message = said === "" ? "No reason was given." : shorten(said);
  if (isStopped) return { outcome: "aborted", message: `The job was stopped: ${message}` };
  return { outcome: error === "States.Timeout" ? "timed-out" : "failed", message };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

const shorten = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
