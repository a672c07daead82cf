import type { HistoryEntry, OutcomeReport, Verification } from "@perennial/contracts";
import { readFailure } from "@perennial/ledger";

/** Longest summary that the history takes. */
const LONGEST = 2000;

const VERDICTS = {
  better: "The challenger is better than the champion.",
  tie: "The challenger ties with the champion, which stays.",
  worse: "The challenger is worse than the champion, which stays.",
  refused: "The challenger is refused; the champion stays.",
  unchanged: "The retraining gave the champion's own model again.",
} as const;

/** What a retraining that came to no verdict has nothing to say of. */
const NOTHING_TRAINED = {
  stage: null,
  version: null,
  approvalStatus: null,
  verdictUri: null,
  snapshotSha256: null,
  gateUri: null,
  cardUri: null,
  trainingJob: null,
} as const;

const ENDS = { failed: "failed", "timed-out": "timed out", aborted: "was stopped" } as const;

/** The line of the history that a workflow's report makes. */
export function historyEntry(report: OutcomeReport, now: Date): HistoryEntry {
  const { input, executionArn, startedAt } = report;
  const { workload, execution, cause } = input;
  const known = { workload, execution, executionArn, cause, startedAt, endedAt: now.toISOString() };

  switch (report.kind) {
    case "retraining": {
      const { verdict, registration, snapshotSha256, gateUri, cardUri, trainingJob } = report;
      const registered =
        registration === null
          ? "Nothing was registered."
          : `Registered as version ${registration.version}, ${registration.approvalStatus}.`;
      return {
        kind: "retraining",
        ...known,
        summary: shorten([VERDICTS[verdict.status], sentence(verdict.reason), registered].join(" ")),
        outcome: verdict.status,
        stage: null,
        version: registration?.version ?? null,
        approvalStatus: registration?.approvalStatus ?? null,
        verdictUri: verdict.verdictUri,
        snapshotSha256,
        gateUri,
        cardUri,
        trainingJob,
      };
    }
    case "retraining-refused": {
      const { gateUri, reason } = report;
      // The job's message names the files first, for whoever reads the job alone.
      const said = sentence(reason.replace(/^refused [0-9a-f]{64}: /, ""));
      const summary = shorten(`The data is refused: nothing was trained, and the champion stays. ${said}`);
      return { kind: "retraining", ...known, ...NOTHING_TRAINED, summary, outcome: "data-refused", gateUri };
    }
    case "retraining-failed": {
      const { stage, error } = report;
      const { outcome, message } = readFailure(error.Error, error.Cause);
      const summary = shorten(`The retraining ${ENDS[outcome]} at ${stage}; the champion stays. ${message}`);
      return { kind: "retraining", ...known, ...NOTHING_TRAINED, summary, outcome, stage };
    }
    case "rollout": {
      const { outcome, from } = report;
      const summary = shorten(`${rolloutEnd(report)} ${asked(cause)}`);
      return {
        kind: "rollout",
        ...known,
        summary,
        outcome,
        stage: null,
        from,
        to: report.input.target.version,
      };
    }
    case "rollout-failed": {
      const { stage, error } = report;
      const { outcome, message } = readFailure(error.Error, error.Cause);
      const to = report.input.target.version;
      const summary = shorten(`The rollout of version ${to} ${ENDS[outcome]} at ${stage}. ${message}`);
      return { kind: "rollout", ...known, summary, outcome, stage, from: null, to };
    }
  }
}

/** How a rollout ended that came to its end, and what was found on the way. */
function rolloutEnd({ outcome, from, wanted, endpoint, verification, trial, input }: RolloutReport): string {
  const to = `version ${input.target.version}`;
  const before = from === null || from === 0 ? "the baseline" : `version ${from}`;
  const found = verification?.summary ?? "";
  const why = endpoint.FailureReason === undefined ? "" : sentence(endpoint.FailureReason);
  const tried = trial === null ? "" : `Tried first: ${sentence(trial.summary)}`;
  switch (outcome) {
    case "in-service":
      return sentences(`${capital(to)} is in service in place of ${before}.`, found, tried);
    case "rolled-back":
      return sentences(
        `${capital(to)} was in service and isn't verified: ${reasonsOf(verification)}`,
        `${capital(before)} is in service again.`,
        found,
        tried,
      );
    case "kept":
      if (trial?.status === "failed") {
        const end = `${capital(to)} was on trial beside ${before}, which stays: ${reasonsOf(trial)}`;
        return sentences(end, why, trial.summary);
      }
      if (verification?.status === "failed") {
        const end = `${capital(to)} is not put in service, ${before} stays: ${reasonsOf(verification)}`;
        return sentences(end, verification.summary);
      }
      return sentences(
        `The endpoint came back with ${endpoint.EndpointConfigName} instead of ${wanted}: ${to} is not in service, ` +
          `${before} stays.`,
        why,
        tried,
      );
  }
}

const reasonsOf = (found: Verification | null): string =>
  sentence((found?.reasons ?? []).map(readable).join("; "));

/** A function's error as Lambda words it, by what the function said. */
const readable = (reason: string): string =>
  reason.replace(/\{"errorType":.*\}$/s, (error) => readFailure(null, error).message);

const sentences = (...given: string[]): string => given.filter((text) => text !== "").join(" ");

type RolloutReport = Extract<OutcomeReport, { kind: "rollout" }>;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const asked = ({ kind, reason, requestedBy }: OutcomeReport["input"]["cause"]): string =>
  sentence(`Asked for by ${requestedBy ?? kind}: ${reason}`);

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

const shorten = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);
