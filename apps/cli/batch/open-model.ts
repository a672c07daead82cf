import { Model, readArtifactArchive } from "@perennial/scoring";

/**
 * Opens an artifact for a file that has columns which are carried along and not read.
 *
 * @throws {ArtifactFault} if it isn't what it says it is.
 */
export async function openModel(artifact: Uint8Array, kept: readonly string[]): Promise<Model> {
  const { manifest, files } = await readArtifactArchive(artifact);
  const read = new Set([...manifest.inputs.map(({ name }) => name), ...manifest.ignored]);
  const ignored = [...manifest.ignored, ...kept.filter((name) => !read.has(name))];
  return Model.open({ manifest: { ...manifest, ignored }, files });
}
