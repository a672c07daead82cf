import type { Connection, Context } from "./context.ts";

/** What the tracking server knows of a registered version. */
export interface TrackedModel {
  /** Version of MLflow's registered model, and the aliases that point to it. */
  version: number;
  aliases: readonly string[];
  runId: string;
  /** Address of the run's page; null where the server has none that a person can open. */
  runUrl: string | null;
}

/** Finds what the tracking server knows, by the version in SageMaker's registry. */
export interface TrackingReader {
  readModels(workload: string): Promise<ReadonlyMap<number, TrackedModel>>;
}

/**
 * What the tracking server knows of a workload's versions. SageMaker's registry is the authority: a server that is away is
 * told as a sentence beside the answer and hides nothing of it.
 */
export async function trackedModels(
  { terminal }: Context,
  { tracking }: Connection,
  workload: string,
): Promise<(version: number) => TrackedModel | null> {
  if (tracking === null) return () => null;
  try {
    const models = await tracking.readModels(workload);
    return (version) => models.get(version) ?? null;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    terminal.err(`The tracking server says nothing about ${workload}: ${reason}\n`);
    return () => null;
  }
}

/** `3 champion` */
export const trackedBrief = ({ version, aliases }: TrackedModel): string => [version, ...aliases].join(" ");

/** `version 3 champion, run 0123abcd`, with the address of the run's page where it has one. */
export const trackedText = (tracked: TrackedModel): string =>
  `version ${trackedBrief(tracked)}, run ${tracked.runUrl ?? tracked.runId}`;
