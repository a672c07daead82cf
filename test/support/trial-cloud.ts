import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import {
  type HistoryEntry,
  type Manifest,
  type Rollout,
  WorkloadSpec,
  type TrialStrategy,
} from "@perennial/contracts";
import { constantGraph } from "../../infra/components/endpoint/constant-graph.ts";
import { planTrial } from "../../infra/wiring/trial-rollout.ts";
import type { RealClock } from "../../local/clock.ts";
import { readPlatform } from "../../local/published.ts";
import { Lake } from "../../local/replay/lake.ts";
import { outcomeOf, readRows } from "../../local/replay/source-rows.ts";
import { changedRepository } from "./changed-repository.ts";
import { mondayClock } from "./monday-clock.ts";
import { continued } from "./onnx-graph.ts";
import { changed, openRolloutCloud, parametersOf, type RolloutCloud } from "./rollout-cloud.ts";
import { STACK } from "./test-cloud.ts";

type Json = Record<string, unknown>;
type Files = Record<string, Buffer>;

/** Real records at hand, with what came true of them. */
const RECORDS = 400;
/** Requests under way at a time. */
const LANES = 8;

const pause = () => new Promise((resolve) => setTimeout(resolve, 50));

/** A local cloud on the real data, in which challengers are tried beside a champion. */
export interface TrialCloud {
  readonly rollouts: RolloutCloud;
  readonly lake: Lake;
  readonly clock: RealClock;
  /** Tries challengers so from the next rollout on; answers with what puts the spec back. */
  by(strategy: TrialStrategy): Promise<() => Promise<void>>;
  /** The trained model's files as another artifact. */
  another(): Files;
  /** The trained model, which says of everybody the opposite. */
  upsideDown(): Files;
  /** One that answers every record alike. */
  constant(value: number): Files;
  /** Sends real records, each under an id of its own; answers with what came true of those that were answered. */
  ask(count: number): Promise<Map<string, number>>;
  /** Waits until the trial that is under way was looked at. */
  looked(): Promise<void>;
  /**
   * Registers and approves a model, does what `meanwhile` does once it is on trial, and waits for the end of its rollout.
   *
   * @param isBroken whether it answers with errors.
   */
  tried(files: Files, meanwhile: () => Promise<unknown>, isBroken?: boolean): Promise<HistoryEntry>;
  close(): Promise<void>;
}

/**
 * Opens it with a first model in service.
 *
 * @param serving how the workload's spec says that it is served; `rollout` is added there.
 */
export async function openTrialCloud(
  workload: string,
  serving: string,
  rollout: Pick<Rollout, "strategy" | "guards">,
): Promise<TrialCloud> {
  const folder = mkdtempSync(join(tmpdir(), "perennial-trials-"));
  const text = `${serving},\n  rollout: ${JSON.stringify(rollout)}`;
  const clock = mondayClock(1);
  const rollouts = await openRolloutCloud(workload, {
    settings: { "perennial:rollout": "" },
    repository: changedRepository(folder, workload, serving, text),
    clock,
    // The first model has nobody to be tried beside.
    first: untried,
  });
  const { cloud } = rollouts;
  const { region, lakeBucket, workloads } = await readPlatform(cloud, STACK);
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const client = new SageMakerRuntimeClient({ endpoint: cloud.url, region, credentials });
  const lake = new Lake({ endpoint: cloud.url, region, bucket: lakeBucket, workload });
  const spec = WorkloadSpec.parse(JSON.parse(String(await cloud.read(workloads[0]?.specUri ?? ""))));
  const records = readRows(join(folder, "workloads", workload), spec.source.path, spec)
    .slice(0, RECORDS)
    .map((row) => ({
      record: Object.fromEntries(Object.keys(spec.source.columns).map((name) => [name, row[name] ?? ""])),
      outcome: outcomeOf(row, spec),
    }));

  let made = 0;
  const another: TrialCloud["another"] = () =>
    changed(rollouts.trained, { "card.md": Buffer.from(`Card ${(made += 1)}`) });

  let asked = 0;
  const ask: TrialCloud["ask"] = async (count) => {
    const outcomes = new Map<string, number>();
    const waiting = records.slice(0, count).values();
    const lane = async (): Promise<void> => {
      for (const { record, outcome } of waiting) {
        const InferenceId = `request-${(asked += 1)}`;
        const ContentType = "application/json";
        const Body = JSON.stringify(record);
        const EndpointName = rollouts.endpoint;
        await client.send(new InvokeEndpointCommand({ EndpointName, ContentType, InferenceId, Body }));
        outcomes.set(InferenceId, outcome);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    await cloud.sageMaker.flushCapture();
    return outcomes;
  };

  return {
    rollouts,
    lake,
    clock,
    another,
    ask,
    by: (strategy) => {
      rollouts.changeWorkflow((states) => tryBy(states, strategy));
      return rollouts.changeSpec((before) => ({ ...before, rollout: { ...before.rollout, strategy } }));
    },
    upsideDown: () => changed(another(), { "model.onnx": opposite(rollouts.trained["model.onnx"]) }),
    constant: (value) => {
      const { inputs } = JSON.parse(String(rollouts.trained["manifest.json"])) as Manifest;
      const numbers = inputs.filter(({ type }) => ["number", "integer", "date"].includes(type)).length;
      const graph = constantGraph({ strings: inputs.length - numbers, numbers }, [value]);
      return changed(another(), { "model.onnx": Buffer.from(graph) });
    },
    looked: async () => {
      const { execution } = (await rollouts.trial()) as { execution: { S: string } };
      const state = `s3://${lakeBucket}/trials/${workload}/${execution.S}.json.gz`;
      const isThere = () => cloud.read(state).then(Boolean, () => false);
      while (!(await isThere())) await pause();
    },
    tried: async (files, meanwhile, isBroken = false) => {
      const { approve, modelDataUrl } = await rollouts.register(files);
      if (isBroken) cloud.gateway.faults.disturbModel(new RegExp(modelDataUrl), { status: 500 }, 100_000);
      await approve();
      // Open as soon as both models answer.
      while ((await rollouts.trial()) === undefined) await pause();
      await meanwhile();
      return rollouts.nextRollout();
    },
    close: async () => {
      client.destroy();
      lake.close();
      await rollouts.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Puts every model in service without a trial. */
export function untried(states: Record<string, Json>): void {
  const Choices = [{ Variable: "$.cause.kind", IsPresent: true, Next: "ExpectNoTrial" }];
  Object.assign(states["IsTrialDue"] ?? {}, { Choices });
}

/** What the program would have deployed for another strategy. */
function tryBy(states: Record<string, Json>, strategy: TrialStrategy): void {
  const { TrialKind, TrialShare, ChallengerWeight, ChampionWeight } = planTrial(strategy, 60).fillings;
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
}

/** A binary model's graph that goes on: 1 less what it answered, by the name of its answer. */
function opposite(graph: Buffer | undefined): Buffer {
  const renamed = String(graph?.toString("latin1")).replaceAll("prediction", "itsopposit");
  return continued(Buffer.from(renamed, "latin1"), {
    inputs: [],
    outputs: [{ name: "prediction", type: "float32", shape: ["rows", 1] }],
    constants: { certainty: { shape: [1], values: [1] } },
    nodes: [{ type: "Sub", inputs: ["certainty", "itsopposit"], output: "prediction" }],
  });
}
