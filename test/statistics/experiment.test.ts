import {
  armOf,
  createRandom,
  Experiment,
  type ExperimentTerms,
  type Finding,
  MeanSequence,
  outcomesNeeded,
} from "@perennial/statistics";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

const TERMS: ExperimentTerms = { alpha: 0.05, worstLoss: 1, worthwhileGain: 0.02 };

/** Runs an experiment on losses of 0 or 1, looking after every outcome, until it is decided or out of outcomes. */
function run(
  terms: ExperimentTerms,
  rates: { champion: number; challenger: number },
  outcomes: number,
  seed: number,
): { finding: Finding; outcomes: number } {
  const random = createRandom(seed);
  const experiment = new Experiment(terms);
  for (let outcome = 1; outcome <= outcomes; outcome++) {
    const arm = random.uniform() < 0.5 ? "champion" : "challenger";
    experiment.add(arm, random.uniform() < rates[arm] ? terms.worstLoss : 0);
    const finding = experiment.finding();
    if (finding.verdict !== "open") return { finding, outcomes: outcome };
  }
  return { finding: experiment.finding(), outcomes };
}

const shareOf = <Item>(items: readonly Item[], fits: (item: Item) => boolean): number =>
  items.filter(fits).length / items.length;

describe("a confidence sequence", () => {
  it.each([0.5, 0.1, 0.01])(
    "holds a mean of %s at all of 3,000 times at once, in at least 95 of 100 runs",
    (mean) => {
      const random = createRandom(20_261_121);
      let misses = 0;
      for (let repeat = 0; repeat < 400; repeat++) {
        const sequence = new MeanSequence(0.95);
        for (let time = 0; time < 3000; time++) sequence.add(random.uniform() < mean ? 1 : 0);
        // Its intervals are intersected: what it held at all times it holds at the end.
        const { lower, upper } = sequence.interval();
        if (mean < lower || mean > upper) misses += 1;
      }
      expect(misses).toBeLessThanOrEqual(20);
    },
  );

  it("only ever narrows, and stays within what a mean can be", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 200 }), (values) => {
        const sequence = new MeanSequence(0.9);
        let before = sequence.interval();
        expect(before).toEqual({ lower: 0, upper: 1, confidence: 0.9 });
        for (const value of values) {
          sequence.add(value);
          const now = sequence.interval();
          expect(now.lower >= before.lower && now.upper <= before.upper).toBe(true);
          before = now;
        }
        expect(sequence.count).toBe(values.length);
      }),
    );
  });

  it("narrows faster for values that differ less", () => {
    const [calm, wild] = [new MeanSequence(0.95), new MeanSequence(0.95)];
    for (let time = 0; time < 1000; time++) {
      calm.add(time % 2 === 0 ? 0.45 : 0.55);
      wild.add(time % 2);
    }
    const widthOf = ({ lower, upper }: { lower: number; upper: number }) => upper - lower;
    expect(widthOf(calm.interval())).toBeLessThan(widthOf(wild.interval()) / 3);
  });

  it.each([-0.01, 1.01, Number.NaN])("refuses %s", (value) => {
    expect(() => new MeanSequence(0.95).add(value)).toThrow(
      `MeanSequence: given ${value}, expected a value from 0 to 1.`,
    );
  });
});

