/** The part of this package that runs without onnxruntime, for whoever reads an artifact and scores nothing with it. */
export { readArtifactArchive, readArtifactDirectory, type Artifact, type ArtifactFile } from "./artifact.ts";
export { ArtifactFault } from "./artifact-fault.ts";
