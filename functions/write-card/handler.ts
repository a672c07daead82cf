import {
  AuditReport,
  type CardReference,
  Evaluation,
  FUNCTIONS,
  GateReport,
  ModelCard,
  parse,
  Verdict,
  WorkloadSpec,
} from "@perennial/contracts";
import type { Objects } from "@perennial/objects";
import { readArtifactArchive } from "@perennial/scoring/artifact";
import type { Telemetry } from "@perennial/telemetry";
import { buildCard } from "./build-card.ts";
import { toHtml } from "./html.ts";
import { toMarkdown } from "./markdown.ts";
import type { ModelCards } from "./model-cards.ts";
import { toSageMakerContent } from "./sagemaker-content.ts";

export interface Dependencies {
  objects: Pick<Objects, "read" | "readDocument" | "write" | "writeDocument">;
  cards: Pick<ModelCards, "put">;
  telemetry: Telemetry;
  artifactBucket: string;
}

/**
 * Writes the card of a judged model: `card.json`, `card.md` and `card.html`. Asked again about one execution, it writes the
 * same bytes.
 *
 * The workload's card in SageMaker is made of it only where the gate has found the model better: there the latest card is
 * that of the latest model that may go into service.
 *
 * @throws {InvalidInput} for an event or documents that don't speak of one model.
 * @throws {ArtifactFault} for an artifact that can't be opened.
 * @throws {ObjectFault} for an object that can't be read or written.
 */
export const createHandler =
  ({ objects, cards, telemetry, artifactBucket }: Dependencies) =>
  async (received: unknown): Promise<CardReference> => {
    const event = parse(FUNCTIONS["write-card"].event, received, "event of write-card");
    const [archive, spec, gate, evaluation, audit, verdict] = await Promise.all([
      objects.read(event.challengerUri),
      objects.readDocument(event.specUri, WorkloadSpec),
      objects.readDocument(event.gateUri, GateReport),
      objects.readDocument(event.evaluationUri, Evaluation),
      objects.readDocument(event.auditUri, AuditReport),
      objects.readDocument(event.verdictUri, Verdict),
    ]);
    const { manifest } = await readArtifactArchive(archive.bytes);
    const artifactSha256 = archive.sha256;
    const card = buildCard({ event, spec, manifest, artifactSha256, gate, evaluation, audit, verdict });
    const unit = manifest.task.kind === "regression" ? manifest.task.unit : "";

    const { workload, execution } = event;
    const folder = `s3://${artifactBucket}/cards/${workload}/${execution}`;
    const cardUri = `${folder}/card.json`;
    await Promise.all([
      objects.writeDocument(cardUri, ModelCard, card),
      objects.write(`${folder}/card.md`, toMarkdown(card, unit), "text/markdown; charset=utf-8"),
      objects.write(`${folder}/card.html`, toHtml(card, unit), "text/html; charset=utf-8"),
    ]);
    const change =
      verdict.status === "better" ? await cards.put(workload, toSageMakerContent(card, unit)) : "not asked";
    telemetry.log("described", { workload, execution, artifact: card.artifactVersion, modelCard: change });
    return { cardUri };
  };
