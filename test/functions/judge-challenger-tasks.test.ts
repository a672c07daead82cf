import type { Check, Evaluation, Metrics, Scores, Verdict } from "@perennial/contracts";
import { beforeAll, describe, expect, it } from "vitest";
import { judge } from "../../functions/judge-challenger/judge.ts";
import { estimate, metricsOf } from "../support/evaluations.ts";
import {
  MATCH_GATE,
  MATCH_TASK,
  matchScores,
  STAY_GATE,
  STAY_TASK,
  stayScores,
  taskEvaluation,
} from "../support/task-evaluations.ts";

const evaluationUri = "s3://artifacts/evaluations/test/x/evaluation.json";
const common = { evaluationUri, look: { number: 1 }, past: [] };

const named = ({ checks }: Verdict, name: Check["name"]) => checks.filter((check) => check.name === name);
const failed = ({ checks }: Verdict) => checks.filter(({ outcome }) => outcome === "failed");
const outcomes = ({ checks }: Verdict) => checks.map(({ name, outcome }) => `${name} ${outcome}`);

/** The evaluation with other figures of the challenger. */
const withMetrics = (evaluation: Evaluation, metrics: Metrics): Evaluation => ({
  ...evaluation,
  challenger: { ...evaluation.challenger, metrics },
});

describe("the gate of ordered classes", () => {
  const judged = (scores: Scores, change: (evaluation: Evaluation) => Evaluation = (same) => same) =>
    judge({
      ...common,
      scores,
      evaluation: change(taskEvaluation(MATCH_TASK, scores)),
      gate: MATCH_GATE,
      task: MATCH_TASK,
    });
  const BETTER = matchScores({ champion: 0.2, challenger: 1 });
  let verdict: Verdict;
  beforeAll(() => {
    verdict = judged(BETTER);
  });

  it("promotes a challenger whose RPS is proved lower, and counts the gain upwards", () => {
    expect(verdict.status).toBe("better");
    expect(verdict.difference.lower).toBeGreaterThan(0);
    expect(verdict.reason).toMatch(
      /^Better than version 3 on 1,200 held-out rows of 600 groups: RPS 0\.\d{4} against the champion's 0\.\d{4}, a gain of \+0\.\d{4} \(95 % interval \+0\.\d{4} to \+0\.\d{4}\); at this look's level of 0\.5 % it lies between \+0\.\d{4} and \+0\.\d{4}; every other rule holds, with 1 of 3 slices too small to count; the rows are too few to tell the calibration slope\.$/,
    );
  });

  it("holds every class to the calibration's limits, and log loss beside the RPS", () => {
    expect(outcomes(verdict)).toEqual([
      "rows passed",
      "predictions passed",
      "looks passed",
      "calibration-slope passed",
      "calibration-mean passed",
      "calibration-slope too few",
      "calibration-mean passed",
      "calibration-slope passed",
      "calibration-mean passed",
      "latency passed",
      "size passed",
      "primary passed",
      "log-loss passed",
      "slice passed",
      "slice passed",
      "slice too few",
    ]);
    const [loss, draw] = named(verdict, "calibration-slope");
    expect(loss?.finding).toMatch(/^loss: the calibration slope is \d\.\d{4}; 0\.7 to 1\.4 is accepted$/);
    expect(draw?.finding).toMatch(
      /^draw: the calibration slope is .*; 0\.7 to 1\.4 is accepted, but the rows are too few to tell \(95 % interval from -?\d+\.\d{4} to \d+\.\d{4}\)$/,
    );
  });

  it("says of a slice how many rows of each class it has", () => {
    const [home, , neutral] = named(verdict, "slice");
    expect(home?.finding).toMatch(
      /^venue home: RPS 0\.\d{4} against the champion's 0\.\d{4}, a gain of \+0\.\d{4}, at most \+0\.\d{4} at a level of \d\.?\d* % \(588 rows, \d+ loss, \d+ draw, \d+ win\)$/,
    );
    expect(neutral?.finding).toMatch(
      /^venue neutral: too few to count \(12 rows, \d loss, \d draw, \d win\); 20 of each class are needed$/,
    );
  });

  it("keeps the champion on a tie and when it is worse", () => {
    expect(judged(matchScores({ champion: 1, challenger: 1 })).status).toBe("tie");
    expect(judged(matchScores({ champion: 1, challenger: 0.2 })).status).toBe("worse");
  });

  it("refuses a class whose slope is proved wrong, by name", () => {
    const wrong = judged(BETTER, (evaluation) => {
      const metrics = metricsOf("multiclass", evaluation.challenger.metrics);
      const classes = metrics.classes.map((each) =>
        each.name === "win"
          ? { ...each, calibration: { ...each.calibration, slope: { value: 0.5, lower: 0.4, upper: 0.6 } } }
          : each,
      );
      return withMetrics(evaluation, { ...metrics, classes });
    });
    expect(wrong.status).toBe("refused");
    expect(failed(wrong).map(({ finding }) => finding)).toEqual([
      "win: the calibration slope is 0.5000; 0.7 to 1.4 is accepted",
    ]);
  });

  it("refuses when a row has no valid prediction, however many of its columns are missing", () => {
    const scores = {
      ...BETTER,
      challenger: BETTER.challenger.map((value, at) => (at < 3 || at === 7 ? null : value)),
    };
    const refused = judged(scores);
    expect(refused.status).toBe("refused");
    expect(named(refused, "predictions")[0]?.finding).toBe(
      "the challenger gives no valid prediction for 2 rows",
    );
    expect(refused.difference).toEqual({ value: null, lower: null, upper: null });
  });

  it("refuses scores of another task", () => {
    const evaluation = taskEvaluation(MATCH_TASK, BETTER);
    const judging = () =>
      judge({ ...common, scores: BETTER, evaluation, gate: STAY_GATE, task: { ...MATCH_TASK, classes: [] } });
    expect(judging).toThrow(
      "columns: given 3; expected 0, what a model of the spec's multiclass task answers with",
    );
  });
});

