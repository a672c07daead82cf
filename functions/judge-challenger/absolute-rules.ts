import type { Check, Evaluation, WorkloadSpec } from "@perennial/contracts";
import { count, figure, metric, plural } from "./wording.ts";

export type Gate = WorkloadSpec["gate"];

/** Which look at the holdout this is; the ledger counts them. */
export interface Look {
  readonly number: number;
}

const BYTES_PER_MIB = 2 ** 20;

/**
 * The rules that hold whatever the champion is. Each is asked as "not within" so that a figure that is missing fails too.
 * Where the champion misses the same bar, the finding says so: then it may be the bar that is wrong.
 */
export function checkAbsoluteRules(evaluation: Evaluation, gate: Gate, look: Look): Check[] {
  return [
    checkRows(evaluation, gate),
    checkPredictions(evaluation),
    checkLooks(evaluation, gate, look),
    checkSlope(evaluation, gate),
    checkMean(evaluation, gate),
    checkBudget(
      "latency",
      "microseconds for one record",
      gate.budgets.scoreMicros,
      evaluation,
      (model) => model.scoreMicros,
    ),
    checkBudget(
      "size",
      "MiB",
      gate.budgets.artifactMiB,
      evaluation,
      (model) => model.artifactBytes / BYTES_PER_MIB,
    ),
  ];
}

function checkRows({ holdout }: Evaluation, { minRows }: Gate): Check {
  const isPassed = holdout.rows >= minRows;
  return {
    name: "rows",
    outcome: outcome(isPassed),
    finding: `the holdout has ${plural(holdout.rows, "row")} of ${plural(holdout.groups, "group")}; ${count(minRows)} are needed`,
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
    ({ model, rows }) => `the ${model} gives no probability for ${plural(rows, "row")}`,
  );
  return {
    name: "predictions",
    outcome: outcome(invalid.length === 0),
    finding: faults.length === 0 ? "both models give a probability for every row" : faults.join(" and "),
    measured: figure(challenger.invalidPredictions),
    limit: "a probability for every row, of both models",
  };
}

function checkLooks({ holdout }: Evaluation, { looks }: Gate, { number }: Look): Check {
  const isPassed = number <= looks;
  const name = `holdout ${holdout.sha256.slice(0, 12)}`;
  return {
    name: "looks",
    outcome: outcome(isPassed),
    finding: isPassed
      ? `look ${number} of ${looks} at ${name}`
      : `${name} is retired: its ${plural(looks, "look")} are spent and this would be look ${number}; ` +
        "bring new data, so that new groups enter the holdout",
    measured: figure(number),
    limit: `at most ${plural(looks, "look")}`,
  };
}

function checkSlope({ challenger, champion }: Evaluation, { calibration }: Gate): Check {
  const [lowest, highest] = calibration.slope;
  const isWithin = (slope: number | null) => slope !== null && slope >= lowest && slope <= highest;
  const { slope } = challenger.metrics.calibration;
  const isPassed = isWithin(slope.value);
  const other = champion.metrics.calibration.slope.value;
  return {
    name: "calibration-slope",
    outcome: outcome(isPassed),
    finding:
      `the calibration slope is ${metric(slope.value)}; ${lowest} to ${highest} is accepted` +
      unreached(isPassed || isWithin(other), metric(other)),
    measured: slope,
    limit: `from ${lowest} to ${highest}`,
  };
}

function checkMean({ challenger, champion }: Evaluation, { calibration }: Gate): Check {
  const isWithin = (z: number | null) => z !== null && Math.abs(z) <= calibration.meanZ;
  const { meanZ, meanPredicted, observedRate } = challenger.metrics.calibration;
  const isPassed = isWithin(meanZ);
  const other = champion.metrics.calibration.meanZ;
  return {
    name: "calibration-mean",
    outcome: outcome(isPassed),
    finding:
      `the mean prediction ${metric(meanPredicted)} lies ${errors(meanZ)} from the observed rate ${metric(observedRate)}; ` +
      `${calibration.meanZ} are accepted${unreached(isPassed || isWithin(other), errors(other))}`,
    measured: figure(meanZ ?? Number.NaN),
    limit: `within ${calibration.meanZ} standard errors`,
  };
}

function checkBudget(
  name: "latency" | "size",
  unit: string,
  budget: number,
  { challenger, champion }: Evaluation,
  figureOf: (model: Evaluation["challenger"]) => number,
): Check {
  const [own, other] = [figureOf(challenger), figureOf(champion)];
  const isPassed = own <= budget;
  const shown = (value: number) => value.toFixed(1);
  return {
    name,
    outcome: outcome(isPassed),
    finding:
      `the model takes ${shown(own)} ${unit}; ${count(budget)} are allowed` +
      unreached(isPassed || other <= budget, shown(other)),
    measured: figure(own),
    limit: `at most ${count(budget)} ${unit}`,
  };
}

const outcome = (isPassed: boolean): Check["outcome"] => (isPassed ? "passed" : "failed");
const errors = (z: number | null): string =>
  z === null ? "undefined" : `${Math.abs(z).toFixed(1)} standard errors`;

/** An absolute bar that the model in service misses as well says little about the challenger. */
const unreached = (isReached: boolean, champion: string): string =>
  isReached ? "" : ` (the champion misses this bar too, at ${champion})`;
