import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { parse } from "@perennial/contracts";
import { z } from "zod";
import { CliFault, EXIT } from "../exit.ts";

const count = z.int().min(0);

/** How far a run over a file has come: `<output>.progress.json`. All of it stands for whole blocks. */
const Progress = z.strictObject({
  format: z.literal(1),
  workload: z.string(),
  /** What scores, so that the rest is scored by the same model whatever is live by then. */
  model: z.strictObject({ version: count, modelDataUrl: z.string(), artifactSha256: z.string() }),
  kept: z.array(z.string()),
  /** Time against which records without one of their own are held, milliseconds since 1970. */
  startedAt: count,
  /** Bytes of the input, uncompressed, that are done with, and their SHA-256. */
  offset: count,
  sha256: z.string(),
  lines: count,
  outputBytes: count,
  errorsBytes: count,
  refused: count,
  /** Refusals by the field that they are about. */
  refusedByField: z.record(z.string(), count),
  tally: z.strictObject({ scored: count, sum: z.number(), decided: z.record(z.string(), count) }),
});
export type Progress = z.output<typeof Progress>;

const pathOf = (output: string): string => `${output}.progress.json`;

/** @throws {CliFault} where what lies there is no progress. */
export async function readProgress(output: string): Promise<Progress | null> {
  const path = pathOf(output);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  });
  if (text === null) return null;
  try {
    return parse(Progress, JSON.parse(text), path);
  } catch (error) {
    throw new CliFault(EXIT.usage, `${path} isn't what a run wrote: start anew with --restart.`, {
      cause: error,
    });
  }
}

/** Replaces the file as a whole: a run that dies while writing leaves the one before. */
export async function writeProgress(output: string, progress: Progress): Promise<void> {
  const path = pathOf(output);
  await writeFile(`${path}.new`, JSON.stringify(progress));
  await rename(`${path}.new`, path);
}

export const removeProgress = (output: string): Promise<void> => rm(pathOf(output), { force: true });
