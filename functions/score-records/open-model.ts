import { createHash } from "node:crypto";
import { loadArtifact, type Model } from "@perennial/scoring";

export interface ModelPlace {
  uri: string;
  /** SHA-256 of the artifact as it was when it was chosen. */
  sha256: string;
}

/** The artifact in the bucket isn't the one that was chosen. */
export class AlteredArtifact extends Error {
  constructor({ uri, sha256: expected }: ModelPlace, found: string) {
    super(
      `${uri} has the SHA-256 ${found}; expected ${expected}. Roll out a version whose artifact is whole.`,
    );
    this.name = "AlteredArtifact";
  }
}

/**
 * Fetches a model and has it answer once, so that one that can't never gets a request.
 *
 * @throws {ObjectUnread} if it can't be read, {AlteredArtifact} if it is another one, {ArtifactFault} if it is broken,
 *   {PredictionFault} if it doesn't answer.
 */
export async function openModel(fetch: (uri: string) => Promise<Buffer>, place: ModelPlace): Promise<Model> {
  const archive = await fetch(place.uri);
  const sha256 = createHash("sha256").update(archive).digest("hex");
  if (sha256 !== place.sha256) throw new AlteredArtifact(place, sha256);
  const model = await loadArtifact(archive);
  await model.probe();
  return model;
}
