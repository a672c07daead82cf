import type { HistoryEntry, Scores, Verdict } from "@perennial/contracts";
import { Ledger } from "@perennial/ledger";
import { Objects } from "@perennial/objects";
import { describe, expect, it } from "vitest";
import { createHandler } from "../../functions/judge-challenger/handler.ts";
import { evaluationOf, EXECUTION, HOLDOUT, scoresOf, WORKLOAD } from "../support/evaluations.ts";
import { LedgerTable } from "../support/ledger-table.ts";
import { StoredObjects } from "../support/stored-objects.ts";
import { RecordedTelemetry } from "../support/telemetry.ts";
import { TEST_SPEC } from "../support/test-workload.ts";

const folder = `s3://artifacts/evaluations/${WORKLOAD}/${EXECUTION}`;
const specUri = "s3://artifacts/specs/test-readmission/0/spec.json";
const evaluationUri = `${folder}/evaluation.json`;
const verdictUri = `s3://artifacts/verdicts/${WORKLOAD}/${EXECUTION}.json`;
const event = { workload: WORKLOAD, execution: EXECUTION, evaluationUri, specUri };

const BETTER = scoresOf({ rows: 1200, champion: 0.5, challenger: 1.5 });

function open(scores: Scores = BETTER, evaluation = evaluationOf(scores)) {
  const stored = new StoredObjects();
  stored.put(specUri, TEST_SPEC);
  stored.put(evaluationUri, evaluation);
  stored.put(evaluation.scoresUri, scores);
  const ledger = new Ledger(new LedgerTable(), "ledger");
  const telemetry = new RecordedTelemetry();
  const judging = { objects: new Objects(stored), ledger, telemetry, artifactBucket: "artifacts" };
  return { stored, ledger, telemetry, judge: createHandler(judging) };
}

describe("judging", () => {
  it("writes the verdict, answers where it lies and tells no more than identifiers", async () => {
    const { stored, telemetry, judge } = open();
    const answer = await judge(event);
    const verdict = stored.document(verdictUri) as Verdict;
    expect(answer).toEqual({ status: "better", reason: verdict.reason, verdictUri });
    expect(verdict.look).toEqual({ holdoutSha256: HOLDOUT, number: 1, of: 10, alpha: 0.005 });
    expect(stored.written).toEqual([verdictUri]);
    expect(telemetry.lines).toEqual([
      ["judged", { workload: WORKLOAD, execution: EXECUTION, status: "better", look: 1 }],
    ]);
    expect(telemetry.counts).toEqual([["Verdicts", { workload: WORKLOAD, status: "better" }]]);
  });

  it("counts one look for one execution, however often it is asked, and comes to the same verdict", async () => {
    const { stored, ledger, judge } = open();
    const first = await judge(event);
    const written = stored.document(verdictUri);
    expect(await judge(event)).toEqual(first);
    expect(stored.document(verdictUri)).toEqual(written);
    expect(await ledger.countLook(WORKLOAD, HOLDOUT, "test-readmission-ffffffffffff")).toEqual({ number: 2 });
  });

  it("refuses once other executions have spent the holdout's looks", async () => {
    const { ledger, judge } = open();
    for (let look = 0; look < 10; look += 1) {
      await ledger.countLook(WORKLOAD, HOLDOUT, `test-readmission-${String(look).padStart(12, "0")}`);
    }
    expect((await judge(event)).reason).toMatch(
      /is retired: its 10 looks are spent and this would be look 11/,
    );
  });

  it("takes no look for an unchanged model and reads no scores", async () => {
    const evaluation = evaluationOf(BETTER, { challenger: { modelSha256: "a".repeat(64) } });
    const { stored, ledger, judge } = open(BETTER, evaluation);
    stored.byUri.delete(evaluation.scoresUri);
    expect((await judge(event)).status).toBe("unchanged");
    expect(await ledger.countLook(WORKLOAD, HOLDOUT, EXECUTION)).toEqual({ number: 1 });
  });

  it("asks the latest verdicts whether a bar was ever reached, and does without one that is gone", async () => {
    const slow = { scoreMicros: 700 };
    const evaluation = evaluationOf(BETTER, { challenger: slow, champion: slow });
    const { stored, ledger, telemetry, judge } = open(BETTER, evaluation);
    await judge(event);
    const past = stored.document(verdictUri) as object;
    for (const [hour, letter] of ["a", "b"].entries()) {
      const execution = `${WORKLOAD}-${letter.repeat(12)}`;
      const uri = `s3://artifacts/verdicts/${WORKLOAD}/${execution}.json`;
      if (letter === "a") stored.put(uri, past);
      await ledger.appendHistory(entry(execution, hour, uri));
    }
    await ledger.appendHistory(entry(EXECUTION, 3, verdictUri));
    expect((await judge(event)).reason).toMatch(
      /\(nothing has reached this bar: not the champion, 700\.0 microseconds for one record, nor the last challenger\)/,
    );
    expect(telemetry.lines).toContainEqual([
      "left out a past verdict",
      { workload: WORKLOAD, execution: "test-readmission-bbbbbbbbbbbb", reason: "ObjectFault" },
    ]);
  });

  it("refuses an evaluation of another execution, before it counts a look", async () => {
    const evaluation = { ...evaluationOf(BETTER), execution: "test-readmission-eeeeeeeeeeee" };
    const { ledger, judge } = open(BETTER, evaluation);
    await expect(judge(event)).rejects.toThrow(
      `${evaluationUri} is refused, 1 fault:\n` +
        `  execution: given test-readmission-eeeeeeeeeeee; expected ${EXECUTION}, the event's`,
    );
    expect(await ledger.countLook(WORKLOAD, HOLDOUT, EXECUTION)).toEqual({ number: 1 });
  });

  it("names the object that it can't read", async () => {
    const { stored, judge } = open();
    stored.byUri.delete(evaluationUri);
    await expect(judge(event)).rejects.toThrow(
      `${evaluationUri} can't be read (NoSuchKey: The specified key does not exist.); ` +
        "expected an object that this function's role may read",
    );
  });

  it("refuses an event that isn't one", async () => {
    const { judge } = open();
    await expect(judge({ workload: WORKLOAD })).rejects.toThrow(
      "event of judge-challenger is refused, 3 faults:",
    );
  });
});

function entry(execution: string, hour: number, uri: string): HistoryEntry {
  const at = `2026-01-04T0${hour}:00:00.000Z`;
  return {
    kind: "retraining",
    workload: WORKLOAD,
    execution,
    executionArn: `arn:aws:states:eu-central-1:123456789012:execution:retrain:${execution}`,
    cause: null,
    startedAt: at,
    endedAt: at,
    summary: "A retraining.",
    outcome: "refused",
    stage: null,
    version: null,
    approvalStatus: null,
    verdictUri: uri,
    snapshotSha256: null,
    gateUri: null,
    cardUri: null,
    trainingJob: null,
  };
}
