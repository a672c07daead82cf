import type { WorkloadSpec } from "@perennial/contracts";
import { loadArtifact, PredictionFault, InvalidRecords } from "@perennial/scoring";
import { download } from "./batch/live-artifact.ts";
import type { Connection } from "./context.ts";
import { CliFault, EXIT } from "./exit.ts";
import { type Model, nameOf } from "./model-reference.ts";

/**
 * Tries a version before it is asked for: its artifact lies where the registry says, is the one that was registered, opens,
 * and answers the spec's examples.
 *
 * @returns how many examples it answered.
 * @throws {CliFault} with what doesn't hold; nothing was asked for then.
 */
export async function tryModel(
  connection: Connection,
  model: Model,
  { examples }: Pick<WorkloadSpec, "examples">,
): Promise<number> {
  const { version, modelDataUrl, lineage } = model.record;
  const { artifactSha256 } = lineage;
  const artifact = await download(connection, { version, modelDataUrl, artifactSha256 });
  try {
    const opened = await loadArtifact(artifact);
    try {
      await opened.predict(examples);
    } finally {
      await opened.close();
    }
  } catch (error) {
    const isExpected = error instanceof PredictionFault || error instanceof InvalidRecords;
    const does = isExpected ? "does not answer its workload's examples" : "does not open";
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliFault(EXIT.failed, `${nameOf(model)} ${does}, so it was not asked for: ${reason}`, {
      cause: error,
    });
  }
  return examples.length;
}
