import type { Lineage } from "@perennial/contracts";
import type { StoredObject } from "@perennial/objects";
import { ArtifactFault, readArtifactArchive } from "@perennial/scoring/artifact";

/** The parts of a lineage that the artifact doesn't hold. */
type Origin = Pick<
  Lineage,
  | "execution"
  | "trainingJob"
  | "snapshotSha256"
  | "verdictUri"
  | "evaluationUri"
  | "auditUri"
  | "gateUri"
  | "cardUri"
>;

/**
 * Where a model comes from, read from the artifact itself.
 *
 * @param expectedSha256 of the archive, as it was judged or put into service.
 * @throws {ArtifactFault} if the archive is another one by now, or not an artifact of `workload`.
 */
export async function readLineage(
  { uri, bytes, sha256 }: StoredObject,
  workload: string,
  expectedSha256: string,
  origin: Origin,
): Promise<Lineage> {
  if (sha256 !== expectedSha256) {
    throw new ArtifactFault({ file: uri, expected: `SHA-256 ${expectedSha256}`, found: `SHA-256 ${sha256}` });
  }
  const { manifest } = await readArtifactArchive(bytes);
  if (manifest.workload !== workload) {
    throw new ArtifactFault({
      file: `manifest.json of ${uri}`,
      expected: `the workload ${workload}`,
      found: `the workload ${manifest.workload}`,
    });
  }
  const { data, spec, code } = manifest.hashes;
  return {
    ...origin,
    artifactVersion: manifest.version,
    artifactSha256: sha256,
    dataSha256: data ?? "none",
    specSha256: spec,
    codeSha256: code,
  };
}
