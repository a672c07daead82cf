import {
  type AuditReport,
  type Evaluation,
  type Fault,
  type FunctionEvent,
  type GateReport,
  InvalidInput,
  type Manifest,
  type ModelCard,
  PARTS,
  type Verdict,
  type WorkloadSpec,
} from "@perennial/contracts";
import { limitsOf } from "./limits.ts";
import { listed } from "./wording.ts";

/** Everything that a card is read from. */
export interface CardSources {
  readonly event: FunctionEvent<"write-card">;
  readonly spec: WorkloadSpec;
  readonly manifest: Manifest;
  readonly artifactSha256: string;
  readonly gate: GateReport;
  readonly evaluation: Evaluation;
  readonly audit: AuditReport;
  readonly verdict: Verdict;
}

/**
 * The card as data. It holds no clock: the same sources give the same card.
 *
 * @throws {InvalidInput} if the sources don't speak of one model, with every difference.
 */
export function buildCard(sources: CardSources): ModelCard {
  requireAccord(sources);
  const { event, spec, manifest, artifactSha256, evaluation, audit, verdict } = sources;
  const { parts } = manifest;
  const { data, spec: specSha256, code, image } = manifest.hashes;
  return {
    workload: event.workload,
    title: spec.title,
    execution: event.execution,
    artifactVersion: manifest.version,
    intendedUse: `${spec.description} ${answersOf(manifest)}`,
    data: {
      licence: spec.source.licence,
      citation: spec.source.citation,
      snapshotSha256: event.snapshotSha256,
      rows: Object.fromEntries(
        PARTS.map((part) => {
          const { rows, groups, classRows } = parts?.[part] ?? { rows: 0, groups: 0, classRows: [] };
          return [part, { rows, groups, classRows }];
        }),
      ),
      excluded: manifest.excluded.map(
        ({ column, levels, reason }) => `${column} is ${listed(levels, "or")}: ${reason}`,
      ),
    },
    algorithm: manifest.algorithm,
    holdout: evaluation.challenger.metrics,
    audit: audit.metrics,
    slices: evaluation.slices,
    limits: limitsOf(sources),
    verdict,
    lineage: {
      artifact: event.challengerUri,
      artifactSha256,
      trainingJob: event.trainingJob,
      spec: event.specUri,
      specSha256,
      snapshotSha256: event.snapshotSha256,
      dataSha256: data ?? "none",
      codeSha256: code,
      trainingImage: image ?? "none: it was trained on one machine",
      seed: String(manifest.seed),
      dataGate: event.gateUri,
      evaluation: event.evaluationUri,
      audit: event.auditUri,
      verdict: event.verdictUri,
      champion: championOf(evaluation),
      libraries: Object.entries(manifest.libraries)
        .map(([name, version]) => `${name} ${version}`)
        .toSorted()
        .join(", "),
    },
  };
}

function answersOf({ task }: Manifest): string {
  switch (task.kind) {
    case "binary":
      return `It answers a record with the calibrated probability of "${task.outcome}", and flags it from a threshold on.`;
    case "multiclass":
      return `It answers a record with calibrated probabilities of ${listed(task.classes.map(({ name }) => name))}.`;
    case "regression":
      return `It answers a record with an estimate in ${task.unit} and an interval that is to hold the outcome in ${Number((task.coverage * 100).toPrecision(4))} of 100 cases.`;
  }
}

function championOf({ champion }: Evaluation): string {
  const version = champion.version === 0 ? "the baseline" : `version ${champion.version ?? "unknown"}`;
  return `${version}, artifact ${champion.artifactVersion}`;
}

/** A card's sources come from six places: only if they speak of one model is there one to describe. */
function requireAccord(sources: CardSources): void {
  const { event, spec, manifest, artifactSha256, gate, evaluation, audit, verdict } = sources;
  const { challenger } = evaluation;
  const faults: Fault[] = (
    [
      ["spec.name", spec.name, event.workload],
      ["manifest.workload", manifest.workload, event.workload],
      ["gate.workload", gate.workload, event.workload],
      ["gate.snapshotSha256", gate.snapshotSha256, event.snapshotSha256],
      ["evaluation.execution", evaluation.execution, event.execution],
      ["evaluation.challenger.modelDataUrl", challenger.modelDataUrl, event.challengerUri],
      ["evaluation.challenger.artifactSha256", challenger.artifactSha256, artifactSha256],
      ["audit.execution", audit.execution, event.execution],
      ["audit.artifactVersion", audit.artifactVersion, manifest.version],
      ["verdict.execution", verdict.execution, event.execution],
      ["verdict.evaluationUri", verdict.evaluationUri, event.evaluationUri],
    ] as const
  ).flatMap(([path, given, expected]) =>
    given === expected ? [] : [{ path, message: `given ${given}; expected ${expected}` }],
  );
  if (faults.length > 0) throw new InvalidInput(`model card of ${event.execution}`, faults);
}
