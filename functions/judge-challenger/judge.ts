import {
  type Check,
  type Estimate,
  type Evaluation,
  type Fault,
  InvalidInput,
  type Scores,
  type Task,
  type Verdict,
} from "@perennial/contracts";
import {
  alphaForLook,
  countRowsByClass,
  type GainOutcome,
  primaryOf,
  seedFromText,
} from "@perennial/statistics";
import { checkAbsoluteRules, type Gate, type Look, type PastVerdicts } from "./absolute-rules.ts";
import { checkGuard, checkSlices, comparePrimary, describePrimary, pairRows } from "./comparisons.ts";
import { reasonFor } from "./reason.ts";
import { classNames } from "./wording.ts";

export interface JudgementInput {
  readonly evaluation: Evaluation;
  readonly evaluationUri: string;
  readonly scores: Scores;
  readonly gate: Gate;
  readonly task: Task;
  readonly look: Look;
  readonly past: PastVerdicts;
}

const UNDEFINED: Estimate = { value: null, lower: null, upper: null };

/** Whether the challenger is the champion: then there is nothing to judge, and no look at the holdout to spend. */
export function isUnchanged({ challenger, champion }: Evaluation): boolean {
  return challenger.modelSha256 === champion.modelSha256;
}

export function unchanged(evaluation: Evaluation, evaluationUri: string): Verdict {
  const { workload, execution, challenger, champion } = evaluation;
  return {
    workload,
    execution,
    status: "unchanged",
    reason: reasonFor("unchanged", [], evaluation),
    checks: [],
    look: null,
    difference: differsByNothing(challenger, champion),
    evaluationUri,
  };
}

/**
 * The gate. Absolute rules come first: breaking one refuses, whatever the gain. Then the primary comparison: without a proved
 * gain the champion stays. Last what a gain doesn't excuse: worse probabilities or a larger mean error, or a slice that lost.
 *
 * The same evaluation, scores and look give the same verdict: the resampling's seed comes from what is judged.
 *
 * @throws {InvalidInput} if the scores aren't those of the evaluation.
 */
export function judge(input: JudgementInput): Verdict {
  const { evaluation, evaluationUri, scores, gate, task, look, past } = input;
  requireScoresOf(evaluation, scores, task);
  const { workload, execution, holdout, challenger, champion } = evaluation;
  const common = { workload, execution, evaluationUri };
  const absolute = checkAbsoluteRules(evaluation, gate, look, past);
  const taken = { holdoutSha256: holdout.sha256, number: look.number, of: gate.looks };
  if (look.number > gate.looks) {
    // A retired holdout answers no question: not even how the comparison would have gone.
    const reason = reasonFor("refused", absolute, evaluation);
    return {
      ...common,
      status: "refused",
      reason,
      checks: absolute,
      look: { ...taken, alpha: 0 },
      difference: UNDEFINED,
    };
  }

  const seed = seedFromText(`${holdout.sha256} ${champion.modelSha256} ${challenger.modelSha256}`);
  const contest = { rows: pairRows(scores), gate, task, seed };
  const primary = comparePrimary(contest, look);
  const primaryCheck = describePrimary(primary, contest);
  const relative = [checkGuard(contest), ...checkSlices(contest)];
  const status = statusOf(primary.outcome, absolute, relative);
  const checks = [...absolute, primaryCheck, ...relative];
  const { alpha, looks } = gate;
  return {
    ...common,
    status,
    reason: reasonFor(status, checks, evaluation),
    checks,
    look: { ...taken, alpha: alphaForLook({ alpha, looks, look: look.number }) },
    difference: primaryCheck.measured ?? UNDEFINED,
  };
}

function statusOf(
  primary: GainOutcome,
  absolute: readonly Check[],
  relative: readonly Check[],
): "better" | "tie" | "worse" | "refused" {
  if (absolute.some(hasFailed) || primary === "undefined") return "refused";
  if (primary !== "better") return primary;
  return relative.some(hasFailed) ? "refused" : "better";
}

const hasFailed = ({ outcome }: Check): boolean => outcome === "failed";

function differsByNothing(...models: readonly Evaluation["challenger"][]): Estimate {
  const isUndefined = models.some(({ metrics }) => primaryOf(metrics).estimate.value === null);
  return isUndefined ? UNDEFINED : { value: 0, lower: 0, upper: 0 };
}

/** Evaluation and scores are two objects in S3: one that was replaced must not be judged beside the other. */
function requireScoresOf(
  { holdout, scoresUri, challenger, champion }: Evaluation,
  scores: Scores,
  task: Task,
): void {
  const { columns } = scores;
  const classes = classNames(task).length;
  const invalid = (predictions: readonly (number | null)[]) =>
    scores.label.filter((_, row) => predictions.slice(row * columns, (row + 1) * columns).includes(null))
      .length;
  const faults: Fault[] = [
    ["label", scores.label.length, holdout.rows, "rows"],
    ["group", scores.group.length, holdout.rows, "rows"],
    ["champion", scores.champion.length / columns, holdout.rows, "rows"],
    ["challenger", scores.challenger.length / columns, holdout.rows, "rows"],
    ["label", countRowsByClass(Float64Array.from(scores.label), classes), holdout.classRows, "rows by class"],
    ["group", new Set(scores.group).size, holdout.groups, "groups"],
    ["champion", invalid(scores.champion), champion.invalidPredictions, "rows without a valid prediction"],
    [
      "challenger",
      invalid(scores.challenger),
      challenger.invalidPredictions,
      "rows without a valid prediction",
    ],
    ...Object.entries(scores.slices).map(
      ([column, { level }]) => [`slices.${column}`, level.length, holdout.rows, "rows"] as const,
    ),
  ].flatMap(([path, given, expected, what]) =>
    String(given) === String(expected)
      ? []
      : [
          {
            path: String(path),
            message: `given ${String(given)} ${String(what)}; expected ${String(expected)}, as the evaluation says`,
          },
        ],
  );
  if (columns !== columnsOf(task)) {
    const message = `given ${columns}; expected ${columnsOf(task)}, what a model of the spec's ${task.kind} task answers with`;
    faults.push({ path: "columns", message });
  }
  if (faults.length > 0) throw new InvalidInput(scoresUri, faults);
}

function columnsOf(task: Task): number {
  if (task.kind === "binary") return 1;
  return task.kind === "regression" ? 3 : task.classes.length;
}
