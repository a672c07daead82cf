import { AuditReport, Evaluation, InvalidInput, Verdict } from "@perennial/contracts";
import { ObjectFault, type Objects } from "@perennial/objects";
import { readRunRecord, type Run, type RunRecord, type Runs } from "@perennial/tracking";
import {
  EXECUTION_TAG,
  type Findings,
  type PlannedRun,
  type Retraining,
  retrainingRun,
} from "./retraining-run.ts";
import { PARENT_TAG, TRIAL_TAG, trialRuns } from "./trial-run.ts";

export interface Writing {
  runs: Pick<
    Runs,
    "experiment" | "find" | "create" | "log" | "end" | "setTag" | "delete" | "listArtifacts" | "putArtifact"
  >;
  objects: Pick<Objects, "read" | "readDocument">;
  artifactBucket: string;
}

const COMPLETE_TAG = "perennial.complete";
/** Trials written at a time: a server on one machine takes no more anyway. */
const AT_ONCE = 4;

/**
 * Writes the run of a retraining, with a run below it for each trial. Where an earlier attempt broke off, the rest is
 * added; asked again after the end, nothing is written.
 *
 * @param modelPackageArn what the retraining registered, if anything.
 */
export async function writeRetraining(
  { runs, objects, artifactBucket }: Writing,
  entry: Retraining,
  modelPackageArn: string | null,
): Promise<{ runId: string; isNew: boolean }> {
  const experiment = await runs.experiment(entry.workload);
  const run = await claimRun(runs, experiment, entry);
  if (run.tags[COMPLETE_TAG] === "true") return { runId: run.runId, isNew: false };

  const findings = { ...(await readFindings(objects, artifactBucket, entry)), modelPackageArn };
  const planned = retrainingRun(entry, findings);
  if (findings.record !== null) await writeTrials(runs, experiment, run, findings.record, planned.startedAt);
  await runs.log(run.runId, planned.notes);
  await putArtifacts(runs, run, await artifactsOf(objects, entry, findings));
  await runs.end(run.runId, planned.status, planned.endedAt);
  await runs.setTag(run.runId, COMPLETE_TAG, "true");
  return { runId: run.runId, isNew: true };
}

/** The one run of an execution. Two that were created at once see each other here, and the later one goes. */
async function claimRun(runs: Writing["runs"], experiment: string, entry: Retraining): Promise<Run> {
  const { execution, startedAt } = entry;
  const mark = { [EXECUTION_TAG]: execution };
  const [found] = await runs.find(experiment, mark);
  if (found !== undefined) return found;
  const created = await runs.create(experiment, {
    name: execution,
    startedAt: Date.parse(startedAt),
    tags: mark,
  });
  const [first = created] = await runs.find(experiment, mark);
  if (first.runId !== created.runId) await runs.delete(created.runId);
  return first;
}

async function readFindings(
  objects: Writing["objects"],
  artifactBucket: string,
  { workload, execution, verdictUri, trainingJob }: Retraining,
): Promise<Omit<Findings, "modelPackageArn">> {
  const nothing = { record: null, recordFault: null };
  const training =
    trainingJob === null
      ? nothing
      : await readRecord(
          objects,
          `s3://${artifactBucket}/models/${workload}/${trainingJob}/output/output.tar.gz`,
        );
  if (verdictUri === null) return { verdict: null, evaluation: null, audit: null, ...training };
  const verdict = await objects.readDocument(verdictUri, Verdict);
  const [evaluation, audit] = await Promise.all([
    objects.readDocument(verdict.evaluationUri, Evaluation),
    objects.readDocument(`s3://${artifactBucket}/audits/${workload}/${execution}.json`, AuditReport),
  ]);
  return { verdict, evaluation, audit, ...training };
}

/** A training without its record is worth a run all the same, which then says what is missing. */
async function readRecord(
  objects: Writing["objects"],
  uri: string,
): Promise<{ record: RunRecord | null; recordFault: string | null }> {
  try {
    const { bytes } = await objects.read(uri);
    return { record: await readRunRecord(bytes, uri), recordFault: null };
  } catch (error) {
    if (error instanceof ObjectFault || error instanceof InvalidInput) {
      return { record: null, recordFault: error.message };
    }
    throw error;
  }
}

async function writeTrials(
  runs: Writing["runs"],
  experiment: string,
  parent: Run,
  record: RunRecord,
  startedAt: number,
): Promise<void> {
  const written = new Map(
    (await runs.find(experiment, { [PARENT_TAG]: parent.runId })).map((run) => [run.tags[TRIAL_TAG], run]),
  );
  const write = async (number: number, planned: PlannedRun): Promise<void> => {
    const tags = { [PARENT_TAG]: parent.runId, [TRIAL_TAG]: String(number) };
    const run = written.get(String(number)) ?? (await runs.create(experiment, { ...planned, tags }));
    // Its end is what is written last.
    if (run.status !== "RUNNING") return;
    await runs.log(run.runId, planned.notes);
    await runs.end(run.runId, planned.status, planned.endedAt);
  };
  const waiting = trialRuns(record, startedAt);
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      await write(next.number, next.run);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function artifactsOf(
  objects: Writing["objects"],
  { cardUri }: Retraining,
  { record, verdict, evaluation, audit }: Findings,
): Promise<Map<string, Uint8Array>> {
  const artifacts = new Map<string, Uint8Array>(record?.plots);
  for (const [name, document] of Object.entries({ verdict, evaluation, audit })) {
    if (document !== null) artifacts.set(`${name}.json`, Buffer.from(JSON.stringify(document, null, 2)));
  }
  if (cardUri !== null) {
    const folder = cardUri.slice(0, cardUri.lastIndexOf("/"));
    for (const name of ["card.md", "card.html"])
      artifacts.set(name, (await objects.read(`${folder}/${name}`)).bytes);
  }
  return artifacts;
}

/** Adds what the run doesn't hold yet, in its whole length. */
async function putArtifacts(
  runs: Writing["runs"],
  run: Run,
  artifacts: Map<string, Uint8Array>,
): Promise<void> {
  const folders = new Set(
    [...artifacts.keys()].map((path) => path.slice(0, Math.max(0, path.lastIndexOf("/")))),
  );
  const lists = await Promise.all([...folders].map((folder) => runs.listArtifacts(run.runId, folder)));
  const there = new Map(lists.flatMap((list) => [...list]));
  for (const [path, bytes] of artifacts) {
    if (there.get(path) !== bytes.byteLength) await runs.putArtifact(run, path, bytes);
  }
}
