import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import {
  EVENT_SOURCE,
  type HistoryEntry,
  type Manifest,
  ROLLOUT_REQUESTED,
  type Strategy,
  WorkloadSpec,
} from "@perennial/contracts";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { constantGraph } from "../../infra/components/endpoint/constant-graph.ts";
import { planTrial, type TrialStrategy } from "../../infra/wiring/trial-rollout.ts";
import { readPlatform } from "../../local/published.ts";
import { Lake } from "../../local/replay/lake.ts";
import { outcomeOf, readRows } from "../../local/replay/source-rows.ts";
import { changedRepository } from "../support/changed-repository.ts";
import { mondayClock } from "../support/monday-clock.ts";
import { continued } from "../support/onnx-graph.ts";
import { changed, openRolloutCloud, parametersOf, type RolloutCloud } from "../support/rollout-cloud.ts";
import { STACK } from "../support/test-cloud.ts";

// Challengers beside a champion on one machine, with real records and what came true of them: case by case, each from where the
// one before it ended.
const WORKLOAD = "hospital-readmission";
const SERVING = 'serving: { mode: "realtime", maxRecords: 1000, maxBodyKiB: 1024 }';
const DAY_MS = 86_400_000;

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

const folder = mkdtempSync(join(tmpdir(), "perennial-trials-"));
const clock = mondayClock(1);
let rollouts: RolloutCloud;
let lake: Lake;
let client: SageMakerRuntimeClient;
let records: { record: object; outcome: number }[];
/** What was in service before the running test. */
let before: { version: number; endpointConfigName: string } | null;

beforeAll(async () => {
  const rollout = JSON.stringify({ strategy: EXPERIMENT, guards: LENIENT });
  rollouts = await openRolloutCloud(WORKLOAD, {
    settings: { "perennial:rollout": "" },
    repository: changedRepository(folder, WORKLOAD, SERVING, `${SERVING},\n  rollout: ${rollout}`),
    clock,
    // The first model has nobody to be tried beside.
    first: untried,
  });
  const { cloud } = rollouts;
  const { region, lakeBucket, workloads } = await readPlatform(cloud, STACK);
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  client = new SageMakerRuntimeClient({ endpoint: cloud.url, region, credentials });
  lake = new Lake({ endpoint: cloud.url, region, bucket: lakeBucket, workload: WORKLOAD });
  const spec = WorkloadSpec.parse(JSON.parse(String(await cloud.read(workloads[0]?.specUri ?? ""))));
  const rows = readRows(join(folder, "workloads", WORKLOAD), spec.source.path, spec).slice(0, 400);
  records = rows.map((row) => ({
    record: Object.fromEntries(Object.keys(spec.source.columns).map((name) => [name, row[name] ?? ""])),
    outcome: outcomeOf(row, spec),
  }));
});

afterAll(async () => {
  client.destroy();
  lake.close();
  await rollouts.close();
  rmSync(folder, { recursive: true });
});

beforeEach(async () => {
  before = await rollouts.pointer();
});

/** Puts every model in service without a trial. */
function untried(states: Record<string, Record<string, unknown>>): void {
  Object.assign(states["IsTrialDue"] ?? {}, {
    Choices: [{ Variable: "$.cause.kind", IsPresent: true, Next: "ExpectNoTrial" }],
  });
}

/** Tries challengers so from the next rollout on; answers with what puts the spec back. */
async function by(strategy: TrialStrategy): Promise<() => Promise<void>> {
  const { TrialKind, TrialShare, ChallengerWeight, ChampionWeight } = planTrial(strategy, 60).fillings;
  rollouts.changeWorkflow((states) => {
    const configuration = parametersOf(states, "CreateTrialConfig");
    const [champion, challenger] = configuration["ProductionVariants"] as [object, object];
    Object.assign(champion, { InitialVariantWeight: ChampionWeight });
    Object.assign(challenger, { InitialVariantWeight: ChallengerWeight });
    if (strategy.kind === "shadow") {
      configuration["ProductionVariants"] = [champion];
      configuration["ShadowProductionVariants"] = [challenger];
    }
    const item = parametersOf(states, "OpenTrial")["Item"] as object;
    Object.assign(item, { kind: { S: TrialKind }, share: { N: TrialShare } });
    Object.assign(parametersOf(states, "ProbeTrial")["Payload"] as object, { requests: 4 });
  });
  return rollouts.changeSpec((spec) => ({ ...spec, rollout: { ...spec.rollout, strategy } }));
}

