import type { Check, Evaluation, Scores, Verdict } from "@perennial/contracts";
import { alphaForLook, judgeGain } from "@perennial/statistics";
import { beforeAll, describe, expect, it } from "vitest";
import { isUnchanged, judge, unchanged } from "../../functions/judge-challenger/judge.ts";
import { calibrated, evaluationOf, GATE, HOLDOUT, scoresOf, TASK } from "../support/evaluations.ts";

const evaluationUri = "s3://artifacts/evaluations/test-readmission/x/evaluation.json";
const EQUAL = scoresOf({ rows: 1200, champion: 1, challenger: 1 });
const BETTER = scoresOf({ rows: 1200, champion: 0.5, challenger: 1.5 });
const WORSE = scoresOf({ rows: 1200, champion: 1.5, challenger: 0.5 });

interface Case {
  scores?: Scores;
  evaluation?: Parameters<typeof evaluationOf>[1];
  gate?: Partial<typeof GATE>;
  look?: number;
  past?: Pick<Verdict, "checks">[];
}

function verdictOn({ scores = BETTER, evaluation = {}, gate = {}, look = 1, past = [] }: Case = {}): Verdict {
  return judge({
    evaluation: evaluationOf(scores, evaluation),
    evaluationUri,
    scores,
    gate: { ...GATE, ...gate },
    task: TASK,
    look: { number: look },
    past,
  });
}

const named = ({ checks }: Verdict, name: Check["name"]) => checks.filter((check) => check.name === name);
const failed = ({ checks }: Verdict) => checks.filter(({ outcome }) => outcome === "failed");
const constant = (scores: Scores): Scores => ({ ...scores, champion: scores.champion.map(() => 0.2) });

describe("a better challenger", () => {
  let verdict: Verdict;
  beforeAll(() => {
    verdict = verdictOn();
  });

  it("is better when the lower bound at this look's level lies above zero and every rule holds", () => {
    expect(verdict.status).toBe("better");
    expect(failed(verdict)).toEqual([]);
    expect(verdict.look).toEqual({ holdoutSha256: HOLDOUT, number: 1, of: 10, alpha: 0.005 });
    expect(verdict.evaluationUri).toBe(evaluationUri);
  });

  it("is told in one sentence with its figures, its sample and what didn't count", () => {
    expect(verdict.reason).toBe(
      "Better than version 3 on 1,200 held-out rows of 600 groups: AUC 0.8602 against the champion's 0.6475, " +
        "a gain of +0.2127 (95 % interval +0.1903 to +0.2370); at this look's level of 0.5 % it lies between " +
        "+0.1826 and +0.2427; every other rule holds, with 1 of 4 slices too small to count.",
    );
  });

  it("has every rule in its checks, in order", () => {
    expect(verdict.checks.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
      "rows passed",
      "predictions passed",
      "looks passed",
      "calibration-slope passed",
      "calibration-mean passed",
      "latency passed",
      "size passed",
      "primary passed",
      "brier passed",
      "slice passed",
      "slice passed",
      "slice passed",
      "slice too few",
    ]);
  });

  it("beats a constant baseline, whose AUC is exactly one half", () => {
    const first = verdictOn({
      scores: constant(BETTER),
      evaluation: { champion: { version: 0, ...calibrated({ slope: null }) } },
    });
    expect(first.status).toBe("better");
    expect(first.reason).toMatch(/^Better than the baseline .* against the champion's 0\.5000, /);
  });

  it("is the same verdict, bit by bit, when it is judged again", () => {
    expect(verdictOn()).toEqual(verdict);
  });

  it("is resampled by a seed of its own: other models or another holdout draw otherwise", () => {
    const other = verdictOn({ evaluation: { challenger: { modelSha256: "d".repeat(64) } } });
    expect(other.difference.value).toBe(verdict.difference.value);
    expect(other.difference.lower).not.toBe(verdict.difference.lower);
  });
});

