import { type Strategy, type WorkloadSpec } from "@perennial/contracts";
import { describe, expect, it } from "vitest";
import { planFunctionRollout } from "../../infra/wiring/function-rollout.ts";
import { TEST_SPEC } from "../support/test-workload.ts";

const STACK = { rollout: undefined, bakeSeconds: 60 };
const specOf = (strategy: Strategy): WorkloadSpec => ({
  ...TEST_SPEC,
  rollout: { ...TEST_SPEC.rollout, strategy },
});

describe("a plan", () => {
  it.each<[Strategy, number[], number[], number]>([
    [{ kind: "all-at-once" }, [1], [4], 61],
    [{ kind: "canary", percent: 10, waitSeconds: 300 }, [0.1, 1], [20, 4], 66],
    [{ kind: "linear", stepPercent: 30, waitSeconds: 100 }, [0.3, 0.6, 0.9, 1], [7, 7, 7, 4], 66],
    [{ kind: "linear", stepPercent: 50, waitSeconds: 0 }, [0.5, 1], [1, 4], 61],
  ])("of %j gives shares of %j for %j looks each, within %d minutes", (strategy, shares, rounds, minutes) => {
    const plan = planFunctionRollout(specOf(strategy), STACK);
    expect([plan.fillings["Shares"], plan.fillings["Rounds"], plan.minutes]).toEqual([
      shares,
      rounds,
      minutes,
    ]);
  });

  it("looks every 15 seconds, with the spec's probes a minute, and allows what its guards allow", () => {
    const { Shares: _shares, Rounds: _rounds, ...rest } = planFunctionRollout(TEST_SPEC, STACK).fillings;
    expect(rest).toEqual({
      RoundSeconds: 15,
      ProbesPerRound: 15,
      LatencyMillis: 500,
      ComparableRequests: 100,
    });
  });

  it("looks less often where the steps take hours: an execution's history has an end", () => {
    const { fillings } = planFunctionRollout(
      specOf({ kind: "linear", stepPercent: 10, waitSeconds: 3600 }),
      STACK,
    );
    const rounds = (fillings["Rounds"] as number[]).reduce((sum, many) => sum + many, 0);
    expect([fillings["RoundSeconds"], fillings["ProbesPerRound"], rounds]).toEqual([82, 82, 397]);
  });

  it("is all at once where the stack says so", () => {
    const strategy: Strategy = { kind: "canary", percent: 10, waitSeconds: 300 };
    const { fillings } = planFunctionRollout(specOf(strategy), { ...STACK, rollout: "all-at-once" });
    expect(fillings["Shares"]).toEqual([1]);
  });
});
