import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  EVENT_SOURCE,
  type HistoryEntry,
  type Manifest,
  ROLLOUT_REQUESTED,
  type Strategy,
} from "@perennial/contracts";
import { constantGraph } from "../../infra/components/endpoint/constant-graph.ts";
import { planRollout } from "../../infra/wiring/rollouts.ts";
import type { Disturbance } from "../../local/gateway/faults.ts";
import { ApiError } from "../../local/gateway/interfaces.ts";
import { changed, openRolloutCloud, type RolloutCloud } from "../support/rollout-cloud.ts";
import { TEST_SPEC } from "../support/test-workload.ts";

// One real model on one machine: what its rollouts do is told case by case, each from where the one before it ended.
const WORKLOAD = "hospital-readmission";
let rollouts: RolloutCloud;
/** What was in service before the running test. */
let before: { version: number; endpointConfigName: string } | null;

beforeAll(async () => {
  rollouts = await openRolloutCloud(WORKLOAD, {
    settings: { "perennial:rollout": "", "perennial:servingInstanceCount": "2" },
  });
});

afterAll(() => rollouts.close());

beforeEach(async () => {
  before = await rollouts.pointer();
});

/** Moves requests so from the next rollout on. */
function by(strategy: Strategy): void {
  const settings = { rollout: undefined, servingInstanceCount: 2, bakeSeconds: 60 };
  const spec = { ...TEST_SPEC, rollout: { ...TEST_SPEC.rollout, strategy } };
  rollouts.moveBy(planRollout(spec, settings).fillings["BlueGreenUpdatePolicy"]);
}

const CANARY: Strategy = { kind: "canary", percent: 25, waitSeconds: 240 };
const LINEAR: Strategy = { kind: "linear", stepPercent: 50, waitSeconds: 120 };
const STRATEGIES: Strategy[] = [{ kind: "all-at-once" }, CANARY, LINEAR];

let made = 0;
/** The trained model's files as another artifact. */
const another = () => changed(rollouts.trained, { "card.md": Buffer.from(`Card ${(made += 1)}`) });
/** One that answers every record with `value`. */
const constant = (value: number) => {
  const { inputs } = JSON.parse(String(rollouts.trained["manifest.json"])) as Manifest;
  const numbers = inputs.filter(({ type }) => ["number", "integer", "date"].includes(type)).length;
  const graph = constantGraph({ strings: inputs.length - numbers, numbers }, [value]);
  return changed(rollouts.trained, { "model.onnx": Buffer.from(graph) });
};

/** Everything is as it was: endpoint, pointer and what they refer to; nothing of the challenger is left. */
async function championStays(): Promise<void> {
  const { live, configs, models, alarms } = await rollouts.leftovers();
  expect([live, await rollouts.pointer()]).toEqual([before?.endpointConfigName, before]);
  expect(configs).toContain(live);
  expect(configs.length).toBeLessThanOrEqual(2);
  expect(models).toEqual(configs);
  expect(alarms).toEqual(["errors", "latency"].map((name) => `perennial-dev-${live}-${name}`));
}

describe.each(STRATEGIES)("a rollout by $kind", (strategy) => {
  let putBack: () => Promise<void>;

  beforeAll(async () => {
    // Whatever else this machine does between two fleets is no slower model.
    putBack = await rollouts.changeSpec((spec) => ({
      ...spec,
      rollout: { ...spec.rollout, guards: { ...spec.rollout.guards, p99Millis: 10_000, p99Ratio: 100 } },
    }));
  });

  afterAll(() => putBack());

  it("puts a model in service that keeps to what is asked of it, and says by which figures", async () => {
    by(strategy);
    const entry = await rollouts.rollOut(another());
    const { outcome, summary } = entry;
    expect({ outcome, summary }).toEqual({
      outcome: "in-service",
      summary: expect.stringMatching(
        /^Version \d+ is in service in place of version \d+\. \d+ requests, 0 failed, 0 refused; p9[09] of the model's latency [\d.]+ ms \(.+\); mean prediction for probes 0\.\d+ \(0\.\d+ before\)\. Asked for by /,
      ),
    });
    before = await rollouts.pointer();
    await championStays();
  });
});

/** What the challenger does wrong, by which way it goes in service, and what the history then says. */
const WRONG: {
  what: string;
  strategy: Strategy;
  wrong: () => Promise<HistoryEntry>;
  outcome: string;
  says: RegExp;
}[] = [
  {
    what: "can't be loaded",
    strategy: { kind: "all-at-once" },
    wrong: () => rollouts.rollOut({ ...rollouts.trained, "model.onnx": Buffer.from("altered") }),
    outcome: "kept",
    says: /version \d+ stays\. The deployment was rolled back: The primary container .+ did not pass the ping health check/,
  },
  {
    what: "predicts NaN",
    strategy: CANARY,
    wrong: () => rollouts.rollOut(constant(Number.NaN)),
    outcome: "kept",
    says: /The deployment was rolled back: /,
  },
  {
    what: "predicts a constant",
    strategy: CANARY,
    wrong: () => rollouts.rollOut(constant(0.12)),
    outcome: "rolled-back",
    says: /isn't verified: it answers every probe alike \(0\.12\)\. Version \d+ is in service again\. \d+ requests, 0 failed/,
  },
  {
    what: "predicts on another level",
    strategy: { kind: "all-at-once" },
    wrong: () => rollouts.rollOut(constant(0.9)),
    outcome: "rolled-back",
    says: /the mean prediction for probes went from 0\.\d+ to 0\.9, [\d.]+ standard deviations; at most 0\.5 are allowed/,
  },
  {
    what: "fails while a canary gets a part of the requests",
    strategy: CANARY,
    wrong: () => disturbed({ status: 500 }, 100_000),
    outcome: "kept",
    says: /The deployment was rolled back: perennial-dev-hospital-readmission-[0-9a-f]{12}-errors in ALARM\./,
  },
  {
    what: "is slow while requests move step by step",
    strategy: LINEAR,
    wrong: () => disturbed({ delayMs: 900 }, 100_000),
    outcome: "kept",
    says: /The deployment was rolled back: perennial-dev-hospital-readmission-[0-9a-f]{12}-latency in ALARM\./,
  },
  {
    what: "refuses what callers send",
    strategy: CANARY,
    wrong: () => rollouts.rollOut(refusing()),
    outcome: "kept",
    says: /The deployment was rolled back: perennial-dev-hospital-readmission-[0-9a-f]{12}-refusals in ALARM\./,
  },
];