describe("the primary rule", () => {
  it("keeps the champion on a tie", () => {
    const verdict = verdictOn({ scores: EQUAL });
    expect(verdict.status).toBe("tie");
    expect(failed(verdict).map(({ name }) => name)).toEqual(["primary"]);
    expect(verdict.reason).toMatch(
      /^A tie with version 3 on 1,200 held-out rows of 600 groups, so the champion stays: AUC 0\.\d{4} against /,
    );
  });

  it("keeps the champion when both give the same probabilities by different models", () => {
    const scores = { ...EQUAL, challenger: EQUAL.champion };
    const verdict = verdictOn({ scores });
    expect(verdict.status).toBe("tie");
    expect(verdict.difference).toEqual({ value: 0, lower: 0, upper: 0 });
  });

  it("calls a challenger worse when the upper bound lies below zero, and names what else it lost", () => {
    const verdict = verdictOn({ scores: WORSE });
    expect(verdict.status).toBe("worse");
    expect(verdict.reason).toMatch(/^Worse than version 3 on .*; besides: Brier score /);
  });

  it("is judgeGain at alphaForLook: the rule that the year of looks is simulated with", () => {
    const scores = scoresOf({ rows: 1200, champion: 1, challenger: 1.05 });
    const [primary] = named(verdictOn({ scores, gate: { alpha: 0.2, looks: 1 } }), "primary");
    const [strict] = named(verdictOn({ scores, gate: { alpha: 0.05, looks: 10 } }), "primary");
    expect(primary?.outcome).toBe("passed");
    expect(strict?.outcome).toBe("failed");
    const bounds = /it lies between ([+-][\d.]+) and ([+-][\d.]+)/.exec(strict?.finding ?? "");
    const [wide] = named(verdictOn({ scores, gate: { alpha: 0.1, looks: 1 } }), "primary");
    const base = /it lies between ([+-][\d.]+) and ([+-][\d.]+)/.exec(wide?.finding ?? "");
    const gain = (Number(base?.[1]) + Number(base?.[2])) / 2;
    const { lowerBound: unit } = judgeGain({ gain: 0, standardError: 1, alpha: 0.1 });
    const standardError = (Number(base?.[1]) - gain) / unit;
    const level = alphaForLook({ alpha: 0.05, looks: 10, look: 1 });
    const expected = judgeGain({ gain, standardError, alpha: level });
    expect(Number(bounds?.[1])).toBeCloseTo(expected.lowerBound, 3);
    expect(Number(bounds?.[2])).toBeCloseTo(expected.upperBound, 3);
  });

  it.each([
    ["challenger", 1, "the challenger gives no valid prediction for 1 row"],
    ["champion", 2, "the champion gives no valid prediction for 2 rows"],
  ] as const)("refuses when the %s has no valid prediction somewhere", (model, rows, finding) => {
    const scores = { ...BETTER, [model]: BETTER[model].map((value, row) => (row < rows ? null : value)) };
    const verdict = verdictOn({ scores });
    expect(verdict.status).toBe("refused");
    expect(named(verdict, "predictions")[0]?.finding).toBe(finding);
    expect(named(verdict, "primary")[0]?.finding).toContain("a gain of undefined");
    expect(verdict.difference).toEqual({ value: null, lower: null, upper: null });
  });

  it("refuses when the holdout has one class only", () => {
    const verdict = verdictOn({ scores: { ...BETTER, label: BETTER.label.map(() => 0) } });
    expect(verdict.status).toBe("refused");
    expect(verdict.reason).toMatch(/^Refused by \d rules? on .*: AUC undefined against /);
  });
});

