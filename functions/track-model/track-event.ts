import {
  type FunctionEnvironment,
  type HistoryEntry,
  InvalidInput,
  parse,
  TrackedEvent,
} from "@perennial/contracts";
import type { Ledger } from "@perennial/ledger";
import type { Telemetry } from "@perennial/telemetry";
import { type Following, followRegistry } from "./follow-registry.ts";
import { type Writing, writeRetraining } from "./write-retraining.ts";

export interface Tracking {
  writing: Writing;
  following: Following;
  ledger: Pick<Ledger, "listHistory">;
  telemetry: Telemetry;
  workloads: FunctionEnvironment<"track-model">["WORKLOADS"];
  stateMachines: FunctionEnvironment<"track-model">["STATE_MACHINES"];
}

type Execution = Extract<TrackedEvent, { "detail-type": "Step Functions Execution Status Change" }>["detail"];

/** An execution has ended and its line isn't in the history yet: it is being written just now. */
export class NotRecorded extends Error {
  constructor(execution: string) {
    super(
      `${execution} has no line in the history yet; expected one shortly after its end. Ask again later.`,
    );
    this.name = "NotRecorded";
  }
}

/** Lines of the history among which an execution's own one is looked for: others may have started with it. */
const NEAR = 20;

/**
 * Brings one event to the tracking server.
 *
 * @param body the event, as EventBridge wrote it.
 * @throws {InvalidInput} for anything else.
 */
export async function trackEvent(tracking: Tracking, body: string): Promise<void> {
  const { "detail-type": type, detail } = readEvent(body);
  if (type === "SageMaker Model Package State Change") {
    await follow(tracking, workloadOf(tracking, detail.ModelPackageGroupName));
    return;
  }
  const owner = tracking.stateMachines[detail.stateMachineArn];
  if (owner === undefined)
    throw stranger("detail.stateMachineArn", detail.stateMachineArn, tracking.stateMachines);
  if (owner.kind === "retrain") await trackRetraining(tracking, owner.workload, detail);
  else await follow(tracking, owner.workload);
}

async function trackRetraining(tracking: Tracking, workload: string, execution: Execution): Promise<void> {
  const { writing, following, telemetry } = tracking;
  const entry = await findEntry(tracking.ledger, workload, execution);
  if (entry?.kind !== "retraining") throw new NotRecorded(execution.name);
  // Nothing was trained: there is no run to speak of.
  if (entry.outcome === "data-refused") return;
  const group = groupOf(tracking, workload);
  const registered = entry.version === null ? [] : await following.packages.list(group);
  const modelPackageArn = registered.find(({ version }) => version === entry.version)?.arn ?? null;
  const { runId, isNew } = await writeRetraining(writing, entry, modelPackageArn);
  telemetry.log("tracked", { workload, execution: entry.execution, runId, isNew });
  if (isNew) telemetry.count("RetrainingsTracked", { workload });
  await follow(tracking, workload);
}

async function follow(tracking: Tracking, workload: string): Promise<void> {
  await followRegistry(tracking.following, workload, groupOf(tracking, workload));
  tracking.telemetry.log("registry followed", { workload });
}

async function findEntry(
  ledger: Tracking["ledger"],
  workload: string,
  { name, startDate }: Execution,
): Promise<HistoryEntry | undefined> {
  // The history's time is the workflow's own, which may differ from the event's in its last digits.
  const at = new Date(startDate + 1000).toISOString();
  const entries = await ledger.listHistory(workload, { limit: NEAR, at });
  return entries.find(({ execution }) => execution === name);
}

function groupOf({ workloads }: Tracking, workload: string): string {
  const group = workloads[workload]?.modelPackageGroup;
  if (group === undefined) throw stranger("workload", workload, workloads);
  return group;
}

function workloadOf({ workloads }: Tracking, modelPackageGroup: string): string {
  const found = Object.entries(workloads).find(([, own]) => own.modelPackageGroup === modelPackageGroup);
  if (found === undefined) {
    const groups = Object.fromEntries(Object.values(workloads).map((own) => [own.modelPackageGroup, own]));
    throw stranger("detail.ModelPackageGroupName", modelPackageGroup, groups);
  }
  return found[0];
}

function readEvent(body: string): TrackedEvent {
  let event: unknown;
  try {
    event = JSON.parse(body);
  } catch {
    const message = `given ${JSON.stringify(body.slice(0, 80))}; expected an event in JSON`;
    throw new InvalidInput("message of track-model", [{ path: "body", message }]);
  }
  return parse(TrackedEvent, event, "message of track-model");
}

const stranger = (path: string, given: string, known: object): InvalidInput =>
  new InvalidInput("message of track-model", [
    { path, message: `given ${JSON.stringify(given)}; expected one of ${Object.keys(known).join(", ")}` },
  ]);
