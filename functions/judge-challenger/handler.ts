import {
  Evaluation,
  type Fault,
  FUNCTIONS,
  InvalidInput,
  parse,
  Scores,
  Verdict,
  type VerdictReference,
  WorkloadSpec,
} from "@perennial/contracts";
import type { Ledger } from "@perennial/ledger";
import type { Objects } from "@perennial/objects";
import type { Telemetry } from "@perennial/telemetry";
import { isUnchanged, judge, unchanged } from "./judge.ts";

export interface Dependencies {
  objects: Pick<Objects, "readDocument" | "writeDocument">;
  ledger: Pick<Ledger, "countLook" | "listHistory">;
  telemetry: Telemetry;
  artifactBucket: string;
}

/**
 * Judges an evaluated challenger and writes the verdict. Asked again about one execution, it comes to the same verdict and
 * counts no second look.
 *
 * @throws {InvalidInput} for an event, an evaluation or scores that don't belong together.
 * @throws {ObjectFault} for an object that can't be read or written.
 */
export const createHandler =
  (dependencies: Dependencies) =>
  async (event: unknown): Promise<VerdictReference> => {
    const { objects, ledger, telemetry, artifactBucket } = dependencies;
    const asked = parse(FUNCTIONS["judge-challenger"].event, event, "event of judge-challenger");
    const { workload, execution, evaluationUri } = asked;
    const [{ gate, task }, evaluation] = await Promise.all([
      objects.readDocument(asked.specUri, WorkloadSpec),
      objects.readDocument(evaluationUri, Evaluation),
    ]);
    const faults: Fault[] = (["workload", "execution"] as const)
      .filter((name) => evaluation[name] !== asked[name])
      .map((name) => ({
        path: name,
        message: `given ${evaluation[name]}; expected ${asked[name]}, the event's`,
      }));
    if (faults.length > 0) throw new InvalidInput(evaluationUri, faults);

    let verdict: Verdict;
    if (isUnchanged(evaluation)) {
      verdict = unchanged(evaluation, evaluationUri);
    } else {
      // Counted before anything is compared: a look that isn't counted would be a look for free.
      const look = await ledger.countLook(workload, evaluation.holdout.sha256, execution);
      const [scores, past] = await Promise.all([
        objects.readDocument(evaluation.scoresUri, Scores),
        readPast(dependencies, workload, execution),
      ]);
      verdict = judge({ evaluation, evaluationUri, scores, gate, task, look, past });
    }
    const verdictUri = `s3://${artifactBucket}/verdicts/${workload}/${execution}.json`;
    await objects.writeDocument(verdictUri, Verdict, verdict);
    const { status, reason, look } = verdict;
    telemetry.log("judged", { workload, execution, status, look: look?.number ?? null });
    telemetry.count("Verdicts", { workload, status });
    return { status, reason, verdictUri };
  };

/** How many history entries are asked for a bar that nothing has reached. */
const LATEST = 12;

/** Verdicts of the latest retrainings but this one. They only add a hint: one that can't be read any more is left out. */
async function readPast(
  { objects, ledger, telemetry }: Dependencies,
  workload: string,
  execution: string,
): Promise<Verdict[]> {
  const entries = await ledger.listHistory(workload, { limit: LATEST });
  const read = entries.map(async (entry): Promise<Verdict[]> => {
    if (entry.kind !== "retraining" || entry.execution === execution || entry.verdictUri === null) return [];
    try {
      return [await objects.readDocument(entry.verdictUri, Verdict)];
    } catch (error) {
      const reason = error instanceof Error ? error.name : "unknown";
      telemetry.log("left out a past verdict", { workload, execution: entry.execution, reason });
      return [];
    }
  });
  return (await Promise.all(read)).flat();
}
