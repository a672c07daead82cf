import type { Check, Evaluation, Verdict, WorkloadSpec } from "@perennial/contracts";
import { type Bar, calibrationBars, type Evaluated } from "./calibration-bars.ts";
import { count, figure, plural } from "./wording.ts";

export type Gate = WorkloadSpec["gate"];

/** Which look at the holdout this is; the ledger counts them. */
export interface Look {
  readonly number: number;
}

/** The latest verdicts on other challengers: they tell a bar that this one missed from one that nothing reaches. */
export type PastVerdicts = readonly Pick<Verdict, "checks">[];

const BYTES_PER_MIB = 2 ** 20;

/**
 * The rules that hold whatever the champion is. Each is asked as "not within" so that a figure that is missing fails too.
 * Where nothing has reached a bar yet, the finding says so: then it may be the bar that is wrong.
 */
export function checkAbsoluteRules(
  evaluation: Evaluation,
  gate: Gate,
  look: Look,
  past: PastVerdicts,
): Check[] {
  return [
    checkRows(evaluation, gate),
    checkPredictions(evaluation),
    checkLooks(evaluation, gate, look),
    ...bars(evaluation, gate).map((bar) => checkBar(bar, evaluation, past)),
  ];
}

function checkRows({ holdout }: Evaluation, { minRows }: Gate): Check {
  return {
    name: "rows",
    outcome: outcome(holdout.rows >= minRows),
    finding: `the holdout has ${plural(holdout.rows, "row")} of ${plural(holdout.groups, "group")}; ${count(minRows)} rows are needed`,
    measured: figure(holdout.rows),
    limit: `at least ${count(minRows)} rows`,
  };
}

function checkPredictions({ challenger, champion }: Evaluation): Check {
  const invalid = [
    { model: "challenger", rows: challenger.invalidPredictions },
    { model: "champion", rows: champion.invalidPredictions },
  ].filter(({ rows }) => !(rows === 0));
  const faults = invalid.map(
    ({ model, rows }) => `the ${model} gives no valid prediction for ${plural(rows, "row")}`,
  );
  return {
    name: "predictions",
    outcome: outcome(invalid.length === 0),
    finding: faults.length === 0 ? "both models give a valid prediction for every row" : faults.join(" and "),
    measured: figure(challenger.invalidPredictions),
    limit: "a valid prediction for every row, by both models",
  };
}

function checkLooks({ holdout }: Evaluation, { looks }: Gate, { number }: Look): Check {
  const isLeft = number <= looks;
  const name = `holdout ${holdout.sha256.slice(0, 12)}`;
  return {
    name: "looks",
    outcome: outcome(isLeft),
    finding: isLeft
      ? `look ${count(number)} of ${count(looks)} at ${name}`
      : `${name} is retired: its ${plural(looks, "look")} are spent and this would be look ${count(number)}; ` +
        "bring new data, so that new groups make a new holdout",
    measured: figure(number),
    limit: `at most ${plural(looks, "look")}`,
  };
}

function bars({ challenger }: Evaluation, { calibration, budgets }: Gate): Bar[] {
  return [
    ...calibrationBars(challenger.metrics, calibration),
    budget("latency", "microseconds for one record", budgets.scoreMicros, ({ scoreMicros }) => scoreMicros),
    budget("size", "MiB", budgets.artifactMiB, ({ artifactBytes }) => artifactBytes / BYTES_PER_MIB),
  ];
}

function budget(
  name: "latency" | "size",
  unit: string,
  most: number,
  figureOf: (model: Evaluated) => number,
): Bar {
  const show = (value: number) => `${value.toFixed(1)} ${unit}`;
  return {
    name,
    measure: (model) => figure(figureOf(model)),
    isReached: (value) => value <= most,
    describe: (model) => `the model takes ${show(figureOf(model))}; ${count(most)} are allowed`,
    show,
    limit: `at most ${count(most)} ${unit}`,
  };
}

function checkBar(bar: Bar, { challenger, champion }: Evaluation, past: PastVerdicts): Check {
  const { name, measure, isReached, cannotTell, describe, limit } = bar;
  const measured = measure(challenger);
  const finding = describe(challenger);
  if (isReached(measured.value ?? Number.NaN)) return { name, outcome: "passed", finding, measured, limit };
  if (cannotTell?.(measured) === true) {
    const { lower, upper } = measured;
    const between = `from ${bar.show(lower ?? Number.NaN)} to ${bar.show(upper ?? Number.NaN)}`;
    const tooFew = `${finding}, but the rows are too few to tell (95 % interval ${between})`;
    return { name, outcome: "too few", finding: tooFew, measured, limit };
  }
  const hint = hintAt(bar, measure(champion).value, past);
  return { name, outcome: "failed", finding: finding + hint, measured, limit };
}

function hintAt(
  { name, place = 0, isReached, show }: Bar,
  champion: number | null,
  past: PastVerdicts,
): string {
  if (isReached(champion ?? Number.NaN)) return "";
  const others = past.flatMap(({ checks }) => checks.filter((check) => check.name === name)[place] ?? []);
  const hasPassed = others.some(({ measured }) => isReached(measured?.value ?? Number.NaN));
  const before =
    others.length === 1 ? "the last challenger" : `any of the last ${count(others.length)} challengers`;
  const shown = champion === null ? "undefined" : show(champion);
  return hasPassed || others.length === 0
    ? ` (the champion misses this bar too: ${shown})`
    : ` (nothing has reached this bar: not the champion, ${shown}, nor ${before})`;
}

const outcome = (isPassed: boolean): Check["outcome"] => (isPassed ? "passed" : "failed");
