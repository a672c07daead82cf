import { EVENT_SOURCE, type HistoryEntry, ROLLOUT_REQUESTED, type Strategy } from "@perennial/contracts";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Call } from "../security/account.ts";
import { proveLeastPrivilege } from "../security/proof.ts";
import { stackOf } from "../security/stacks.ts";
import { readCalls } from "../support/loop-run.ts";
import type { RolloutCloud } from "../support/rollout-cloud.ts";
import { STACK } from "../support/test-cloud.ts";
import { openTrialCloud, type TrialCloud, untried } from "../support/trial-cloud.ts";

// Challengers beside a champion on one machine, with real records and what came true of them: case by case, each from where the
// one before it ended.
const WORKLOAD = "hospital-readmission";
const SERVING = 'serving: { mode: "realtime", maxRecords: 1000, maxBodyKiB: 1024 }';
const DAY_MS = 86_400_000;
const SWEEP_MS = 15 * 60_000;

const EXPERIMENT = {
  kind: "experiment",
  share: 0.5,
  stickyBy: null,
  alpha: 0.05,
  worthwhileGain: 0.05,
  maxDays: 2,
} satisfies Strategy;
const SHADOW = { kind: "shadow", requests: 40, maxMinutes: 60, samplePercent: 100 } satisfies Strategy;
/** A challenger may answer on another level here, and in its own time: that is what verification's own tests are about. */
const LENIENT = { minRequests: 20, p99Millis: 10_000, p99Ratio: 100, refusedShare: 0.05, meanShift: 1000 };

let cloud: TrialCloud;
let rollouts: RolloutCloud;
/** What was in service before the running test. */
let before: { version: number; endpointConfigName: string } | null;

beforeAll(async () => {
  cloud = await openTrialCloud(WORKLOAD, SERVING, { strategy: EXPERIMENT, guards: LENIENT });
  ({ rollouts } = cloud);
});

afterAll(() => cloud.close());

beforeEach(async () => {
  before = await rollouts.pointer();
});

/** One model answers alone, with its alarms, and nothing of the trial is left. */
async function oneAnswers(): Promise<void> {
  const { live, configs, models, alarms } = await rollouts.leftovers();
  expect([live, await rollouts.trial()]).toEqual([(await rollouts.pointer())?.endpointConfigName, undefined]);
  const { ProductionVariants, ShadowProductionVariants } = await rollouts.cloud.call(
    "sagemaker",
    "DescribeEndpoint",
    { EndpointName: rollouts.endpoint },
  );
  expect([ProductionVariants, ShadowProductionVariants]).toEqual([
    [expect.objectContaining({ VariantName: "primary" })],
    undefined,
  ]);
  expect(configs.filter((name) => name.endsWith("-trial"))).toEqual([]);
  expect(models).toEqual(configs);
  expect(alarms).toEqual(["errors", "latency"].map((name) => `perennial-dev-${live}-${name}`));
}

async function championStays(entry: HistoryEntry, says: RegExp): Promise<void> {
  expect([entry.outcome, entry.summary]).toEqual(["kept", expect.stringMatching(says)]);
  expect(await rollouts.pointer()).toEqual(before);
  await oneAnswers();
}

async function challengerIsIn(entry: HistoryEntry, says: RegExp): Promise<void> {
  expect([entry.outcome, entry.summary]).toEqual(["in-service", expect.stringMatching(says)]);
  expect((await rollouts.pointer())?.version).toBeGreaterThan(before?.version ?? 0);
  await oneAnswers();
}

describe("a shadow", () => {
  it("is promoted once it answered as many copies as it should", async () => {
    const restore = await cloud.by(SHADOW);
    const says = /Tried first: .*answered \d+ of 40 copied requests; .* 0 % are decided differently/;
    await challengerIsIn(await cloud.tried(cloud.another(), () => cloud.ask(60)), says);
    await restore();
  });

  it("is stopped where it fails, and no caller met a failure", async () => {
    const restore = await cloud.by(SHADOW);
    let answered = 0;
    const entry = await cloud.tried(
      cloud.another(),
      async () => (answered = (await cloud.ask(60)).size),
      true,
    );
    expect(answered).toBe(60);
    await championStays(
      entry,
      /was on trial beside version \d+, which stays: \d+ requests? met a server error\./,
    );
    await restore();
  });

  it("is stopped where it answers everybody alike", async () => {
    const restore = await cloud.by(SHADOW);
    await championStays(
      await cloud.tried(cloud.constant(0.12), () => cloud.ask(60)),
      /which stays: it answers every record alike \(0\.12\)\./,
    );
    await restore();
  });

  it("that too few requests were copied to isn't promoted", async () => {
    const restore = await cloud.by({ ...SHADOW, maxMinutes: 1 });
    await championStays(
      await cloud.tried(cloud.another(), () => cloud.ask(5)),
      /after 1 minute too little is known: \d of 40 copied requests were answered by version \d+/,
    );
    await restore();
  });
});

