import type { StateReader } from "@perennial/online";
import { loadArtifact } from "@perennial/scoring";
import type { FastifyInstance } from "fastify";
import { onTestFinished } from "vitest";
import { createApp, type AppArgs } from "../../apps/serving/app.ts";
import { Readiness } from "../../apps/serving/readiness.ts";
import { artifactArchive, artifactFiles, type ArtifactParts } from "./artifact.ts";

export interface ServingApp {
  app: FastifyInstance;
  readiness: Readiness;
  /** What it logged, parsed. */
  lines: () => Record<string, unknown>[];
  /** What it logged, as it stands. */
  log: () => string;
}

/** The endpoint's container as version 3, with the model that `parts` describe, closed when the running test is over. */
export async function servingApp(
  parts: ArtifactParts = {},
  args: Partial<Omit<AppArgs, "readiness" | "log">> = {},
  states?: StateReader,
): Promise<ServingApp> {
  const written: string[] = [];
  const readiness = new Readiness();
  readiness.succeed(await loadArtifact(await artifactArchive(artifactFiles(parts))), states);
  const log = { write: (line: string) => void written.push(line) };
  const limits = { maxBodyKiB: 16, maxRecords: 5, maxPending: 64 };
  const app = createApp({ readiness, version: 3, limits, log, ...args });
  onTestFinished(async () => app.close());
  return {
    app,
    readiness,
    lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>),
    log: () => written.join(""),
  };
}