describe("the gate of a quantity", () => {
  const judged = (scores: Scores, change: (evaluation: Evaluation) => Evaluation = (same) => same) =>
    judge({
      ...common,
      scores,
      evaluation: change(taskEvaluation(STAY_TASK, scores)),
      gate: STAY_GATE,
      task: STAY_TASK,
    });
  const BETTER = stayScores({ champion: 0.3, challenger: 1 });

  it("promotes a challenger whose RMSE is proved lower, in the task's unit", () => {
    const verdict = judged(BETTER);
    expect(verdict.status).toBe("better");
    expect(outcomes(verdict)).toEqual([
      "rows passed",
      "predictions passed",
      "looks passed",
      "coverage passed",
      "latency passed",
      "size passed",
      "primary passed",
      "mae passed",
      "slice passed",
      "slice passed",
      "slice too few",
    ]);
    expect(named(verdict, "primary")[0]?.finding).toMatch(
      /^RMSE \d\.\d{4} days against the champion's \d\.\d{4} days, a gain of \+\d\.\d{4} days \(95 % interval /,
    );
    expect(named(verdict, "mae")[0]?.finding).toMatch(
      /^MAE \d\.\d{4} days against the champion's \d\.\d{4} days, a difference of -\d\.\d{4} days /,
    );
    expect(named(verdict, "slice")[2]?.finding).toBe(
      "venue neutral: too few to count (12 rows); 100 are needed",
    );
    expect(verdict.difference.value).toBeGreaterThan(0);
  });

  it("keeps the champion on a tie and when it is worse", () => {
    expect(judged(stayScores({ champion: 1, challenger: 1 })).status).toBe("tie");
    expect(judged(stayScores({ champion: 1, challenger: 0.3 })).status).toBe("worse");
  });

  const withCoverage = (value: number | null, lower: number | null, upper: number | null) =>
    judged(BETTER, (evaluation) => {
      const metrics = metricsOf("regression", evaluation.challenger.metrics);
      const interval = { ...metrics.interval, coverage: { value, lower, upper } };
      return withMetrics(evaluation, { ...metrics, interval });
    });

  it.each([
    [0.86, 0.85, 0.87, "passed"],
    [0.94, 0.93, 0.95, "passed"],
    [0.855, 0.84, 0.87, "failed"],
    [0.95, 0.94, 0.96, "failed"],
    // Wider than what is accepted: a model of exactly 90 % would be found there often enough.
    [0.84, 0.78, 0.9, "too few"],
    // Wide, and wholly below.
    [0.7, 0.6, 0.8, "failed"],
    [null, null, null, "failed"],
  ] as const)("holds a coverage of %s (%s to %s) to 86 to 94 %%: %s", (value, lower, upper, outcome) => {
    const verdict = withCoverage(value, lower, upper);
    expect(named(verdict, "coverage")[0]?.outcome).toBe(outcome);
    expect(verdict.status).toBe(outcome === "failed" ? "refused" : "better");
  });

  it("says what the intervals hold", () => {
    expect(named(withCoverage(0.8, 0.78, 0.82), "coverage")[0]?.finding).toBe(
      "the prediction intervals hold 80.0 % of the outcomes; 86.0 % to 94.0 % is accepted",
    );
    expect(named(withCoverage(0.84, 0.78, 0.9), "coverage")[0]?.finding).toBe(
      "the prediction intervals hold 84.0 % of the outcomes; 86.0 % to 94.0 % is accepted, " +
        "but the rows are too few to tell (95 % interval from 78.0 % to 90.0 %)",
    );
  });

  it("refuses a lower RMSE that is bought with a larger error for most", () => {
    // The champion is off by a lot in a few rows, the challenger by a little in all.
    const label = Array.from({ length: 1200 }, () => 25);
    const answers = (error: (row: number) => number) =>
      label.flatMap((outcome, row) => [outcome + error(row), outcome - 9, outcome + 9]);
    const scores: Scores = {
      group: label.map((_, row) => row),
      label,
      columns: 3,
      champion: answers((row) => (row % 20 === 0 ? 8 : 0)),
      challenger: answers((row) => (row % 2 === 0 ? 1 : -1)),
      slices: {},
    };
    const verdict = judged(scores, (evaluation) => {
      const metrics = metricsOf("regression", evaluation.challenger.metrics);
      const interval = { ...metrics.interval, coverage: estimate(0.9) };
      return withMetrics(evaluation, { ...metrics, interval });
    });
    expect(verdict.status).toBe("refused");
    expect(failed(verdict).map(({ name }) => name)).toEqual(["mae"]);
  });
});