describe("the absolute rules", () => {
  it.each<[string, Case, Check["name"], string]>([
    [
      "too few rows",
      { gate: { minRows: 2000 } },
      "rows",
      "the holdout has 1,200 rows of 600 groups; 2,000 rows are needed",
    ],
    [
      "too small a slope",
      { evaluation: { challenger: calibrated({ slope: 0.7 }) } },
      "calibration-slope",
      "the calibration slope is 0.7000; 0.8 to 1.25 is accepted",
    ],
    [
      "too great a slope",
      { evaluation: { challenger: calibrated({ slope: 1.3 }) } },
      "calibration-slope",
      "the calibration slope is 1.3000; 0.8 to 1.25 is accepted",
    ],
    [
      "no slope at all",
      { evaluation: { challenger: calibrated({ slope: null }) } },
      "calibration-slope",
      "the calibration slope is undefined; 0.8 to 1.25 is accepted",
    ],
    [
      "a mean too high",
      { evaluation: { challenger: calibrated({ meanZ: 3.2 }) } },
      "calibration-mean",
      "the mean prediction 0.2000 lies 3.2 standard errors from the observed rate 0.2000; 3 are accepted",
    ],
    [
      "a mean too low",
      { evaluation: { challenger: calibrated({ meanZ: -3.2 }) } },
      "calibration-mean",
      "the mean prediction 0.2000 lies 3.2 standard errors from the observed rate 0.2000; 3 are accepted",
    ],
    [
      "an undefined mean",
      { evaluation: { challenger: calibrated({ meanZ: null }) } },
      "calibration-mean",
      "the mean prediction 0.2000 lies an undefined distance from the observed rate 0.2000; 3 are accepted",
    ],
    [
      "a slow model",
      { evaluation: { challenger: { scoreMicros: 612.34 } } },
      "latency",
      "the model takes 612.3 microseconds for one record; 500 are allowed",
    ],
    [
      "a large model",
      { evaluation: { challenger: { artifactBytes: 21 * 2 ** 20 } } },
      "size",
      "the model takes 21.0 MiB; 20 are allowed",
    ],
  ])("refuse %s, however great the gain", (_, given, name, finding) => {
    const verdict = verdictOn(given);
    expect(verdict.status).toBe("refused");
    expect(failed(verdict).map((check) => [check.name, check.finding])).toEqual([[name, finding]]);
    expect(verdict.reason).toBe(`Refused by 1 rule on 1,200 held-out rows of 600 groups: ${finding}.`);
  });

  it.each<[string, Case]>([
    ["rows", { gate: { minRows: 1200 } }],
    ["slope", { evaluation: { challenger: calibrated({ slope: 0.8 }) } }],
    ["mean", { evaluation: { challenger: calibrated({ meanZ: -3 }) } }],
    ["latency", { evaluation: { challenger: { scoreMicros: 500 } } }],
    ["size", { evaluation: { challenger: { artifactBytes: 20 * 2 ** 20 } } }],
  ])("accept a figure exactly at the limit: %s", (_, given) => {
    expect(verdictOn(given).status).toBe("better");
  });

  it("name all that are broken, within the length of an approval description", () => {
    const verdict = verdictOn({
      evaluation: {
        challenger: { ...calibrated({ slope: 9, meanZ: 9 }), scoreMicros: 900, artifactBytes: 2 ** 30 },
        champion: { ...calibrated({ slope: 9, meanZ: 9 }), scoreMicros: 900, artifactBytes: 2 ** 30 },
      },
      gate: { minRows: 5000 },
    });
    expect(verdict.reason).toMatch(/^Refused by 5 rules on /);
    expect(verdict.reason.length).toBeLessThanOrEqual(1024);
    expect(failed(verdict)).toHaveLength(5);
  });

  it("say when the champion misses the bar too", () => {
    const slow = { scoreMicros: 700 };
    const [latency] = named(verdictOn({ evaluation: { challenger: slow, champion: slow } }), "latency");
    expect(latency?.finding).toBe(
      "the model takes 700.0 microseconds for one record; 500 are allowed " +
        "(the champion misses this bar too: 700.0 microseconds for one record)",
    );
  });

  it("say when nothing has ever reached the bar, by what was measured of earlier challengers", () => {
    const slow = { scoreMicros: 700 };
    const evaluation = { challenger: slow, champion: slow };
    const past = [verdictOn({ evaluation }), verdictOn({ evaluation })];
    const finding = (verdicts: Case["past"]) =>
      named(verdictOn({ evaluation, past: verdicts ?? [] }), "latency")[0]?.finding;
    expect(finding(past)).toBe(
      "the model takes 700.0 microseconds for one record; 500 are allowed " +
        "(nothing has reached this bar: not the champion, 700.0 microseconds for one record, nor any of the last 2 challengers)",
    );
    expect(finding([...past, verdictOn()])).toMatch(/\(the champion misses this bar too: /);
  });
});

describe("looks at a holdout", () => {
  it("are spent at an equal share of alpha each, to the last", () => {
    expect(verdictOn({ look: 10 }).look).toEqual({
      holdoutSha256: HOLDOUT,
      number: 10,
      of: 10,
      alpha: 0.005,
    });
    expect(verdictOn({ look: 10 }).status).toBe("better");
  });

  it("end: a retired holdout refuses, compares nothing and says what to do", () => {
    const verdict = verdictOn({ look: 11 });
    expect(verdict.status).toBe("refused");
    expect(verdict.reason).toBe(
      "Refused by 1 rule on 1,200 held-out rows of 600 groups: holdout cccccccccccc is retired: its 10 looks are spent and " +
        "this would be look 11; bring new data, so that new groups make a new holdout.",
    );
    expect(verdict.look).toEqual({ holdoutSha256: HOLDOUT, number: 11, of: 10, alpha: 0 });
    expect(verdict.difference).toEqual({ value: null, lower: null, upper: null });
    expect(verdict.checks.map(({ name }) => name)).not.toContain("primary");
  });
});

describe("losses that no gain excuses", () => {
  it("refuse a slice that lost more than the margin", () => {
    const scores = scoresOf({ rows: 4000, champion: 1, challenger: 4, spoiltWard: "2" });
    const verdict = verdictOn({ scores });
    expect(named(verdict, "primary")[0]?.outcome).toBe("passed");
    expect(verdict.status).toBe("refused");
    expect(failed(verdict).map(({ name }) => name)).toEqual(["slice"]);
    expect(verdict.reason).toMatch(
      /^Refused by 1 rule on 4,000 held-out rows of 2,000 groups: ward 2: AUC 0\.\d{4} against the champion's 0\.\d{4}, a gain of -0\.\d{4}, at most -0\.\d{4} at a level of 1\.7 % \([\d,]+ rows, \d+ positive\)\.$/,
    );
  });

  it("tolerate a slice's loss within the margin", () => {
    const scores = scoresOf({ rows: 4000, champion: 1, challenger: 4, spoiltWard: "2" });
    expect(verdictOn({ scores, gate: { slices: { ...GATE.slices, margin: 0.5 } } }).status).toBe("better");
  });

  it("leave out a slice with too few rows of either class, and say so", () => {
    const [, , , small] = named(verdictOn(), "slice");
    expect(small).toEqual({
      name: "slice",
      outcome: "too few",
      finding: "ward 4: too few to count (12 rows, 1 positive); 50 of each class are needed",
      measured: null,
      limit: null,
    });
  });

  it("refuse worse probabilities that are in better order", () => {
    const crushed = BETTER.challenger.map((value) => (value === null ? null : value / 100));
    const verdict = verdictOn({ scores: { ...BETTER, challenger: crushed } });
    expect(verdict.status).toBe("refused");
    expect(failed(verdict).map(({ name }) => name)).toEqual(["brier"]);
  });
});

describe("an unchanged model", () => {
  const same = (): Evaluation => evaluationOf(EQUAL, { challenger: { modelSha256: "a".repeat(64) } });

  it("is recognised by its graph alone", () => {
    expect(isUnchanged(same())).toBe(true);
    expect(isUnchanged(evaluationOf(EQUAL))).toBe(false);
  });

  it("takes no look and compares nothing", () => {
    expect(unchanged(same(), evaluationUri)).toEqual({
      workload: "test-readmission",
      execution: "test-readmission-0123456789ab",
      status: "unchanged",
      reason:
        "Unchanged: the challenger is the same model as version 3, which is in service; the holdout was not looked at.",
      checks: [],
      look: null,
      difference: { value: 0, lower: 0, upper: 0 },
      evaluationUri,
    });
  });
});

it("refuses scores that aren't those of the evaluation, with every difference", () => {
  const scores = { ...BETTER, champion: BETTER.champion.slice(1), group: BETTER.group.map(() => 0) };
  const evaluation = evaluationOf(BETTER);
  const judging = () =>
    judge({ evaluation, evaluationUri, scores, gate: GATE, task: TASK, look: { number: 1 }, past: [] });
  expect(judging).toThrow(
    `${evaluation.scoresUri} is refused, 2 faults:\n` +
      "  champion: given 1199 rows; expected 1200, as the evaluation says\n" +
      "  group: given 1 groups; expected 600, as the evaluation says",
  );
});
