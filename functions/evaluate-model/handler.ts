import {
  AuditReport,
  Evaluation,
  type EvaluationReference,
  FUNCTIONS,
  type FunctionEnvironment,
  InvalidInput,
  parse,
  Prepared,
  Scores,
  type Task,
  WorkloadSpec,
} from "@perennial/contracts";
import type { Ledger } from "@perennial/ledger";
import type { Objects } from "@perennial/objects";
import type { Telemetry } from "@perennial/telemetry";
import { openCandidate } from "./candidate.ts";
import { audit, evaluate } from "./evaluate.ts";
import { readSealedPart, type SealedPart } from "./sealed-part.ts";

export interface Dependencies {
  objects: Pick<Objects, "read" | "readDocument" | "writeDocument">;
  ledger: Pick<Ledger, "readPointer">;
  telemetry: Telemetry;
  artifactBucket: string;
  workloads: FunctionEnvironment<"evaluate-model">["WORKLOADS"];
  /** A monotonous clock in milliseconds with fractions: it measures how long a model takes. */
  nowMillis: () => number;
}

/**
 * Evaluates a challenger beside the champion on the sealed holdout, and alone on the audit part.
 *
 * @throws {ArtifactFault} for an artifact that can't be loaded or isn't the one it is said to be.
 * @throws {InvalidInput} for an event, a spec or a sealed part that isn't what it should be.
 * @throws {ObjectFault} for an object that can't be read or written.
 */
export const createHandler =
  ({ objects, ledger, telemetry, artifactBucket, workloads, nowMillis }: Dependencies) =>
  async (event: unknown): Promise<EvaluationReference> => {
    const asked = parse(FUNCTIONS["evaluate-model"].event, event, "event of evaluate-model");
    const { workload, execution } = asked;
    const baseline = workloads[workload];
    if (baseline === undefined) {
      const message = `given ${JSON.stringify(workload)}; expected one of ${Object.keys(workloads).join(", ")}`;
      throw new InvalidInput("event of evaluate-model", [{ path: "workload", message }]);
    }

    const pointer = await ledger.readPointer(workload);
    const live = {
      version: pointer?.version ?? 0,
      uri: pointer?.modelDataUrl ?? baseline.baselineUri,
      artifactSha256: pointer?.artifactSha256 ?? baseline.baselineSha256,
    };
    const spec = await objects.readDocument(asked.specUri, WorkloadSpec);
    const { task } = spec;
    const [holdout, auditPart, challengerObject, championObject] = await Promise.all([
      readPart(objects, asked.holdoutUri, "holdout", workload, task),
      readPart(objects, asked.auditUri, "audit", workload, task),
      objects.read(asked.challengerUri),
      objects.read(live.uri),
    ]);
    const challenger = await openCandidate(challengerObject, {
      workload,
      task,
      holdoutSha256: holdout.sha256,
    });
    const champion = await openCandidate(championObject, {
      workload,
      task,
      artifactSha256: live.artifactSha256,
    });

    const folder = `s3://${artifactBucket}/evaluations/${workload}/${execution}`;
    const scoresUri = `${folder}/scores.json`;
    const evaluationUri = `${folder}/evaluation.json`;
    const auditUri = `s3://${artifactBucket}/audits/${workload}/${execution}.json`;
    try {
      const input = { workload, execution, challenger, champion, holdout, spec, scoresUri, nowMillis };
      const { evaluation, scores } = await evaluate({ ...input, championVersion: live.version });
      const report = await audit(input, auditPart);
      await Promise.all([
        objects.writeDocument(scoresUri, Scores, scores),
        objects.writeDocument(evaluationUri, Evaluation, evaluation),
        objects.writeDocument(auditUri, AuditReport, report),
      ]);
      telemetry.log("evaluated", {
        workload,
        execution,
        challenger: evaluation.challenger.artifactVersion,
        champion: evaluation.champion.artifactVersion,
        rows: evaluation.holdout.rows,
        invalidPredictions: evaluation.challenger.invalidPredictions,
      });
      return { evaluationUri, auditUri, holdoutSha256: holdout.sha256 };
    } finally {
      // The function stays warm between events; the graphs' memory is not the garbage collector's.
      await Promise.all([challenger.model.close(), champion.model.close()]);
    }
  };

async function readPart(
  objects: Dependencies["objects"],
  prefix: string,
  part: "holdout" | "audit",
  workload: string,
  task: Task,
): Promise<SealedPart> {
  const [prepared, rows] = await Promise.all([
    objects.readDocument(`${prefix}prepared.json`, Prepared),
    objects.read(`${prefix}rows.jsonl.gz`),
  ]);
  if (prepared.workload !== workload) {
    const message = `given ${prepared.workload}; expected ${workload}`;
    throw new InvalidInput(`${prefix}prepared.json`, [{ path: "workload", message }]);
  }
  return await readSealedPart(rows.bytes, prepared, part, task, prefix);
}
