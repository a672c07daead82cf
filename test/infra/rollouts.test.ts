import { type Strategy, type WorkloadSpec, WorkloadSpec as Spec } from "@perennial/contracts";
import { describe, expect, it } from "vitest";
import { planRollout } from "../../infra/wiring/rollouts.ts";
import { TEST_SPEC } from "../support/test-workload.ts";

const STACK = { rollout: undefined, servingInstanceCount: 2, bakeSeconds: 60 };
const specOf = (strategy: Strategy, serving: WorkloadSpec["serving"] = TEST_SPEC.serving): WorkloadSpec => ({
  ...TEST_SPEC,
  serving,
  rollout: { ...TEST_SPEC.rollout, strategy },
});
const CANARY: Strategy = { kind: "canary", percent: 10, waitSeconds: 300 };

describe("a plan", () => {
  it.each<[Strategy, object, number]>([
    [
      { kind: "all-at-once" },
      {
        TrafficRoutingConfiguration: { Type: "ALL_AT_ONCE", WaitIntervalInSeconds: 60 },
        TerminationWaitInSeconds: 0,
        MaximumExecutionTimeoutInSeconds: 3660,
      },
      121,
    ],
    [
      CANARY,
      {
        TrafficRoutingConfiguration: {
          Type: "CANARY",
          WaitIntervalInSeconds: 300,
          CanarySize: { Type: "CAPACITY_PERCENT", Value: 10 },
        },
        TerminationWaitInSeconds: 60,
        MaximumExecutionTimeoutInSeconds: 3960,
      },
      126,
    ],
    [
      { kind: "linear", stepPercent: 30, waitSeconds: 600 },
      {
        TrafficRoutingConfiguration: {
          Type: "LINEAR",
          WaitIntervalInSeconds: 600,
          LinearStepSize: { Type: "CAPACITY_PERCENT", Value: 30 },
        },
        TerminationWaitInSeconds: 60,
        MaximumExecutionTimeoutInSeconds: 6060,
      },
      161,
    ],
  ])("of %j moves requests so, within the time that it may take", (strategy, policy, minutes) => {
    const plan = planRollout(specOf(strategy), STACK);
    expect([plan.fillings["BlueGreenUpdatePolicy"], plan.minutes]).toEqual([policy, minutes]);
  });

  it.each<[Strategy, number, object]>([
    [
      { kind: "shadow", requests: 500, maxMinutes: 90, samplePercent: 20 },
      // An update, its verification, both models' start and the champion's, the trial and its last look.
      61 + 60 + 120 + 90 + 1,
      {
        TrialKind: "shadow",
        TrialShare: "0.2",
        StickyBy: { NULL: true },
        ChampionWeight: 1,
        ChallengerWeight: 0.2,
        LookSeconds: 60,
      },
    ],
    [
      {
        kind: "experiment",
        share: 0.45,
        stickyBy: "customer",
        alpha: 0.05,
        worthwhileGain: 0.01,
        maxDays: 30,
      },
      61 + 60 + 120 + 30 * 1440 + 2592 / 60,
      {
        TrialKind: "experiment",
        TrialShare: "0.45",
        StickyBy: { S: "customer" },
        ChampionWeight: 0.55,
        ChallengerWeight: 0.45,
        LookSeconds: 2592,
      },
    ],
  ])(
    "of %j tries both models first, within the time that it may take, and moves all at once",
    (strategy, minutes, fillings) => {
      const plan = planRollout(specOf(strategy), { ...STACK, servingInstanceCount: 1 });
      expect([plan.minutes, plan.trial?.fillings]).toEqual([
        Math.ceil(minutes),
        { ...fillings, EarlyLooks: 60, EarlyLookSeconds: 60, ProbesPerLook: 60 },
      ]);
      expect(plan.fillings["BlueGreenUpdatePolicy"]).toMatchObject({
        TrafficRoutingConfiguration: { Type: "ALL_AT_ONCE" },
      });
    },
  );

  it("tries nothing where the stack says all at once", () => {
    const strategy: Strategy = { kind: "shadow", requests: 500, maxMinutes: 90, samplePercent: 20 };
    expect(planRollout(specOf(strategy), { ...STACK, rollout: "all-at-once" }).trial).toBeNull();
  });

  it("takes what the guards say into the alarms, in their units", () => {
    const { BlueGreenUpdatePolicy: _policy, ...fillings } = planRollout(TEST_SPEC, STACK).fillings;
    expect(fillings).toEqual({
      RoundSeconds: 15,
      ProbesPerRound: 15,
      MinRequests: 20,
      ComparableRequests: 100,
      RefusedShare: 0.05,
      LatencyMicros: 500_000,
      NegligibleMicros: 50_000,
      LatencyRatio: 3,
    });
  });

  it("is all at once where the stack says so, with one instance too", () => {
    const { fillings } = planRollout(specOf(CANARY), {
      ...STACK,
      rollout: "all-at-once",
      servingInstanceCount: 1,
    });
    expect(fillings["BlueGreenUpdatePolicy"]).toMatchObject({
      TrafficRoutingConfiguration: { Type: "ALL_AT_ONCE" },
    });
  });
});

describe("what SageMaker would refuse during the first rollout is refused with the program", () => {
  const capacity = { minInstances: 2, maxInstances: 4, invocationsPerInstance: 100, schedules: [] };
  const night = { name: "night", schedule: "cron(0 20 * * ? *)", minInstances: 1, maxInstances: 2 };

  it.each<[string, WorkloadSpec, number, string]>([
    [
      "canary on one instance",
      specOf(CANARY),
      1,
      "canary moves requests between fleets of at least 2 instances, and servingInstanceCount is 1: raise it, or set rollout " +
        "to all-at-once for the stack",
    ],
    [
      "linear on a fleet that the night scales to one instance",
      specOf(
        { kind: "linear", stepPercent: 50, waitSeconds: 60 },
        { mode: "realtime", maxRecords: 10, maxBodyKiB: 10, capacity: { ...capacity, schedules: [night] } },
      ),
      2,
      "linear moves requests between fleets of at least 2 instances, and serving.capacity.minInstances is 1: raise it, or " +
        "set rollout to all-at-once for the stack",
    ],
    [
      "steps that take longer than an update may",
      specOf({ kind: "linear", stepPercent: 10, waitSeconds: 3600 }),
      2,
      "steps of 10 % with 3600 s after each take 36000 s; SageMaker ends an update after 14400 s, of which 3660 s are needed " +
        "for the rest: take larger steps or shorter waits",
    ],
  ])("%s", (_, spec, servingInstanceCount, message) => {
    expect(() => planRollout(spec, { ...STACK, servingInstanceCount })).toThrow(
      `workload ${spec.name} in this stack is refused, 1 fault:\n  rollout.strategy: ${message}`,
    );
  });

  it("canary of more than half the fleet, by the spec already", () => {
    const rollout = { ...TEST_SPEC.rollout, strategy: { ...CANARY, percent: 51 } };
    const result = Spec.safeParse({ ...TEST_SPEC, rollout });
    expect(result.error?.issues.map(({ path }) => path.join("."))).toEqual(["rollout.strategy.percent"]);
  });
});
