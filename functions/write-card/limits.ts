import type { AuditReport, Evaluation, Manifest, Metrics, Verdict, WorkloadSpec } from "@perennial/contracts";
import { count, estimate, figure, listed, plural, share } from "./wording.ts";

/** What a card's limits are read from. */
export interface LimitsInput {
  readonly spec: WorkloadSpec;
  readonly manifest: Manifest;
  readonly evaluation: Evaluation;
  readonly audit: AuditReport;
  readonly verdict: Verdict;
}

/** What the model can't do or nobody knows of it, each in a sentence: whoever relies on it reads these first. */
export function limitsOf(input: LimitsInput): string[] {
  const { spec, manifest, audit, verdict } = input;
  return [
    `It knows rows like those of its source (${spec.source.citation}) and was tried on no others.`,
    ...manifest.excluded.map(
      ({ column, levels, reason }) =>
        `Not for records whose ${column} is ${listed(levels, "or")}: ${reason}.`,
    ),
    ...answerLimits(manifest),
    ...manifest.lookups.map(
      ({ entity, by, maxAge }) =>
        `Without a state of ${entity} for the record's ${by} that is at most ${count(maxAge)} old (in days, or in units of its time), a caller has to send what would be looked up.`,
    ),
    ...metricLimits(audit.metrics),
    ...sliceLimits(input),
    ...verdict.checks
      .filter(({ name, outcome }) => outcome === "too few" && name !== "slice")
      .map(({ finding }) => `Not known: ${finding}.`),
    ...verdict.checks
      .filter(({ outcome }) => outcome === "failed")
      .map(({ finding }) => `The gate found: ${finding}.`),
    `The audit part has ${plural(audit.part.rows, "row")} of ${plural(audit.part.groups, "group")}: differences smaller than its intervals can't be seen.`,
  ];
}

function answerLimits({ task }: Manifest): string[] {
  if (task.kind !== "regression") return [];
  return [
    `Estimates and intervals are held to ${count(task.min)} to ${count(task.max)} ${task.unit}, whatever the record.`,
  ];
}

function metricLimits(metrics: Metrics): string[] {
  if (metrics.kind === "binary") {
    const { f1, f1OfAllPositive, f1Gain } = metrics.decision;
    if (f1Gain.lower !== null && f1Gain.lower > 0) return [];
    return [
      `At its threshold its F1 of ${estimate(f1)} isn't proved better than ${figure(f1OfAllPositive)}, that of flagging every row: read the probabilities, not the flags.`,
    ];
  }
  if (metrics.kind === "multiclass") {
    const worthless = metrics.rpsGain.lower === null || metrics.rpsGain.lower <= 0;
    return worthless ? ["It isn't proved to be better than always answering with the classes' shares."] : [];
  }
  const { wanted, coverage } = metrics.interval;
  const isMissed =
    coverage.lower === null || coverage.upper === null || wanted < coverage.lower || wanted > coverage.upper;
  return isMissed
    ? [`Its intervals are to hold ${share(wanted)} of the outcomes and held ${estimate(coverage, share)}.`]
    : [];
}

/** Levels with too few rows to say anything of. */
function sliceLimits({ evaluation, spec }: LimitsInput): string[] {
  const { minPerClass } = spec.gate.slices;
  const small = evaluation.slices.filter(({ rows, classRows }) =>
    (classRows.length === 0 ? [rows] : classRows).some((each) => each < minPerClass),
  );
  if (small.length === 0) return [];
  const named = listed(small.map(({ column, level }) => `${column} ${level}`));
  return [`Too few rows to tell how it does for ${named}.`];
}
