import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import {
  EndpointResponse,
  type Platform,
  type Prediction,
  type Replay,
  type ReplayBatch,
  type WorkloadSpec,
} from "@perennial/contracts";
import { groupRows, PRIMARY, valueOf } from "@perennial/statistics";
import type { RealClock } from "../clock.ts";
import type { LocalCloud } from "../cloud.ts";
import { drawBatch, type ReplayedRow } from "./draw-batch.ts";
import type { SourceRow } from "./source-rows.ts";

const DAY_MS = 24 * 60 * 60_000;
/** Requests under way at a time. */
const LANES = 8;

export interface ReplayedBatch {
  name: string;
  drift: ReplayBatch["drift"];
  /** Virtual time at which it was sent, and at which its outcomes were known. */
  sentAt: string;
  labelledAt: string;
  rows: number;
  /** Version that answered the last of its records. */
  version: number;
  /** Mean of the predictions' first value, and of what came true. */
  meanPredicted: number;
  meanObserved: number;
  /** The gate's primary metric on these rows. */
  metric: string;
  value: number;
  labelsUri: string;
}

export interface ReplayContext {
  cloud: LocalCloud;
  clock: RealClock;
  platform: Platform;
  workload: Platform["workloads"][number];
  spec: WorkloadSpec;
  replay: Replay;
  /** Rows of each of the replay's files. */
  files: ReadonlyMap<string, readonly SourceRow[]>;
  say: (line: string) => void;
}

/**
 * Sends the batches to the endpoint one after another, `everyDays` of virtual time apart, each record as a request of its
 * own with an inference id. The outcomes of a batch follow `labelsAfterDays` after it, in the form in which SageMaker Model
 * Monitor merges ground truth (AWS documentation, "Ingest ground truth labels and merge them with predictions").
 */
export async function runReplay(context: ReplayContext): Promise<ReplayedBatch[]> {
  const { clock, replay, files, spec, say } = context;
  const done: ReplayedBatch[] = [];
  for (const batch of replay.batches) {
    const rows = drawBatch(batch, files.get(batch.from) ?? [], spec);
    const began = clock.now();
    const answers = await send(context, batch, rows);
    say(`${batch.name}: ${rows.length} records answered on ${day(began)}`);
    await pass(context, began + replay.labelsAfterDays * DAY_MS);
    const labelledAt = clock.now();
    const labelsUri = await putLabels(context, batch, rows);
    done.push({
      ...summary(batch, rows, answers, spec),
      sentAt: new Date(began).toISOString(),
      labelledAt: new Date(labelledAt).toISOString(),
      labelsUri,
    });
    say(`${batch.name}: outcomes written on ${day(labelledAt)}`);
    await pass(context, began + replay.everyDays * DAY_MS);
  }
  return done;
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

interface Answer {
  prediction: Prediction;
  version: number;
}

async function send(
  { cloud, platform, workload }: ReplayContext,
  batch: ReplayBatch,
  rows: readonly ReplayedRow[],
): Promise<Answer[]> {
  const client = new SageMakerRuntimeClient(access(cloud, platform));
  const answers: Answer[] = [];
  const waiting = rows.entries();
  const lane = async (): Promise<void> => {
    for (const [place, { key, record }] of waiting) {
      const { Body } = await client.send(
        new InvokeEndpointCommand({
          EndpointName: workload.endpoint,
          ContentType: "application/json",
          InferenceId: inferenceId(batch, key),
          Body: JSON.stringify(record),
        }),
      );
      const { predictions, model } = EndpointResponse.parse(JSON.parse(Buffer.from(Body).toString("utf8")));
      const [prediction] = predictions;
      if (prediction === undefined) throw new Error(`${batch.name}: no prediction for ${key}`);
      answers[place] = { prediction, version: model.version };
    }
  };
  try {
    await Promise.all(Array.from({ length: LANES }, lane));
  } finally {
    client.destroy();
  }
  return answers;
}

const inferenceId = ({ name }: ReplayBatch, key: string): string => `${name}-${key}`;

async function putLabels(
  { cloud, clock, platform, workload }: ReplayContext,
  batch: ReplayBatch,
  rows: readonly ReplayedRow[],
): Promise<string> {
  const hour = new Date(clock.now()).toISOString().slice(0, 13).replaceAll(/[-T]/g, "/");
  const Key = `labels/${workload.name}/${hour}/${batch.name}.jsonl`;
  const lines = rows.map(({ key, outcome }) =>
    JSON.stringify({
      groundTruthData: { data: String(outcome), encoding: "CSV" },
      eventMetadata: { eventId: inferenceId(batch, key) },
      eventVersion: "0",
    }),
  );
  const s3 = new S3Client({ ...access(cloud, platform), forcePathStyle: true });
  try {
    await s3.send(new PutObjectCommand({ Bucket: platform.lakeBucket, Key, Body: `${lines.join("\n")}\n` }));
  } finally {
    s3.destroy();
  }
  return `s3://${platform.lakeBucket}/${Key}`;
}

function access({ url }: LocalCloud, { region }: Platform) {
  return { endpoint: url, region, credentials: { accessKeyId: "replay", secretAccessKey: "replay" } };
}

/** Lets virtual time go on to `until`. What the schedule starts on the way is seen to its end. */
async function pass({ cloud, clock, workload }: ReplayContext, until: number): Promise<void> {
  clock.skip(Math.max(0, until - clock.now()));
  for (const stateMachineArn of [workload.retrainStateMachineArn, workload.rolloutStateMachineArn]) {
    for (;;) {
      // What is due starts a moment after the clock was moved.
      await new Promise((resolve) => setTimeout(resolve, 500));
      const { executions } = await cloud.call("states", "ListExecutions", {
        stateMachineArn,
        statusFilter: "RUNNING",
      });
      if ((executions as unknown[]).length === 0) break;
    }
  }
}

function summary(
  { name, drift }: ReplayBatch,
  rows: readonly ReplayedRow[],
  answers: readonly Answer[],
  { gate }: WorkloadSpec,
): Omit<ReplayedBatch, "sentAt" | "labelledAt" | "labelsUri"> {
  const values = answers.map(({ prediction }) => valuesOf(prediction));
  const columns = values[0]?.length ?? 0;
  const labels = Float64Array.from(rows, ({ outcome }) => outcome);
  const predicted = { labels, columns, predictions: Float64Array.from(values.flat()) };
  const groups = groupRows(rows.map(({ group }) => group));
  const mean = (numbers: Iterable<number>): number =>
    [...numbers].reduce((sum, number) => sum + number, 0) / rows.length;
  return {
    name,
    drift,
    rows: rows.length,
    version: answers.at(-1)?.version ?? 0,
    meanPredicted: mean(values.map(([first = NaN]) => first)),
    meanObserved: mean(labels),
    metric: gate.primary,
    value: valueOf(PRIMARY[gate.primary].statistic(predicted, groups), groups),
  };
}

function valuesOf(prediction: Prediction): number[] {
  if ("probability" in prediction) return [prediction.probability];
  if ("probabilities" in prediction) return Object.values(prediction.probabilities);
  return [prediction.estimate, prediction.lower, prediction.upper];
}
