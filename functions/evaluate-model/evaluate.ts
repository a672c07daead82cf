import type { AuditReport, Evaluation, Scores } from "@perennial/contracts";
import { measureTask, type PredictedRows, seedFromText } from "@perennial/statistics";
import type { Candidate } from "./candidate.ts";
import { measureRows, predictRows, withKnownFields } from "./predict-rows.ts";
import type { SealedPart } from "./sealed-part.ts";
import { describeLargeSlices, describeSlices, sliceLevels, type SlicingSpec } from "./slices.ts";

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
  const { sha256, labels, groups, classes, classRows, records } = holdout;
  const { columns } = challenger.manifest.output;
  const measured = async (candidate: Candidate, rows: SealedPart["records"], version: number | null) => {
    const { predictions, invalid } = await predictRows(candidate.model, rows);
    const predicted: PredictedRows = { labels, columns, predictions };
    const { manifest, modelDataUrl, artifactSha256, artifactBytes } = candidate;
    const modelSha256 = manifest.hashes.files["model.onnx"];
    const evaluated = {
      version,
      artifactVersion: manifest.version,
      modelDataUrl,
      artifactSha256,
      artifactBytes,
      modelSha256,
      metrics: measureTask(manifest.task, predicted, { groups, seed: seedFromText(sha256 + modelSha256) }),
      scoreMicros: await measureRows(candidate.model, rows, nowMillis),
      invalidPredictions: invalid,
    };
    return { predicted, evaluated };
  };
  // The challenger is made by the same spec as the holdout: a field that it doesn't know would be refused in service too.
  const ofChallenger = await measured(challenger, records, null);
  const ofChampion = await measured(champion, withKnownFields(records, champion.manifest), championVersion);

  const slices = sliceLevels(records, spec);
  const paired = { champion: ofChampion.predicted, challenger: ofChallenger.predicted };
  return {
    evaluation: {
      workload,
      execution,
      holdout: { sha256, rows: labels.length, groups: groups.count, classRows: [...classRows] },
      challenger: ofChallenger.evaluated,
      champion: ofChampion.evaluated,
      slices: describeSlices(slices, paired, classes, spec.gate),
      scoresUri,
    },
    scores: {
      group: [...groups.index],
      label: [...labels],
      columns,
      champion: orNull(paired.champion),
      challenger: orNull(paired.challenger),
      slices,
    },
  };
}

/** The challenger's figures on the part that no gate reads. */
export async function audit(
  {
    workload,
    execution,
    challenger,
    spec,
  }: Pick<EvaluationInput, "workload" | "execution" | "challenger" | "spec">,
  { sha256, labels, groups, classes, classRows, records }: SealedPart,
): Promise<AuditReport> {
  const { model, manifest } = challenger;
  const { predictions } = await predictRows(model, records);
  const predicted: PredictedRows = { labels, columns: manifest.output.columns, predictions };
  const seed = seedFromText(sha256 + manifest.hashes.files["model.onnx"]);
  return {
    workload,
    execution,
    artifactVersion: manifest.version,
    part: { sha256, rows: labels.length, groups: groups.count, classRows: [...classRows] },
    metrics: measureTask(manifest.task, predicted, { groups, seed }),
    slices: describeLargeSlices(sliceLevels(records, spec), predicted, groups, classes, spec.gate),
  };
}

function orNull({ predictions }: PredictedRows): (number | null)[] {
  return Array.from(predictions, (prediction) => (Number.isNaN(prediction) ? null : prediction));
}