const disturbed = async (disturbance: Disturbance, times: number): Promise<HistoryEntry> => {
  const { modelDataUrl, approve } = await rollouts.register(another());
  rollouts.cloud.gateway.faults.disturbModel(new RegExp(modelDataUrl), disturbance, times);
  await approve();
  return rollouts.nextRollout();
};
const refusing = () =>
  changed(rollouts.trained, {}, (manifest) => ({
    ...manifest,
    inputs: manifest.inputs.map((input) =>
      input.type === "category" ? { ...input, closed: true, levels: ["of nobody"] } : input,
    ),
  }));

describe("a model that", () => {
  it.each(WRONG)(
    "$what leaves the champion in service, and the history says why",
    async ({ strategy, wrong, outcome, says }) => {
      by(strategy);
      const entry = await wrong();
      expect([entry.outcome, entry.summary]).toEqual([outcome, expect.stringMatching(says)]);
      await championStays();
    },
  );

  it("too few requests reached isn't verified, however long one waits", async () => {
    by({ kind: "all-at-once" });
    const restore = await rollouts.changeSpec((spec) => ({
      ...spec,
      rollout: { ...spec.rollout, guards: { ...spec.rollout.guards, minRequests: 100_000 } },
    }));
    const entry = await rollouts.rollOut(another());
    await restore();
    expect([entry.outcome, entry.summary]).toEqual([
      "rolled-back",
      expect.stringMatching(
        /isn't verified: too little is known: \d+ of at least 100000 requests were counted\. Version \d+ is in service again\./,
      ),
    ]);
    await championStays();
  });
});

describe("an update", () => {
  it("that the account has no room for isn't begun", async () => {
    rollouts.cloud.quotas.put("ml.t2.medium for endpoint usage", 3);
    const entry = await rollouts.rollOut(another());
    rollouts.cloud.quotas.put("ml.t2.medium for endpoint usage", 20);
    expect([entry.outcome, entry.summary]).toEqual([
      "failed",
      expect.stringMatching(
        /^The rollout of version \d+ failed at check-capacity\. .*The update needs 4 × ml\.t2\.medium at once .+ is 3\. Ask/,
      ),
    ]);
    await championStays();
  });

  it("that is refused leaves nothing behind", async () => {
    rollouts.cloud.gateway.faults.failAction(
      "sagemaker",
      "UpdateEndpoint",
      new ApiError("ResourceInUse", "somebody else is changing the endpoint"),
    );
    const entry = await rollouts.rollOut(another());
    expect([entry.outcome, entry.summary]).toEqual([
      "failed",
      expect.stringMatching(
        /^The rollout of version \d+ failed at update-endpoint\. .*somebody else is changing the endpoint/,
      ),
    ]);
    await championStays();
  });

  it("that rolls back without a word is seen through", async () => {
    rollouts.cloud.gateway.faults.silentRollback(rollouts.endpoint);
    const entry = await rollouts.rollOut(another());
    expect([entry.outcome, entry.summary]).toEqual([
      "kept",
      expect.stringMatching(/^The endpoint came back with /),
    ]);
    await championStays();
  });

  it("that is throttled is asked for again, and keeps the capacity that the endpoint was scaled to", async () => {
    rollouts.cloud.gateway.faults.throttle("sagemaker", "UpdateEndpoint", 2);
    const DesiredWeightsAndCapacities = [{ VariantName: "primary", DesiredInstanceCount: 5 }];
    const endpoint = { EndpointName: rollouts.endpoint };
    await rollouts.cloud.call("sagemaker", "UpdateEndpointWeightsAndCapacities", {
      ...endpoint,
      DesiredWeightsAndCapacities,
    });
    by(CANARY);
    expect(await rollouts.rollOut(another())).toMatchObject({ outcome: "in-service" });
    const { ProductionVariants } = await rollouts.cloud.call("sagemaker", "DescribeEndpoint", endpoint);
    expect(ProductionVariants).toEqual([
      expect.objectContaining({ CurrentInstanceCount: 5, DesiredInstanceCount: 5 }),
    ]);
    before = await rollouts.pointer();
    await championStays();
  });
});

describe("a rollback", () => {
  it("goes to the baseline, which answers everybody alike: what one leaves is no measure for it", async () => {
    by(CANARY);
    rollouts.cloud.bus.put({
      source: EVENT_SOURCE,
      "detail-type": ROLLOUT_REQUESTED,
      detail: {
        stack: "dev",
        workload: WORKLOAD,
        kind: "rollback",
        version: 1,
        reason: "back",
        requestedBy: "ada",
      },
    });
    const entry = await rollouts.nextRollout();
    expect([entry.outcome, entry.summary]).toEqual([
      "in-service",
      expect.stringMatching(
        /^Version 1 is in service .+ \(not compared: a rollback\)\. Asked for by ada: back\.$/,
      ),
    ]);
    before = await rollouts.pointer();
    expect(before?.version).toBe(1);
    await championStays();
  });
});
