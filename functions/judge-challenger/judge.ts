import {
  type Check,
  type Estimate,
  type Evaluation,
  type Fault,
  InvalidInput,
  type Scores,
  type Verdict,
} from "@perennial/contracts";
import { alphaForLook, type GainOutcome, seedFromText } from "@perennial/statistics";
import { checkAbsoluteRules, type Gate, type Look, type PastVerdicts } from "./absolute-rules.ts";
import { checkBrier, checkSlices, comparePrimary, describePrimary, pairRows } from "./comparisons.ts";
import { reasonFor } from "./reason.ts";

export interface JudgementInput {
  readonly evaluation: Evaluation;
  readonly evaluationUri: string;
  readonly scores: Scores;
  readonly gate: Gate;
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
    difference: differsByNothing(challenger.metrics.rocAuc.value, champion.metrics.rocAuc.value),
    evaluationUri,
  };
}

/**
 * The gate. Absolute rules come first: breaking one refuses, whatever the gain. Then the primary comparison: without a proved
 * gain the champion stays. Last what a gain doesn't excuse: worse probabilities, or a slice that lost.
 *
 * The same evaluation, scores and look give the same verdict: the resampling's seed comes from what is judged.
 *
 * @throws {InvalidInput} if the scores aren't those of the evaluation.
 */
export function judge({ evaluation, evaluationUri, scores, gate, look, past }: JudgementInput): Verdict {
  requireScoresOf(evaluation, scores);
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

  const rows = pairRows(scores);
  const seed = seedFromText(`${holdout.sha256} ${champion.modelSha256} ${challenger.modelSha256}`);
  const primary = comparePrimary(rows, gate, look, seed);
  const primaryCheck = describePrimary(primary);
  const relative = [checkBrier(rows, gate, seed), ...checkSlices(rows, gate, seed)];
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

function differsByNothing(challenger: number | null, champion: number | null): Estimate {
  return challenger === null || champion === null ? UNDEFINED : { value: 0, lower: 0, upper: 0 };
}

/** Evaluation and scores are two objects in S3: one that was replaced must not be judged beside the other. */
function requireScoresOf({ holdout, scoresUri, challenger, champion }: Evaluation, scores: Scores): void {
  const nulls = (column: readonly (number | null)[]) => column.filter((value) => value === null).length;
  const faults: Fault[] = [
    ["label", scores.label.length, holdout.rows, "rows"],
    ["group", scores.group.length, holdout.rows, "rows"],
    ["champion", scores.champion.length, holdout.rows, "rows"],
    ["challenger", scores.challenger.length, holdout.rows, "rows"],
    ["label", scores.label.filter((label) => label === 1).length, holdout.positives, "positive rows"],
    ["group", new Set(scores.group).size, holdout.groups, "groups"],
    ["champion", nulls(scores.champion), champion.invalidPredictions, "rows without a probability"],
    ["challenger", nulls(scores.challenger), challenger.invalidPredictions, "rows without a probability"],
    ...Object.entries(scores.slices).map(
      ([column, { level }]) => [`slices.${column}`, level.length, holdout.rows, "rows"] as const,
    ),
  ].flatMap(([path, given, expected, what]) =>
    given === expected
      ? []
      : [
          {
            path: String(path),
            message: `given ${given} ${what}; expected ${expected}, as the evaluation says`,
          },
        ],
  );
  if (faults.length > 0) throw new InvalidInput(scoresUri, faults);
}
