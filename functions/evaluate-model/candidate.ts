import { type Manifest, outputNames, type Task } from "@perennial/contracts";
import type { StoredObject } from "@perennial/objects";
import { ArtifactFault, loadArtifact, type Model } from "@perennial/scoring";

/** A model under evaluation: an artifact that is what it is said to be. */
export interface Candidate {
  readonly model: Model;
  readonly manifest: Manifest;
  readonly modelDataUrl: string;
  readonly artifactSha256: string;
  readonly artifactBytes: number;
}

/** What is known of an artifact before it is opened. */
export interface Claims {
  readonly workload: string;
  readonly task: Task;
  /** Absent for a challenger: nobody has said so yet. */
  readonly artifactSha256?: string;
  /** The sealed holdout that the manifest must name, as training was told it; absent for a champion of earlier data. */
  readonly holdoutSha256?: string;
}

/**
 * Opens an artifact.
 *
 * @throws {ArtifactFault} if it can't be loaded or isn't what is claimed: what was expected, what was found.
 */
export async function openCandidate(
  { uri, bytes, sha256 }: StoredObject,
  claims: Claims,
): Promise<Candidate> {
  if (claims.artifactSha256 !== undefined && claims.artifactSha256 !== sha256) {
    const expected = `SHA-256 ${claims.artifactSha256}, as it was put into service`;
    throw new ArtifactFault({ file: uri, expected, found: `SHA-256 ${sha256}` });
  }
  const model = await loadArtifact(bytes);
  const { manifest } = model;
  if (manifest.workload !== claims.workload) {
    const [expected, found] = [claims.workload, manifest.workload].map((name) => `the workload ${name}`);
    throw new ArtifactFault({
      file: `manifest.json of ${uri}`,
      expected: expected ?? "",
      found: found ?? "",
    });
  }
  const [asked, answered] = [
    answersOf(claims.task),
    [manifest.task.kind, ...outputNames(manifest.task)].join(" "),
  ];
  if (asked !== answered) {
    throw new ArtifactFault({
      file: `manifest.json of ${uri}`,
      expected: `the task ${asked}; another question is another workload`,
      found: `the task ${answered}`,
    });
  }
  const named = manifest.parts?.holdout.sha256;
  if (claims.holdoutSha256 !== undefined && named !== claims.holdoutSha256) {
    throw new ArtifactFault({
      file: `manifest.json of ${uri}`,
      expected: `the holdout ${claims.holdoutSha256}, on which it is to be judged`,
      found: named === undefined ? "no holdout" : `the holdout ${named}`,
    });
  }
  return { model, manifest, modelDataUrl: uri, artifactSha256: sha256, artifactBytes: bytes.byteLength };
}

/** What a model of the task answers with, in order: two models can be compared only if it is the same. */
function answersOf(task: Task): string {
  if (task.kind === "binary") return "binary probability";
  if (task.kind === "regression") return "regression estimate lower upper";
  return ["multiclass", ...task.classes.map(({ name }) => name)].join(" ");
}
