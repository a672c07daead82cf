import { TrackingAway } from "@perennial/tracking";
import type { Connection, Context } from "./context.ts";
import type { Version } from "./registry.ts";

/** What the tracking server knows of a registered version. */
export interface TrackedModel {
  /** Version of MLflow's registered model, which is named like the workload, and the aliases that point to it. */
  version: number;
  aliases: readonly string[];
  /** Null for the baseline, and for versions from before runs were kept. */
  runId: string | null;
  /** Address of the run's page; null where the server has none that a person can open. */
  runUrl: string | null;
}

/** Finds what the tracking server knows. It changes nothing there. */
export interface TrackingReader {
  /** A workload's versions by the ARN of the model package in SageMaker's registry. */
  readModels(workload: string): Promise<ReadonlyMap<string, TrackedModel>>;
}

/** What the tracking server said of some workloads' versions. */
export interface Tracked {
  /** Null where it has no such version, or didn't say. */
  of(version: Version): TrackedModel | null;
  /** Why it said nothing, such as `unreachable (no answer of …)`; null where it answered, or the stack has none. */
  fault: string | null;
}

/**
 * Asks the tracking server about workloads. SageMaker's registry is the authority: a server that is away is told of beside
 * the answer and hides nothing of it.
 */
export async function askTracking(
  { terminal }: Context,
  { tracking }: Connection,
  workloads: readonly string[],
): Promise<Tracked> {
  if (tracking === null) return { of: () => null, fault: null };
  try {
    const all = await Promise.all(workloads.map((workload) => tracking.readModels(workload)));
    const models = new Map(all.flatMap((some) => [...some]));
    return { of: ({ record }) => models.get(record.modelPackageArn) ?? null, fault: null };
  } catch (error) {
    const fault = faultOf(error);
    terminal.err(`tracking: ${fault}\n`);
    return { of: () => null, fault };
  }
}

function faultOf(error: unknown): string {
  if (error instanceof TrackingAway) return `unreachable (${error.reason})`;
  return `no answer to use (${error instanceof Error ? error.message : String(error)})`;
}

/** `3 champion` */
export const trackedBrief = ({ version, aliases }: TrackedModel): string => [version, ...aliases].join(" ");

/** `version 3 champion, run 0123abcd`, with the address of the run's page where it has one. */
export function trackedText(tracked: TrackedModel): string {
  const { runId, runUrl } = tracked;
  return `version ${trackedBrief(tracked)}, ${runId === null ? "without a run" : `run ${runUrl ?? runId}`}`;
}

/** What a stack's MLflow says of one version, in words; null where the stack has none. */
export function trackedState({ tracking }: Connection, asked: Tracked, version: Version): string | null {
  if (tracking === null) return null;
  if (asked.fault !== null) return `tracking: ${asked.fault}`;
  const tracked = asked.of(version);
  return tracked === null ? "no version yet: it follows SageMaker's registry" : trackedText(tracked);
}
