import { ExecutionName, Instant } from "@perennial/contracts";
import { type Objects, ObjectFault } from "@perennial/objects";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { z } from "zod";
import { ExperimentState } from "./experiment.ts";
import { perArm } from "./per-arm.ts";
import { ShadowState } from "./shadow.ts";
import { Bookmark } from "./unread-files.ts";

/** What a trial knows between two looks: what of its files was read, and what they said. */
export const TrialState = z.strictObject({
  execution: ExecutionName,
  startedAt: Instant,
  bookmarks: perArm(Bookmark).extend({ labels: Bookmark }),
  /** Lines that couldn't be read, and answers of versions that aren't on trial. */
  brokenLines: z.int().min(0),
  foreignAnswers: z.int().min(0),
  evidence: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("shadow"), state: ShadowState.nullable() }),
    z.strictObject({ kind: z.literal("experiment"), state: ExperimentState.nullable() }),
  ]),
});
export type TrialState = z.output<typeof TrialState>;

const [pack, unpack] = [promisify(gzip), promisify(gunzip)];

/** Null where nothing was kept yet. */
export async function readState(
  objects: Pick<Objects, "readIfThere">,
  uri: string,
): Promise<TrialState | null> {
  const stored = await objects.readIfThere(uri);
  if (stored === null) return null;
  try {
    return TrialState.parse(JSON.parse((await unpack(stored.bytes)).toString("utf8")));
  } catch (error) {
    throw new ObjectFault(uri, "read", "what this function kept of the trial", error);
  }
}

/** Replaces what was kept: files and what they said go in one object, so that no retry counts a file twice. */
export async function keepState(
  objects: Pick<Objects, "write">,
  uri: string,
  state: TrialState,
): Promise<void> {
  await objects.write(uri, await pack(JSON.stringify(state)), "application/gzip");
}
