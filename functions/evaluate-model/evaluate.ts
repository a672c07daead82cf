import type { AuditReport, Evaluation, Scores } from "@perennial/contracts";
import { seedFromText } from "@perennial/statistics";
import { binaryMetrics } from "./binary-metrics.ts";
import type { Candidate } from "./candidate.ts";
import { measureRows, predictRows, withKnownFields } from "./predict-rows.ts";
import type { SealedPart } from "./sealed-part.ts";
import { describeSlices, sliceLevels, type SlicingSpec } from "./slices.ts";

export interface EvaluationInput {
  readonly workload: string;
  readonly execution: string;
  readonly challenger: Candidate;
  readonly champion: Candidate;
  /** Version of the champion in the registry; 0 for the baseline that the program put into service. */
  readonly championVersion: number;
  readonly holdout: SealedPart;
  readonly spec: SlicingSpec;
  /** Where `Scores` will lie. */
  readonly scoresUri: string;
  /** A monotonous clock in milliseconds with fractions. */
  readonly nowMillis: () => number;
}

/** Scores both models on the sealed holdout, by the same code. */
export async function evaluate({
  workload,
  execution,
  challenger,
  champion,
  championVersion,
  holdout,
  spec,
  scoresUri,
  nowMillis,
}: EvaluationInput): Promise<{ evaluation: Evaluation; scores: Scores }> {
  const { sha256, labels, groups, positives, records } = holdout;
  const measured = async (candidate: Candidate, rows: SealedPart["records"], version: number | null) => {
    const probabilities = await predictRows(candidate.model, rows);
    const { manifest, modelDataUrl, artifactSha256, artifactBytes } = candidate;
    const modelSha256 = manifest.hashes.files["model.onnx"];
    const evaluated = {
      version,
      artifactVersion: manifest.version,
      modelDataUrl,
      artifactSha256,
      artifactBytes,
      modelSha256,
      metrics: binaryMetrics(
        { labels, scores: probabilities },
        groups,
        manifest,
        seedFromText(sha256 + modelSha256),
      ),
      scoreMicros: await measureRows(candidate.model, rows, nowMillis),
      invalidPredictions: probabilities.filter(Number.isNaN).length,
    };
    return { probabilities, evaluated };
  };
  // The challenger is made by the same spec as the holdout: a field that it doesn't know would be refused in service too.
  const ofChallenger = await measured(challenger, records, null);
  const ofChampion = await measured(champion, withKnownFields(records, champion.manifest), championVersion);

  const slices = sliceLevels(records, spec);
  const paired = { champion: ofChampion.probabilities, challenger: ofChallenger.probabilities };
  return {
    evaluation: {
      workload,
      execution,
      holdout: {
        sha256,
        rows: labels.length,
        groups: groups.count,
        positives,
        prevalence: positives / labels.length,
      },
      challenger: ofChallenger.evaluated,
      champion: ofChampion.evaluated,
      slices: describeSlices(slices, { labels, ...paired }),
      scoresUri,
    },
    scores: {
      group: [...groups.index],
      label: Array.from(labels, (label) => (label === 1 ? 1 : 0)),
      champion: column(paired.champion),
      challenger: column(paired.challenger),
      slices,
    },
  };
}

/** The challenger's figures on the part that no gate reads. */
export async function audit(
  { workload, execution, challenger }: Pick<EvaluationInput, "workload" | "execution" | "challenger">,
  { sha256, labels, groups, positives, records }: SealedPart,
): Promise<AuditReport> {
  const { model, manifest } = challenger;
  const rows = { labels, scores: await predictRows(model, records) };
  const seed = seedFromText(sha256 + manifest.hashes.files["model.onnx"]);
  return {
    workload,
    execution,
    artifactVersion: manifest.version,
    part: { sha256, rows: labels.length, groups: groups.count, positives },
    metrics: binaryMetrics(rows, groups, manifest, seed),
  };
}

function column(probabilities: Float64Array): (number | null)[] {
  return Array.from(probabilities, (probability) => (Number.isNaN(probability) ? null : probability));
}