describe("an experiment", () => {
  it("with two equal models promotes hardly ever, although somebody looks after every outcome", () => {
    const runs = Array.from({ length: 1000 }, (_, seed) =>
      run({ ...TERMS, worthwhileGain: 1e-9 }, { champion: 0.2, challenger: 0.2 }, 2000, seed),
    );
    expect(shareOf(runs, ({ finding }) => finding.verdict === "better")).toBeLessThanOrEqual(0.025);
    expect(shareOf(runs, ({ finding }) => finding.verdict === "harmful")).toBeLessThanOrEqual(0.025);
  });

  it("would promote one of two equal models in a sixth of the runs and more, if it took a z-test at every look", () => {
    let promotions = 0;
    for (let seed = 0; seed < 300; seed++) {
      const random = createRandom(seed);
      const sums = { champion: [0, 0], challenger: [0, 0] } as Record<string, [number, number]>;
      for (let outcome = 0; outcome < 2000; outcome++) {
        const arm = random.uniform() < 0.5 ? "champion" : "challenger";
        sums[arm]![0] += random.uniform() < 0.2 ? 1 : 0;
        sums[arm]![1] += 1;
        const [a, n] = sums["champion"]!;
        const [b, m] = sums["challenger"]!;
        if (n < 50 || m < 50) continue;
        const pooled = (a + b) / (n + m);
        const error = Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
        if ((a / n - b / m) / error > 1.96) {
          promotions += 1;
          break;
        }
      }
    }
    expect(promotions / 300).toBeGreaterThan(1 / 6);
  });

  it("finds a better challenger in about as many outcomes as were foretold", () => {
    const terms = { ...TERMS, worthwhileGain: 0.1 };
    const runs = Array.from({ length: 60 }, (_, seed) =>
      run(terms, { champion: 0.3, challenger: 0.2 }, 20_000, seed),
    );
    const better = runs.filter(({ finding }) => finding.verdict === "better");
    expect(better.length).toBeGreaterThanOrEqual(54);
    const middle = better.map(({ outcomes }) => outcomes).toSorted((a, b) => a - b)[better.length >> 1]!;
    const foretold = outcomesNeeded(terms, 0.2, 0.5)!;
    expect(foretold).toBe(2809);
    expect(middle / foretold).toBeGreaterThan(0.6);
    expect(middle / foretold).toBeLessThan(1.6);
  });

  it("stops for harm, long before it would have found as large a gain worth it", () => {
    const terms = { ...TERMS, worthwhileGain: 1e-6 };
    const { finding, outcomes } = run(terms, { champion: 0.2, challenger: 0.5 }, 10_000, 3);
    expect(finding.verdict).toBe("harmful");
    expect(finding.gain.upper).toBeLessThan(0);
    expect(outcomes).toBeLessThan(outcomesNeeded(TERMS, 0.2, 0.5)!);
  });

  it("stops when nothing that is worth it can be left to find", () => {
    const { finding } = run({ ...TERMS, worthwhileGain: 0.1 }, { champion: 0.2, challenger: 0.2 }, 20_000, 4);
    expect(finding.verdict).toBe("futile");
  });

  it("says everything in the unit of the loss", () => {
    const days = { alpha: 0.05, worstLoss: 36, worthwhileGain: 0.5 };
    const experiment = new Experiment(days);
    for (let pair = 0; pair < 500; pair++) {
      experiment.add("champion", 30);
      experiment.add("challenger", 3);
    }
    const { estimate, gain, verdict, counts } = experiment.finding();
    expect(estimate).toBeCloseTo(27, 9);
    expect({ verdict, counts }).toEqual({
      verdict: "better",
      counts: { champion: 500, challenger: 500 },
    });
    expect(gain.lower).toBeGreaterThan(20);
    expect(gain.upper).toBeLessThanOrEqual(36);
  });

  it("is open while an arm has no outcome, whatever the other one says", () => {
    const experiment = new Experiment(TERMS);
    for (let outcome = 0; outcome < 5000; outcome++) experiment.add("champion", 1);
    const { verdict, estimate, gain } = experiment.finding();
    expect({ verdict, estimate, upper: gain.upper }).toEqual({
      verdict: "open",
      estimate: Number.NaN,
      upper: 1,
    });
    expect(gain.lower).toBeLessThan(0);
  });

  it("refuses terms and losses that can't be, all at once", () => {
    expect(() => new Experiment({ alpha: 0, worstLoss: -1, worthwhileGain: 2 })).toThrow(
      "Experiment: alpha is 0, expected a number between 0 and 1; worstLoss is -1, expected a number above 0; worthwhileGain is 2, expected a number above 0, at most worstLoss.",
    );
    expect(() => new Experiment(TERMS).add("challenger", 1.5)).toThrow(
      "Experiment: the challenger's loss is 1.5, expected 0 to 1.",
    );
  });

  it("says beforehand that it can't end", () => {
    expect(outcomesNeeded({ ...TERMS, worthwhileGain: 0.0001 }, 0.25, 0.5)).toBeNull();
  });
});

describe("the arm of a key", () => {
  it("is the same each time, and another matter in another experiment", () => {
    const keys = Array.from({ length: 2000 }, (_, place) => `patient-${place}`);
    const arms = keys.map((key) => armOf("one", key, 0.3));
    expect(keys.map((key) => armOf("one", key, 0.3))).toEqual(arms);
    const both = keys.filter(
      (key, place) => arms[place] === "challenger" && armOf("two", key, 0.3) === "challenger",
    );
    expect(both.length / keys.length).toBeGreaterThan(0.06);
    expect(both.length / keys.length).toBeLessThan(0.12);
  });

  it.each([0.01, 0.1, 0.5])(
    "is the challenger for a share of %s of the keys, even of numbers in a row",
    (share) => {
      const count = 20_000;
      const challengers = Array.from({ length: count }, (_, key) => armOf("e", String(key), share)).filter(
        (arm) => arm === "challenger",
      ).length;
      // Four standard errors.
      expect(Math.abs(challengers / count - share)).toBeLessThan(
        4 * Math.sqrt((share * (1 - share)) / count),
      );
    },
  );
});
