import { InvokeEndpointCommand, ModelError, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import {
  EndpointRefusal,
  EndpointResponse,
  type Platform,
  type Replay,
  type ReplayBatch,
  WorkloadSpec,
} from "@perennial/contracts";
import type { RealClock } from "../clock.ts";
import type { LocalCloud } from "../cloud.ts";
import { drawBatch, type ReplayedRow } from "./draw-batch.ts";
import { Lake } from "./lake.ts";
import { readRows } from "./source-rows.ts";
import { summarise, type ReplayedBatch } from "./summary.ts";

const DAY_MS = 24 * 60 * 60_000;
/** Requests under way at a time. */
const LANES = 8;
/** What is due starts within this time after the clock was moved: real milliseconds without a running execution. */
const QUIET_MS = 2000;
const LOOK_MS = 250;

export interface ReplayContext {
  cloud: LocalCloud;
  clock: RealClock;
  platform: Platform;
  workload: Platform["workloads"][number];
  /** What the workload declares, and its folder. */
  replay: Replay;
  folder: string;
  /** Most records of a batch; a smaller batch is drawn as a larger one is. */
  mostRows: number;
  say: (line: string) => void;
}

/**
 * Sends the batches to the endpoint one after another, `everyDays` of virtual time apart, each record as a request of its
 * own with an inference id. The outcomes of what was answered follow `labelsAfterDays` after it: nobody has an id of the rest.
 */
export async function runReplay(context: ReplayContext): Promise<ReplayedBatch[]> {
  const { cloud, platform, workload, replay, folder } = context;
  const spec = WorkloadSpec.parse(JSON.parse((await cloud.read(workload.specUri)).toString("utf8")));
  const files = new Map(
    Object.entries(replay.files).map(([file, path]) => [file, readRows(folder, path, spec)]),
  );
  const lake = new Lake({
    endpoint: cloud.url,
    region: platform.region,
    bucket: platform.lakeBucket,
    workload: workload.name,
  });
  const batches: ReplayedBatch[] = [];
  try {
    for (const batch of replay.batches) {
      const wanted = { ...batch, rows: Math.min(batch.rows, context.mostRows) };
      const rows = drawBatch(wanted, files.get(batch.from) ?? [], spec);
      batches.push(await replayBatch(context, { lake, batch, rows, spec }));
    }
  } finally {
    lake.close();
  }
  return batches;
}

interface Drawn {
  lake: Lake;
  batch: ReplayBatch;
  rows: readonly ReplayedRow[];
  spec: WorkloadSpec;
}

async function replayBatch(
  context: ReplayContext,
  { lake, batch, rows, spec }: Drawn,
): Promise<ReplayedBatch> {
  const { clock, cloud, replay, say } = context;
  const began = clock.now();
  const { answered, records, refusals } = await send(context, batch, rows);
  // A capture belongs to the hour in which it was answered.
  await cloud.sageMaker.flushCapture();
  const captured = await lake.readNewCaptures();
  say(
    `${batch.name}: ${rows.length} requests on ${day(began)}, ${refusals.length} refused, ${captured.size} captured`,
  );
  if (refusals[0] !== undefined) say(`! ${batch.name}: refused, the first for: ${refusals[0]}`);

  await pass(context, began + replay.labelsAfterDays * DAY_MS);
  const labelledAt = clock.now();
  const outcomes = new Map(answered.map((row) => [inferenceId(batch, row), row.outcome]));
  const labelsKey = await lake.putLabels(labelledAt, batch.name, outcomes);
  const summary = summarise(
    {
      name: batch.name,
      drift: batch.drift,
      sentAt: new Date(began).toISOString(),
      labelledAt: new Date(labelledAt).toISOString(),
      requests: rows.length,
      records,
      refused: refusals.length,
      labelsKey,
    },
    {
      captured,
      labels: await lake.readLabels(labelsKey),
      groups: new Map(answered.map((row) => [inferenceId(batch, row), row.group])),
    },
    spec,
  );
  const { labels, metric, value } = summary;
  say(`${batch.name}: ${labels} outcomes on ${day(labelledAt)}, ${metric} ${value?.toFixed(3) ?? "–"}`);
  await pass(context, began + replay.everyDays * DAY_MS);
  return summary;
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

const inferenceId = ({ name }: ReplayBatch, { key }: ReplayedRow): string => `${name}-${key}`;

interface SentRows {
  answered: ReplayedRow[];
  /** Predictions in the answers. */
  records: number;
  /** What the endpoint found wrong, a line for each request that it refused. */
  refusals: string[];
}

/** @throws where an invocation fails otherwise than by the endpoint's refusal of the record. */
async function send(
  { cloud, platform, workload }: ReplayContext,
  batch: ReplayBatch,
  rows: readonly ReplayedRow[],
): Promise<SentRows> {
  const credentials = { accessKeyId: "replay", secretAccessKey: "replay" };
  const client = new SageMakerRuntimeClient({ endpoint: cloud.url, region: platform.region, credentials });
  const answered = new Set<ReplayedRow>();
  const refusals: string[] = [];
  let records = 0;
  const invoke = async (row: ReplayedRow): Promise<void> => {
    const command = new InvokeEndpointCommand({
      EndpointName: workload.endpoint,
      ContentType: "application/json",
      InferenceId: inferenceId(batch, row),
      Body: JSON.stringify(row.record),
    });
    try {
      const { Body } = await client.send(command);
      const answer = EndpointResponse.parse(JSON.parse(Buffer.from(Body).toString("utf8")));
      records += answer.predictions.length;
      answered.add(row);
    } catch (error) {
      refusals.push(refusalOf(error));
    }
  };
  const waiting = rows.values();
  const lane = async (): Promise<void> => {
    for (const row of waiting) await invoke(row);
  };
  try {
    await Promise.all(Array.from({ length: LANES }, lane));
  } finally {
    client.destroy();
  }
  // In the order of the batch, whichever lane was faster.
  return { answered: rows.filter((row) => answered.has(row)), records, refusals };
}

/** What the endpoint found wrong in a record. @throws any other failure. */
function refusalOf(error: unknown): string {
  const status = error instanceof ModelError ? (error.OriginalStatusCode ?? 0) : 0;
  if (!(error instanceof ModelError) || status < 400 || status >= 500) throw error;
  const { faults } = EndpointRefusal.parse(JSON.parse(error.OriginalMessage ?? ""));
  return faults.map(({ field, message }) => (field === null ? message : `${field}: ${message}`)).join("; ");
}

/** Lets virtual time go on to `until`. What the schedule starts on the way is seen to its end. */
async function pass({ cloud, clock, workload }: ReplayContext, until: number): Promise<void> {
  clock.skip(Math.max(0, until - clock.now()));
  const isRunning = async (stateMachineArn: string): Promise<boolean> => {
    const wish = { stateMachineArn, statusFilter: "RUNNING" };
    return ((await cloud.call("states", "ListExecutions", wish))["executions"] as unknown[]).length > 0;
  };
  for (let quiet = 0; quiet < QUIET_MS; quiet += LOOK_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const { retrainStateMachineArn, rolloutStateMachineArn } = workload;
    if ((await isRunning(retrainStateMachineArn)) || (await isRunning(rolloutStateMachineArn)))
      quiet = -LOOK_MS;
  }
}
