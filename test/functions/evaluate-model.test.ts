import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { AuditReport, Evaluation, type Pointer, type Prepared, Scores } from "@perennial/contracts";
import { Objects } from "@perennial/objects";
import { beforeAll, describe, expect, it } from "vitest";
import { createHandler } from "../../functions/evaluate-model/handler.ts";
import {
  artifactArchive,
  artifactFiles,
  linearProbability,
  LINEAR_GRAPH,
  NAN_GRAPH,
} from "../support/artifact.ts";
import { EXECUTION, metricsOf, WORKLOAD } from "../support/evaluations.ts";
import { StoredObjects } from "../support/stored-objects.ts";
import { RecordedTelemetry } from "../support/telemetry.ts";
import { TEST_SPEC } from "../support/test-workload.ts";

type Row = { group: string | number; label: 0 | 1; record: Record<string, unknown> };

const sealed = `s3://lake/sealed/${WORKLOAD}/${EXECUTION}`;
const challengerUri = "s3://artifacts/models/test-readmission/job/output/model.tar.gz";
const baselineUri = "s3://artifacts/baselines/test-readmission/0/model.tar.gz";
const specUri = "s3://artifacts/specs/test-readmission/0/spec.json";
const scoresUri = `s3://artifacts/evaluations/${WORKLOAD}/${EXECUTION}/scores.json`;
const evaluationUri = `s3://artifacts/evaluations/${WORKLOAD}/${EXECUTION}/evaluation.json`;
const auditUri = `s3://artifacts/audits/${WORKLOAD}/${EXECUTION}.json`;
const event = {
  workload: WORKLOAD,
  execution: EXECUTION,
  challengerUri,
  holdoutUri: `${sealed}/holdout/`,
  auditUri: `${sealed}/audit/`,
  specUri,
};

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const textOf = (rows: Row[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const part = (rows: Row[]) => ({
  rows: rows.length,
  groups: new Set(rows.map(({ group }) => group)).size,
  classRows: [0, 1].map((wanted) => rows.filter(({ label }) => label === wanted).length),
  sha256: sha256(Buffer.from(textOf(rows))),
});

/** Rows whose stay says more or less how they end: two a patient, wards 1 and 2, one ward missing. */
function rowsOf(count: number): Row[] {
  return Array.from({ length: count }, (_, index) => {
    const days = 1 + ((index * 5) % 14);
    return {
      group: `patient-${Math.floor(index / 2)}`,
      label: days + (index % 4) * 3 > 15 ? 1 : 0,
      record: {
        encounter: index,
        sex: index % 2 === 0 ? "Female" : "Male",
        ward: index === 7 ? "?" : (index % 3) % 2 === 0 ? 1 : "2",
        days,
        weight: 60 + (index % 20),
        discharge: "1",
      },
    };
  });
}
const HOLDOUT = rowsOf(120);
const AUDIT = rowsOf(61);

function prepared(holdout: Row[], audit: Row[]): Prepared {
  const other = { rows: 0, groups: 0, classRows: [0, 0], sha256: "0".repeat(64) };
  return {
    workload: WORKLOAD,
    dataSha256: "0".repeat(64),
    specSha256: "0".repeat(64),
    rows: { read: 181, excluded: [], kept: 181 },
    parts: {
      train: other,
      validation: other,
      calibration: other,
      holdout: part(holdout),
      audit: part(audit),
    },
  };
}

const ignored = ["payer", "encounter", "patient"];
const manifest = { ignored, parts: prepared(HOLDOUT, AUDIT).parts };
let challenger: Buffer;
let champion: Buffer;
beforeAll(async () => {
  challenger = await artifactArchive(artifactFiles({ manifest }));
  champion = await artifactArchive(
    artifactFiles({
      graph: {
        ...LINEAR_GRAPH,
        constants: { ...LINEAR_GRAPH.constants, bias: { shape: [1, 1], values: [-3] } },
      },
      manifest: { ignored, version: "baseline", kind: "baseline" },
    }),
  );
});

interface Case {
  challenger?: Buffer;
  holdout?: Row[];
  pointer?: Pick<Pointer, "version" | "modelDataUrl" | "artifactSha256"> | null;
}

function open(given: Case = {}) {
  const holdout = given.holdout ?? HOLDOUT;
  const stored = new StoredObjects();
  stored.put(specUri, TEST_SPEC);
  stored.put(challengerUri, given.challenger ?? challenger);
  stored.put(baselineUri, champion);
  for (const [name, rows] of [
    ["holdout", holdout],
    ["audit", AUDIT],
  ] as const) {
    stored.put(`${sealed}/${name}/rows.jsonl.gz`, gzipSync(textOf(rows)));
    stored.put(`${sealed}/${name}/prepared.json`, prepared(holdout, AUDIT));
  }
  const telemetry = new RecordedTelemetry();
  let now = 0;
  const evaluate = createHandler({
    objects: new Objects(stored),
    ledger: { readPointer: () => Promise.resolve((given.pointer ?? null) as Pointer | null) },
    telemetry,
    artifactBucket: "artifacts",
    workloads: { [WORKLOAD]: { baselineUri, baselineSha256: sha256(champion) } },
    // Every look at the clock takes 20 µs.
    nowMillis: () => (now += 0.02),
  });
  const documents = () => ({
    evaluation: Evaluation.parse(stored.document(evaluationUri)),
    scores: Scores.parse(stored.document(scoresUri)),
    audit: AuditReport.parse(stored.document(auditUri)),
  });
  return { stored, telemetry, evaluate, documents };
}

/** An artifact of another graph or manifest on the same holdout. */
const artifact = (parts: Parameters<typeof artifactFiles>[0]) =>
  artifactArchive(artifactFiles({ ...parts, manifest: { ...manifest, ...parts?.manifest } }));

describe("an evaluation", () => {
  it("answers where evaluation, scores and audit report lie", async () => {
    const { stored, telemetry, evaluate } = open();
    expect(await evaluate(event)).toEqual({
      evaluationUri,
      auditUri,
      holdoutSha256: part(HOLDOUT).sha256,
    });
    expect(stored.written.toSorted()).toEqual([auditUri, evaluationUri, scoresUri].toSorted());
    expect(telemetry.lines).toEqual([
      [
        "evaluated",
        {
          workload: WORKLOAD,
          execution: EXECUTION,
          challenger: "0123456789ab",
          champion: "baseline",
          rows: 120,
          invalidPredictions: 0,
        },
      ],
    ]);
  });

  it("says which models it was, on which rows", async () => {
    const { evaluate, documents } = open();
    await evaluate(event);
    const { evaluation } = documents();
    expect(evaluation.holdout).toEqual({
      sha256: part(HOLDOUT).sha256,
      rows: 120,
      groups: 60,
      classRows: part(HOLDOUT).classRows,
    });
    const { metrics: _, modelSha256: __, ...ofChallenger } = evaluation.challenger;
    expect(ofChallenger).toEqual({
      version: null,
      artifactVersion: "0123456789ab",
      modelDataUrl: challengerUri,
      artifactSha256: sha256(challenger),
      artifactBytes: challenger.byteLength,
      scoreMicros: expect.closeTo(20, 6) as number,
      invalidPredictions: 0,
    });
    expect(evaluation.champion).toMatchObject({
      version: 0,
      artifactVersion: "baseline",
      modelDataUrl: baselineUri,
    });
    expect(evaluation.champion.modelSha256).not.toBe(evaluation.challenger.modelSha256);
    expect(evaluation.scoresUri).toBe(scoresUri);
  });

  it("keeps both models' probabilities row by row, and no identifier of a patient", async () => {
    const { stored, evaluate, documents } = open();
    await evaluate(event);
    const { scores } = documents();
    expect(scores.label).toEqual(HOLDOUT.map(({ label }) => label));
    expect(scores.group).toEqual(HOLDOUT.map((_, row) => Math.floor(row / 2)));
    HOLDOUT.forEach(({ record: { sex, ward, days, weight } }, row) => {
      const known = ward === "?" ? {} : { ward: String(ward) };
      const expected = linearProbability({
        sex: sex as string,
        ...known,
        days: days as number,
        weight: weight as number,
      });
      expect(scores.challenger[row]).toBeCloseTo(expected, 6);
    });
    for (const uri of stored.written) expect(stored.byUri.get(uri)?.toString()).not.toContain("patient-");
  });

  it("slices by the spec's columns, in the spec's order of levels, with a missing one in none", async () => {
    const { evaluate, documents } = open();
    await evaluate(event);
    const { scores, evaluation } = documents();
    const { levels, level } = scores.slices["ward"]!;
    expect(levels).toEqual(["2", "1"]);
    expect(level.slice(0, 8)).toEqual([1, 0, 1, 1, 0, 1, 1, -1]);
    expect(evaluation.slices.map(({ column, level: name, rows }) => [column, name, rows])).toEqual([
      ["ward", "2", 39],
      ["ward", "1", 80],
    ]);
    const [second] = evaluation.slices;
    const inWard2 = HOLDOUT.filter((_, index) => level[index] === 0);
    expect(second?.classRows).toEqual(part(inWard2).classRows);
  });

  it("has every figure with its interval, the same each time", async () => {
    const { evaluate, documents } = open();
    await evaluate(event);
    const { evaluation, audit } = documents();
    const metrics = metricsOf("binary", evaluation.challenger.metrics);
    for (const { value, lower, upper } of [
      metrics.rocAuc,
      metrics.averagePrecision,
      metrics.brier,
      metrics.brierSkill,
      metrics.logLoss,
      metrics.decision.f1,
      metrics.decision.f1Gain,
      metrics.calibration.slope,
      metrics.calibration.intercept,
    ]) {
      expect(lower).toBeLessThan(value ?? Number.NaN);
      expect(upper).toBeGreaterThan(value ?? Number.NaN);
    }
    expect(metrics.decision.threshold).toBe(0.5);
    expect(metrics.decision.prevalence).toBe((part(HOLDOUT).classRows[1] ?? 0) / 120);
    expect(metrics.calibration.curve.reduce((rows, bin) => rows + bin.rows, 0)).toBe(120);
    expect(audit).toMatchObject({ artifactVersion: "0123456789ab", part: part(AUDIT) });
    expect(metricsOf("binary", audit.metrics).rocAuc.value).not.toBe(metrics.rocAuc.value);

    const again = open();
    await again.evaluate(event);
    expect(again.documents()).toEqual(documents());
  });

  it("measures the champion that the pointer names", async () => {
    const live = await artifact({ manifest: { version: "aaaaaaaaaaaa" } });
    const modelDataUrl = "s3://artifacts/models/test-readmission/live/output/model.tar.gz";
    const pointer = { version: 4, modelDataUrl, artifactSha256: sha256(live) };
    const { stored, evaluate, documents } = open({ pointer });
    stored.put(modelDataUrl, live);
    await evaluate(event);
    expect(documents().evaluation.champion).toMatchObject({
      version: 4,
      artifactVersion: "aaaaaaaaaaaa",
      modelDataUrl,
    });
  });
});

describe("a model without a probability for every row", () => {
  it("has null for each such row and for the figures, and counts them", async () => {
    const holdout = HOLDOUT.map((row, index) =>
      index < 3 ? { ...row, record: { ...row.record, weight: null } } : row,
    );
    const faulty = await artifactArchive(
      artifactFiles({ graph: NAN_GRAPH, manifest: { ...manifest, parts: prepared(holdout, AUDIT).parts } }),
    );
    const { evaluate, documents } = open({ challenger: faulty, holdout });
    await evaluate(event);
    const { evaluation, scores } = documents();
    expect(evaluation.challenger.invalidPredictions).toBe(3);
    expect(scores.challenger.map((value) => value === null).indexOf(false)).toBe(3);
    const nothing = { value: null, lower: null, upper: null };
    const ofChallenger = metricsOf("binary", evaluation.challenger.metrics);
    expect(ofChallenger.rocAuc).toEqual(nothing);
    expect(ofChallenger.decision).toMatchObject({ flaggedShare: null, f1: nothing, f1Gain: nothing });
    expect(metricsOf("binary", evaluation.champion.metrics).rocAuc.value).not.toBeNull();
  });

  it("is one that refuses a row, too: the others are scored all the same", async () => {
    const strict = await artifact({ manifest: { ignored: ["payer", "encounter"], excluded: [] } });
    const { evaluate, documents } = open({ challenger: strict });
    await evaluate(event);
    // Without `discharge` among its fields, it refuses every row as the endpoint would.
    expect(documents().evaluation.challenger.invalidPredictions).toBe(120);

    const holdout = HOLDOUT.map((row, index) =>
      index === 5 ? { ...row, record: { ...row.record, days: 15 } } : row,
    );
    const picky = await artifactArchive(
      artifactFiles({ manifest: { ...manifest, parts: prepared(holdout, AUDIT).parts } }),
    );
    const other = open({ challenger: picky, holdout });
    await other.evaluate(event);
    const { challenger: column } = other.documents().scores;
    expect(column.flatMap((value, row) => (value === null ? [row] : []))).toEqual([5]);
  });
});

it("asks an older champion without the columns that it doesn't know yet", async () => {
  const holdout = HOLDOUT.map((row) => ({ ...row, record: { ...row.record, glucose: 5.1 } }));
  const parts = prepared(holdout, AUDIT).parts;
  const current = await artifactArchive(
    artifactFiles({ manifest: { ignored: [...ignored, "glucose"], parts } }),
  );
  const { evaluate, documents } = open({ challenger: current, holdout });
  await evaluate(event);
  const { evaluation } = documents();
  expect([evaluation.champion.invalidPredictions, evaluation.challenger.invalidPredictions]).toEqual([0, 0]);
});

describe("nothing is evaluated", () => {
  const refused = async (arrange: (stored: StoredObjects) => void | Promise<void>, given: Case = {}) => {
    const { stored, evaluate } = open(given);
    await arrange(stored);
    const error: unknown = await evaluate(event).then(
      () => new Error("it was evaluated"),
      (reason: unknown) => reason,
    );
    expect(stored.written).toEqual([]);
    return error as Error;
  };

  it("when the holdout's rows aren't those that were sealed", async () => {
    const other = gzipSync(textOf(HOLDOUT.toReversed()));
    const error = await refused((stored) => stored.put(`${sealed}/holdout/rows.jsonl.gz`, other));
    expect(error.message).toBe(
      `${sealed}/holdout/ is refused, 1 fault:\n` +
        `  rows.jsonl.gz: given rows with SHA-256 ${part(HOLDOUT.toReversed()).sha256}; ` +
        `expected ${part(HOLDOUT).sha256}, as prepared.json says of its holdout`,
    );
  });

  it("when the counts of a part differ from those written down", async () => {
    const wrong = prepared(HOLDOUT, AUDIT);
    wrong.parts.audit = { ...wrong.parts.audit, rows: 60, groups: 30 };
    const error = await refused((stored) => stored.put(`${sealed}/audit/prepared.json`, wrong));
    expect(error.message).toBe(
      `${sealed}/audit/ is refused, 2 faults:\n` +
        "  rows: given 61; expected 60, as prepared.json says of its audit\n" +
        "  groups: given 31; expected 30, as prepared.json says of its audit",
    );
  });

  it("when a line is no row, whose contents are then told to nobody", async () => {
    const bytes = Buffer.from(`${textOf(HOLDOUT)}{"group":"secret","label":2}\n`);
    const sealedRows = prepared(HOLDOUT, AUDIT);
    sealedRows.parts.holdout.sha256 = sha256(bytes);
    const error = await refused((stored) => {
      stored.put(`${sealed}/holdout/rows.jsonl.gz`, gzipSync(bytes));
      stored.put(`${sealed}/holdout/prepared.json`, sealedRows);
    });
    expect(error.message).toBe(
      `${sealed}/holdout/ is refused, 1 fault:\n` +
        "  line 121: given something else; expected {group, label: 0 or 1, record} in JSON",
    );
    expect(error.cause).toBeUndefined();
  });

  it("when the holdout is no gzip", async () => {
    const error = await refused((stored) =>
      stored.put(`${sealed}/holdout/rows.jsonl.gz`, Buffer.from("rows")),
    );
    expect(error.message).toContain(
      "rows.jsonl.gz: given 4 bytes; expected gzip of at most 512 MiB unpacked",
    );
  });

  it("when the challenger was trained beside another holdout", async () => {
    const parts = prepared(HOLDOUT.slice(2), AUDIT).parts;
    const stranger = await artifact({ manifest: { parts } });
    const error = await refused((stored) => stored.put(challengerUri, stranger));
    expect(error.name).toBe("ArtifactFault");
    expect(error.message).toContain(
      `found the holdout ${parts.holdout.sha256}; expected the holdout ${part(HOLDOUT).sha256}, on which it is to be judged.`,
    );
  });

  it("when the challenger is of another workload", async () => {
    const stranger = await artifact({ manifest: { workload: "churn" } });
    const error = await refused((stored) => stored.put(challengerUri, stranger));
    expect(error.name).toBe("ArtifactFault");
    expect(error.message).toContain("found the workload churn; expected the workload test-readmission.");
  });

  it("when an artifact is truncated", async () => {
    const error = await refused((stored) => stored.put(challengerUri, challenger.subarray(0, 500)));
    expect(error.name).toBe("ArtifactFault");
    expect(error.message).toMatch(
      /^artifact file model\.tar\.gz: found 500 bytes: .*expected a whole gzip archive\./,
    );
  });

  it("when the champion's artifact isn't the one that was put into service", async () => {
    const error = await refused((stored) => stored.put(baselineUri, challenger));
    expect(error.name).toBe("ArtifactFault");
    expect(error.message).toContain(
      `artifact file ${baselineUri}: found SHA-256 ${sha256(challenger)}; expected SHA-256 ${sha256(champion)}, as it was put into service.`,
    );
  });

  it("when a part is missing, which is named", async () => {
    const error = await refused((stored) => void stored.byUri.delete(`${sealed}/audit/rows.jsonl.gz`));
    expect(error.name).toBe("ObjectFault");
    expect(error.message).toContain(`${sealed}/audit/rows.jsonl.gz can't be read (NoSuchKey:`);
  });

  it("for a workload that this stack doesn't hold", async () => {
    const { evaluate } = open();
    await expect(evaluate({ ...event, workload: "churn" })).rejects.toThrow(
      `event of evaluate-model is refused, 1 fault:\n  workload: given "churn"; expected one of test-readmission`,
    );
  });
});
