import type { Task } from "@perennial/contracts";
import {
  type Arm,
  createRandom,
  Experiment,
  lossOf,
  outcomesNeeded,
  priorLossVariance,
  worstLossOf,
} from "@perennial/statistics";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

const BINARY: Task = {
  kind: "binary",
  target: "left",
  positive: ["yes"],
  negative: ["no"],
  outcome: "left",
  prior: 0.1,
  threshold: { maximise: "f1" },
};
const MULTICLASS: Task = {
  kind: "multiclass",
  target: "result",
  classes: [
    { name: "loss", levels: ["L"], prior: 0.25 },
    { name: "draw", levels: ["D"], prior: 0.25 },
    { name: "win", levels: ["W"], prior: 0.5 },
  ],
};
const REGRESSION: Task = {
  kind: "regression",
  target: "days",
  unit: "days",
  min: 1,
  max: 61,
  coverage: 0.9,
  prior: { median: 8, lower: 2, upper: 30 },
};

describe("the loss of one prediction", () => {
  it.each<[string, Task, number[], number, number]>([
    ["a probability that came true", BINARY, [0.8, 1], 1, 0.04],
    ["a probability that didn't", BINARY, [0.8, 1], 0, 0.64],
    ["the classes next to the one that came true", MULTICLASS, [1, 0, 0], 1, 0.5],
    ["the class at the other end", MULTICLASS, [1, 0, 0], 2, 1],
    ["what came true", MULTICLASS, [0, 0, 1], 2, 0],
    ["a quantity", REGRESSION, [10, 2, 30], 13.5, 3.5],
    ["a quantity beyond what the task foresees", REGRESSION, [10, 2, 30], 365, 60],
  ])("for %s", (_, task, answer, outcome, loss) => {
    expect(lossOf(task, answer, outcome)).toBeCloseTo(loss, 12);
  });

  it.each<[Task, number, string]>([
    [BINARY, 2, "outcome 2, expected 0 or 1"],
    [MULTICLASS, 3, "outcome 3, expected the place of a class, 0 to 2"],
    [MULTICLASS, 0.5, "outcome 0.5, expected the place of a class, 0 to 2"],
    [REGRESSION, Number.NaN, "outcome NaN, expected a number"],
  ])("is refused for an outcome that a task doesn't have", (task, outcome, message) => {
    expect(() => lossOf(task, [0.2, 0.3, 0.5], outcome)).toThrow(new RangeError(message));
  });

  it("never leaves what an experiment promises by", () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const quantity = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(share, share, fc.nat(2), quantity, quantity, (one, other, place, estimate, outcome) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        const losses = [
          lossOf(BINARY, [one], place % 2),
          lossOf(MULTICLASS, [low, high - low, 1 - high], place),
          lossOf(REGRESSION, [estimate], outcome) / worstLossOf(REGRESSION),
        ];
        for (const loss of losses) expect(loss >= 0 && loss <= 1).toBe(true);
      }),
    );
  });
});

describe("what is expected before there are outcomes", () => {
  it("is how the losses of a constant answer vary", () => {
    // 0.81 in one case of ten, else 0.01: 0.8² × 0.1 × 0.9.
    expect(priorLossVariance(BINARY)).toBeCloseTo(0.0576, 12);
    // 0.40625, 0.15625 and 0.15625.
    expect(priorLossVariance(MULTICLASS)).toBeCloseTo(0.25 ** 2 * 0.25 * 0.75, 12);
    expect(priorLossVariance(REGRESSION)).toBeCloseTo((14 / 1.6448536269514722) ** 2 * (1 - 2 / Math.PI), 6);
  });

  it("says how many outcomes an experiment will take", () => {
    const terms = { alpha: 0.05, worstLoss: worstLossOf(BINARY), worthwhileGain: 0.02 };
    expect(outcomesNeeded(terms, priorLossVariance(BINARY), 0.5)).toBe(23_284);
  });
});

describe("an experiment that is kept", () => {
  const TERMS = { alpha: 0.1, worstLoss: 2, worthwhileGain: 0.1 };

  it("goes on as if it had never been put away, wherever that was", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31), fc.nat(60), (seed, pause) => {
        const random = createRandom(seed);
        const steps = Array.from({ length: 60 }, (): [Arm, number] => [
          random.uniform() < 0.5 ? "champion" : "challenger",
          2 * random.uniform(),
        ]);
        const whole = new Experiment(TERMS);
        let parts = new Experiment(TERMS);
        for (const [place, [arm, loss]] of steps.entries()) {
          if (place === pause) {
            parts = new Experiment(TERMS, JSON.parse(JSON.stringify(parts.state)) as typeof parts.state);
          }
          whole.add(arm, loss);
          parts.add(arm, loss);
        }
        expect(parts.finding()).toEqual(whole.finding());
        expect(parts.state).toEqual(whole.state);
      }),
    );
  });

  it("tells the mean losses and their variance in the loss's own unit", () => {
    const experiment = new Experiment(TERMS);
    for (let outcome = 0; outcome < 1000; outcome++) experiment.add("champion", outcome % 2 === 0 ? 0 : 2);
    experiment.add("challenger", 0.5);
    const { losses, lossVariance } = experiment.finding();
    expect(losses).toEqual({ champion: 1, challenger: 0.5 });
    expect(lossVariance).toBeCloseTo(1, 1);
  });
});
