import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import {
  AuditReport,
  type Column,
  defineWorkload,
  Evaluation,
  type Prepared,
  Scores,
  type Task,
  type WorkloadSpec,
} from "@perennial/contracts";
import { Objects } from "@perennial/objects";
import { createRandom } from "@perennial/statistics";
import { describe, expect, it } from "vitest";
import { createHandler } from "../../functions/evaluate-model/handler.ts";
import { artifactArchive, artifactFiles, type ArtifactParts } from "../support/artifact.ts";
import { EXECUTION, metricsOf } from "../support/evaluations.ts";
import { StoredObjects } from "../support/stored-objects.ts";
import { DURATION_ARTIFACT, MATCH_ARTIFACT, matchProbabilities } from "../support/task-artifacts.ts";
import { MATCH_GATE, MATCH_TASK, STAY_GATE, STAY_TASK } from "../support/task-evaluations.ts";
import { RecordedTelemetry } from "../support/telemetry.ts";
import { TEST_SPEC } from "../support/test-workload.ts";

interface Row {
  group: string;
  label: number;
  record: Record<string, unknown>;
}

const base = "s3://artifacts/evaluations";
const challengerUri = "s3://artifacts/models/job/output/model.tar.gz";
const baselineUri = "s3://artifacts/baselines/model.tar.gz";
const specUri = "s3://artifacts/specs/spec.json";
const sealed = "s3://lake/sealed";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const textOf = (rows: Row[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const part = (rows: Row[], classes: number) => ({
  rows: rows.length,
  groups: new Set(rows.map(({ group }) => group)).size,
  classRows: Array.from(
    { length: classes },
    (_, place) => rows.filter(({ label }) => label === place).length,
  ),
  sha256: sha256(Buffer.from(textOf(rows))),
});

interface World {
  workload: string;
  /** Classes of the task; 0 for a quantity. */
  classes: number;
  spec: WorkloadSpec;
  rows: Row[];
  challenger: ArtifactParts;
  champion: ArtifactParts;
}

async function evaluated({ workload, classes, spec, rows, challenger, champion }: World) {
  const of = part(rows, classes);
  const none = { rows: 0, groups: 0, classRows: [], sha256: "0".repeat(64) };
  const prepared: Prepared = {
    workload,
    dataSha256: "0".repeat(64),
    specSha256: "0".repeat(64),
    rows: { read: rows.length, excluded: [], kept: rows.length },
    parts: { train: none, validation: none, calibration: none, holdout: of, audit: of },
  };
  const stored = new StoredObjects();
  const archive = (parts: ArtifactParts) =>
    artifactArchive(artifactFiles({ ...parts, manifest: { ...parts.manifest, parts: prepared.parts } }));
  const live = await archive(champion);
  stored.put(specUri, spec);
  stored.put(challengerUri, await archive(challenger));
  stored.put(baselineUri, live);
  for (const name of ["holdout", "audit"]) {
    stored.put(`${sealed}/${name}/rows.jsonl.gz`, gzipSync(textOf(rows)));
    stored.put(`${sealed}/${name}/prepared.json`, prepared);
  }
  const execution = EXECUTION;
  await createHandler({
    objects: new Objects(stored),
    ledger: { readPointer: () => Promise.resolve(null) },
    telemetry: new RecordedTelemetry(),
    artifactBucket: "artifacts",
    workloads: { [workload]: { baselineUri, baselineSha256: sha256(live) } },
    nowMillis: () => performance.now(),
  })({
    workload,
    execution,
    challengerUri,
    holdoutUri: `${sealed}/holdout/`,
    auditUri: `${sealed}/audit/`,
    specUri,
  });
  return {
    evaluation: Evaluation.parse(stored.document(`${base}/${workload}/${execution}/evaluation.json`)),
    scores: Scores.parse(stored.document(`${base}/${workload}/${execution}/scores.json`)),
    audit: AuditReport.parse(stored.document(`s3://artifacts/audits/${workload}/${execution}.json`)),
  };
}

/** The tests' spec with another name, task and source columns. */
function specOf(
  name: string,
  task: Task,
  gate: WorkloadSpec["gate"],
  columns: WorkloadSpec["source"]["columns"],
): WorkloadSpec {
  const [first = ""] = Object.keys(columns);
  const { source } = TEST_SPEC;
  return defineWorkload({
    ...TEST_SPEC,
    name,
    task,
    gate,
    source: {
      ...source,
      columns,
      excluded: [],
      unused: { encounter: "identifier", patient: "identifier", [task.target]: "the outcome" },
    },
    features: [{ kind: "number", name: "first", column: first }],
    examples: [{ [first]: null }],
  });
}

const number = (min: number, max: number) =>
  ({ type: "number", description: "A number.", min, max, required: false }) satisfies Column;
const team = {
  type: "category",
  description: "A team.",
  levels: ["Arsenal", "Leeds"],
  closed: false,
  required: false,
} satisfies Column;

describe("a holdout of ordered classes", () => {
  const columns = { form: number(0, 3), opponent_form: number(0, 3), team, opponent: team, venue: team };
  const gate = { ...MATCH_GATE, slices: { columns: ["team"], minPerClass: 5, margin: 0.01 } };
  const random = createRandom(2);
  const rows: Row[] = Array.from({ length: 200 }, (_, row) => {
    const [form, opponentForm] = [3 * random.uniform(), 3 * random.uniform()];
    const [loss = 0, draw = 0] = matchProbabilities(19_000, form, opponentForm);
    const drawn = random.uniform();
    return {
      group: `match-${Math.floor(row / 2)}`,
      label: drawn < loss ? 0 : drawn < loss + draw ? 1 : 2,
      record: {
        team: row % 4 === 0 ? "Leeds" : "Arsenal",
        opponent: "Leeds",
        date: "2022-01-08",
        form,
        opponent_form: opponentForm,
        venue: "home",
      },
    };
  });
  const constant: ArtifactParts = {
    ...MATCH_ARTIFACT,
    graph: {
      ...MATCH_ARTIFACT.graph!,
      constants: {
        ...MATCH_ARTIFACT.graph!.constants,
        weights: { shape: [3, 3], values: [0, 0, 0, 0, 0, 0, 0, 0, 0] },
      },
    },
    manifest: { ...MATCH_ARTIFACT.manifest, version: "baseline", kind: "baseline" },
  };
  const world: World = {
    workload: "test-match",
    classes: 3,
    spec: specOf("test-match", MATCH_TASK, gate, columns),
    rows,
    challenger: MATCH_ARTIFACT,
    champion: constant,
  };

  it("has the probabilities of every class of both models, row by row", async () => {
    const { scores, evaluation } = await evaluated(world);
    expect(scores.columns).toBe(3);
    expect(scores.label).toEqual(rows.map(({ label }) => label));
    expect(scores.champion.slice(0, 3)).toEqual([1, 1, 1].map(() => expect.closeTo(1 / 3, 6) as number));
    expect(scores.challenger).toHaveLength(600);
    expect(scores.challenger[5]).toBeGreaterThan(0);
    expect(evaluation.holdout).toEqual({ ...part(rows, 3) });
    expect([evaluation.challenger.invalidPredictions, evaluation.champion.invalidPredictions]).toEqual([
      0, 0,
    ]);
  });

  it("is told by the metrics of the task, in all and slice by slice", async () => {
    const { evaluation, audit, scores } = await evaluated(world);
    const ofChallenger = metricsOf("multiclass", evaluation.challenger.metrics);
    const ofChampion = metricsOf("multiclass", evaluation.champion.metrics);
    expect(ofChallenger.rps.value).toBeLessThan(ofChampion.rps.value!);
    expect(ofChampion.logLoss.value).toBeCloseTo(Math.log(3), 5);
    expect(ofChallenger.classes.map(({ name, rows: count }) => [name, count])).toEqual(
      ["loss", "draw", "win"].map((name, place) => [name, part(rows, 3).classRows[place]]),
    );
    expect(evaluation.slices.map(({ column, level, rows: count }) => [column, level, count])).toEqual([
      ["team", "Arsenal", 150],
      ["team", "Leeds", 50],
    ]);
    const leeds = rows.filter((_, row) => row % 4 === 0);
    expect(evaluation.slices[1]?.classRows).toEqual(part(leeds, 3).classRows);
    // By hand: the baseline's RPS of a row is 5/18 for the ends and 1/9 for the middle.
    const byHand = leeds.reduce((sum, { label }) => sum + (label === 1 ? 1 / 9 : 5 / 18), 0) / leeds.length;
    expect(evaluation.slices[1]?.champion).toBeCloseTo(byHand, 6);
    expect(audit.metrics).toEqual(evaluation.challenger.metrics);
    expect(audit.slices).toEqual(
      evaluation.slices.map(({ column, level, rows: count, challenger }) => ({
        column,
        level,
        rows: count,
        primary: challenger,
      })),
    );
    expect(scores.slices["team"]?.levels).toEqual(["Arsenal", "Leeds"]);
  });

  it("leaves a slice with too few rows of a class out of the audit report, not out of the evaluation", async () => {
    const spec = specOf(
      "test-match",
      MATCH_TASK,
      { ...gate, slices: { ...gate.slices, minPerClass: 25 } },
      columns,
    );
    const { evaluation, audit } = await evaluated({ ...world, spec });
    expect(evaluation.slices.map(({ level }) => level)).toEqual(["Arsenal", "Leeds"]);
    expect(audit.slices.map(({ level }) => level)).toEqual(["Arsenal"]);
  });

  it("is not shown to a champion that answers another question", async () => {
    const classes = [
      { name: "win", share: 0.4 },
      { name: "draw", share: 0.2 },
      { name: "loss", share: 0.4 },
    ];
    const turned = {
      ...constant,
      manifest: { ...constant.manifest, task: { kind: "multiclass" as const, classes } },
    };
    await expect(evaluated({ ...world, champion: turned })).rejects.toThrow(
      `artifact file manifest.json of ${baselineUri}: found the task multiclass win draw loss; ` +
        "expected the task multiclass loss draw win; another question is another workload",
    );
  });

  it("is refused when a label is no class", async () => {
    const wrong = rows.with(3, { ...rows[3]!, label: 3 });
    await expect(evaluated({ ...world, rows: wrong })).rejects.toThrow(
      "line 4: given something else; expected {group, label: 0 to 2, record} in JSON",
    );
  });
});

describe("a holdout of a quantity", () => {
  const gate = { ...STAY_GATE, slices: { columns: [], minPerClass: 5, margin: 1 } };
  const random = createRandom(4);
  const rows: Row[] = Array.from({ length: 100 }, (_, row) => {
    const severity = 1 + 9 * random.uniform();
    return { group: `player-${row}`, label: 2 * severity + 4 + 3 * random.normal(), record: { severity } };
  });
  const world: World = {
    workload: "test-duration",
    classes: 0,
    spec: specOf("test-duration", STAY_TASK, gate, { severity: number(-20, 20) }),
    rows,
    challenger: DURATION_ARTIFACT,
    champion: { ...DURATION_ARTIFACT, manifest: { ...DURATION_ARTIFACT.manifest, version: "aaaaaaaaaaaa" } },
  };

  it("has estimates with their intervals, and figures in the task's unit", async () => {
    const { scores, evaluation, audit } = await evaluated(world);
    const severity = rows[0]?.record["severity"] as number;
    expect(scores.challenger.slice(0, 3)).toEqual(
      [2 * severity + 4, severity + 4, 3 * severity + 4].map((value) => expect.closeTo(value, 4) as number),
    );
    expect(scores.label).toEqual(rows.map(({ label }) => label));
    expect(evaluation.holdout.classRows).toEqual([]);
    const metrics = metricsOf("regression", evaluation.challenger.metrics);
    expect(metrics.rmse.value).toBeGreaterThan(2.4);
    expect(metrics.rmse.value).toBeLessThan(3.6);
    expect(metrics.interval.wanted).toBe(0.9);
    expect(metrics.interval.coverage.lower).toBeLessThan(metrics.interval.coverage.value!);
    expect(audit.part).toEqual(part(rows, 0));
  });

  it("counts a row whose answer leaves the task's limits as having none, whole", async () => {
    const beyond = rows.with(9, { ...rows[9]!, record: { severity: 15 } });
    const { scores, evaluation } = await evaluated({ ...world, rows: beyond });
    expect(evaluation.challenger.invalidPredictions).toBe(1);
    expect(scores.challenger.slice(27, 30)).toEqual([null, null, null]);
    expect(scores.challenger.filter((value) => value === null)).toHaveLength(3);
    expect(metricsOf("regression", evaluation.challenger.metrics).rmse.value).toBeNull();
  });
});