let made = 0;
/** The trained model's files as another artifact. */
const another = () => changed(rollouts.trained, { "card.md": Buffer.from(`Card ${(made += 1)}`) });
/** The trained model, which says of everybody the opposite. */
function upsideDown() {
  const graph = Buffer.from(rollouts.trained["model.onnx"] ?? "");
  const opposite = continued(
    Buffer.from(graph.toString("latin1").replaceAll("prediction", "itsopposit"), "latin1"),
    {
      inputs: [],
      outputs: [{ name: "prediction", type: "float32", shape: ["rows", 1] }],
      constants: { certainty: { shape: [1], values: [1] } },
      nodes: [{ type: "Sub", inputs: ["certainty", "itsopposit"], output: "prediction" }],
    },
  );
  return changed(another(), { "model.onnx": opposite });
}
/** One that answers every record alike. */
function constant() {
  const { inputs } = JSON.parse(String(rollouts.trained["manifest.json"])) as Manifest;
  const numbers = inputs.filter(({ type }) => ["number", "integer", "date"].includes(type)).length;
  const graph = constantGraph({ strings: inputs.length - numbers, numbers }, [0.12]);
  return changed(rollouts.trained, { "model.onnx": Buffer.from(graph) });
}

/** Waits until both models answer. */
async function trialOpen(): Promise<void> {
  while ((await rollouts.trial()) === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
}

let asked = 0;
/** Sends real records, eight at a time, each under an id of its own; answers with what came true, by id. */
async function ask(count: number): Promise<Map<string, number>> {
  const outcomes = new Map<string, number>();
  const waiting = records.slice(0, count).values();
  const lane = async (): Promise<void> => {
    for (const { record, outcome } of waiting) {
      const InferenceId = `request-${(asked += 1)}`;
      const ContentType = "application/json";
      const Body = JSON.stringify(record);
      try {
        await client.send(
          new InvokeEndpointCommand({ EndpointName: rollouts.endpoint, ContentType, InferenceId, Body }),
        );
        outcomes.set(InferenceId, outcome);
      } catch (error) {
        // Whom a challenger that fails should have answered.
        if (!(error instanceof Error && error.name === "ModelError")) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  await rollouts.cloud.sageMaker.flushCapture();
  return outcomes;
}

/** Registers and approves a model, and does what `meanwhile` does once it is on trial; waits for the end of its rollout. */
async function tried(
  files: ReturnType<typeof another>,
  meanwhile: () => Promise<unknown>,
  isBroken = false,
): Promise<HistoryEntry> {
  const { approve, modelDataUrl } = await rollouts.register(files);
  if (isBroken) {
    rollouts.cloud.gateway.faults.disturbModel(new RegExp(modelDataUrl), { status: 500 }, 100_000);
  }
  await approve();
  await trialOpen();
  await meanwhile();
  return rollouts.nextRollout();
}

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
    const restore = await by(SHADOW);
    await challengerIsIn(await tried(another(), () => ask(60)), /Tried first: /);
    await restore();
  });

  it("is stopped where it fails, and no caller met a failure", async () => {
    const restore = await by(SHADOW);
    let answered = 0;
    const entry = await tried(another(), async () => (answered = (await ask(60)).size), true);
    expect(answered).toBe(60);
    await championStays(entry, /was on trial beside version \d+, which stays: /);
    await restore();
  });

  it("is stopped where it answers everybody alike", async () => {
    const restore = await by(SHADOW);
    await championStays(await tried(constant(), () => ask(60)), /alike/);
    await restore();
  });

  it("that too few requests were copied to isn't promoted", async () => {
    const restore = await by({ ...SHADOW, maxMinutes: 1 });
    await championStays(await tried(another(), () => ask(5)), /after 1 minute too little is known: /);
    await restore();
  });
});

describe("an experiment", () => {
  it("to which no label comes ends after its days", async () => {
    const restore = await by(EXPERIMENT);
    const entry = await tried(another(), async () => {
      await ask(40);
      await rollouts.skip(EXPERIMENT.maxDays * DAY_MS);
    });
    await championStays(entry, /after 2 days too little is known: no label came/);
    await restore();
  });

  it("is stopped where the challenger does harm", async () => {
    const restore = await by(EXPERIMENT);
    const entry = await tried(upsideDown(), async () => lake.putLabels(clock.now(), "harm", await ask(300)));
    await championStays(entry, /predicts worse than version \d+: its mean loss is higher by at least 0\.\d+/);
    await restore();
  });

  it("gives way to a person: what they asked for follows it", async () => {
    const restore = await by(EXPERIMENT);
    const entry = await tried(another(), async () => {
      await ask(20);
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
    clock.skip(15 * 60_000);
    const asked = await rollouts.nextRollout();
    expect([asked.outcome, (await rollouts.pointer())?.version]).toEqual(["in-service", 2]);
    await oneAnswers();
    await restore();
  });

  it("is won by a challenger that predicts better", async () => {
    // A champion that is wrong about everybody wouldn't have won a trial.
    rollouts.changeWorkflow(untried);
    expect(await rollouts.rollOut(upsideDown())).toMatchObject({ outcome: "in-service" });
    before = await rollouts.pointer();
    const restore = await by(EXPERIMENT);
    const entry = await tried(another(), async () => lake.putLabels(clock.now(), "gain", await ask(300)));
    await challengerIsIn(entry, /Tried first: /);
    await restore();
  });
});