describe("an experiment", () => {
  it("to which no label comes ends after its days", async () => {
    const restore = await cloud.by(EXPERIMENT);
    const entry = await cloud.tried(cloud.another(), async () => {
      await cloud.ask(40);
      await rollouts.skip(EXPERIMENT.maxDays * DAY_MS);
    });
    await championStays(entry, /after 2 days too little is known: no label came/);
    await restore();
  });

  it("is stopped where the challenger does harm, which it doesn't know at once", async () => {
    const restore = await cloud.by(EXPERIMENT);
    const { lake, clock } = cloud;
    const entry = await cloud.tried(cloud.upsideDown(), async () => {
      await lake.putLabels(clock.now(), "few", await cloud.ask(6));
      await cloud.looked();
      await lake.putLabels(clock.now(), "many", await cloud.ask(300));
    });
    await championStays(entry, /predicts worse than version \d+: its mean loss is higher by at least 0\.\d+/);
    // Of several looks, each answer once; the last one may have read labels of answers that it was to read next.
    const counts = [...entry.summary.matchAll(/answered (\d+) requests/g)].map(([, count]) => Number(count));
    const answered = counts.reduce((sum, count) => sum + count, 0);
    expect([answered > 6, answered <= 306]).toEqual([true, true]);
    await restore();
  });

  it("gives way to a person: what they asked for follows it", async () => {
    const restore = await cloud.by(EXPERIMENT);
    const entry = await cloud.tried(cloud.another(), async () => {
      await cloud.ask(20);
      rollouts.cloud.bus.put({
        source: EVENT_SOURCE,
        "detail-type": ROLLOUT_REQUESTED,
        detail: {
          stack: STACK,
          workload: WORKLOAD,
          kind: "rollback",
          version: 2,
          reason: "callers complain",
          requestedBy: "ada",
        },
      });
    });
    expect([entry.outcome, entry.summary]).toEqual([
      "kept",
      expect.stringMatching(/a rollback to version 2 was asked for by ada \(callers complain\)/),
    ]);
    // What waits at the door comes in with the next sweep.
    cloud.clock.skip(SWEEP_MS);
    const asked = await rollouts.nextRollout();
    expect([asked.outcome, (await rollouts.pointer())?.version]).toEqual(["in-service", 2]);
    await oneAnswers();
    await restore();
  });

  it("is won by a challenger that predicts better", async () => {
    // A champion that is wrong about everybody wouldn't have won a trial.
    rollouts.changeWorkflow(untried);
    expect(await rollouts.rollOut(cloud.upsideDown())).toMatchObject({ outcome: "in-service" });
    before = await rollouts.pointer();
    const restore = await cloud.by(EXPERIMENT);
    const entry = await cloud.tried(cloud.another(), async () =>
      cloud.lake.putLabels(cloud.clock.now(), "gain", await cloud.ask(300)),
    );
    await challengerIsIn(entry, /Tried first: .*gain 0\.\d+, from 0\.\d+ to 0\.\d+ with 95 % confidence/);
    await restore();
  });
});

it("denies no role a call, and gives what trials brought nothing that they don't need", async () => {
  const { resources, account } = rollouts.cloud;
  const { subject, permissions } = stackOf(STACK, resources, account);
  const { names, accountId, region } = subject;
  const recorded = readCalls(rollouts.stateFolder);
  expect(recorded.filter(({ allowed }) => !allowed)).toEqual([]);
  const observer = names.function("observe-trial");
  // What Lambda does with the function's role and as it, in test/security/aws-needs for the others.
  const log = `${names.arn("logs", `log-group:${names.functionLogGroup("observe-trial")}`)}:log-stream:any`;
  const byLambda: Call[] = [
    ...["logs:CreateLogStream", "logs:PutLogEvents"].map((action) => ({
      by: { role: observer },
      action,
      resource: log,
      context: {},
    })),
    {
      by: { service: "lambda.amazonaws.com" },
      action: "sts:AssumeRole",
      resource: `arn:aws:iam::${accountId}:role/${observer}`,
      context: {
        "aws:SourceAccount": accountId,
        "aws:SourceArn": `arn:aws:lambda:${region}:${accountId}:function:${observer}`,
      },
    },
  ];
  const calls = recorded.map(({ role, action, resource, context }): Call => ({
    by: { role },
    action,
    resource,
    context,
  }));
  const { unneeded } = await proveLeastPrivilege(permissions, [...calls, ...byLambda]);
  const brought = [
    `role ${observer}:`,
    `trust of role ${observer}:`,
    "-rollout-try",
    "-close-trial",
    "-observe-trial",
  ];
  expect(unneeded.filter((piece) => brought.some((one) => piece.includes(one)))).toEqual([]);
}, 60_000);
