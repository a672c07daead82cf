import { createHash } from "node:crypto";
import {
  ConflictException,
  CreateModelCardCommand,
  DescribeModelCardCommand,
  ResourceNotFound,
  UpdateModelCardCommand,
} from "@aws-sdk/client-sagemaker";
import {
  type AuditReport,
  type Evaluation,
  type GateReport,
  ModelCard,
  type Scores,
  type Verdict,
} from "@perennial/contracts";
import { Objects } from "@perennial/objects";
import { describe, expect, it } from "vitest";
import { judge } from "../../functions/judge-challenger/judge.ts";
import { createHandler } from "../../functions/write-card/handler.ts";
import { type CardChange, ModelCards } from "../../functions/write-card/model-cards.ts";
import { ticksOver } from "../../functions/write-card/plot.ts";
import { SageMakerContent, toSageMakerContent } from "../../functions/write-card/sagemaker-content.ts";
import { artifactArchive, artifactFiles, type ArtifactParts } from "../support/artifact.ts";
import { StoredObjects } from "../support/stored-objects.ts";
import { DURATION_ARTIFACT, MATCH_ARTIFACT } from "../support/task-artifacts.ts";
import {
  MATCH_GATE,
  MATCH_TASK,
  matchScores,
  STAY_GATE,
  STAY_TASK,
  stayScores,
  taskEvaluation,
} from "../support/task-evaluations.ts";
import { RecordedTelemetry } from "../support/telemetry.ts";
import { TEST_SPEC } from "../support/test-workload.ts";

const EXECUTION = "test-readmission-0123456789ab";
const SNAPSHOT = "9".repeat(64);
const challengerUri = "s3://artifacts/models/job/output/model.tar.gz";
const specUri = "s3://artifacts/specs/spec.json";
const gateUri = "s3://lake/gates/gate.json";
const evaluationUri = "s3://artifacts/evaluations/evaluation.json";
const auditUri = "s3://artifacts/audits/audit.json";
const verdictUri = "s3://artifacts/verdicts/verdict.json";

interface Case {
  kind?: "match" | "stay";
  scores?: Scores;
  title?: string;
  change?: (documents: Documents) => void;
}

interface Documents {
  gate: GateReport;
  evaluation: Evaluation;
  audit: AuditReport;
  verdict: Verdict;
}

async function open({ kind = "match", scores, title = "Who wins", change = () => {} }: Case = {}) {
  const isMatch = kind === "match";
  const judged =
    scores ??
    (isMatch ? matchScores({ champion: 0.2, challenger: 1 }) : stayScores({ champion: 0.3, challenger: 1 }));
  const task = isMatch ? MATCH_TASK : STAY_TASK;
  const gateRules = isMatch ? MATCH_GATE : STAY_GATE;
  const artifact: ArtifactParts = isMatch ? MATCH_ARTIFACT : DURATION_ARTIFACT;
  const workload = isMatch ? "test-match" : "test-duration";
  const base = taskEvaluation(task, judged);
  const part = { ...base.holdout };
  const archive = await artifactArchive(
    artifactFiles({
      ...artifact,
      manifest: {
        ...artifact.manifest,
        parts: { train: part, validation: part, calibration: part, holdout: part, audit: part },
        algorithm: { kind: "xgboost", hyperparameters: { eta: 0.1, max_depth: 4 } },
        excluded: [{ column: "venue", levels: ["moon", "mars"], reason: "nobody plays there" }],
        libraries: { xgboost: "3.1.0", numpy: "2.3.0" },
      },
    }),
  );
  const evaluation: Evaluation = {
    ...base,
    workload,
    challenger: {
      ...base.challenger,
      artifactVersion: "0123456789ab",
      modelDataUrl: challengerUri,
      artifactSha256: createHash("sha256").update(archive).digest("hex"),
    },
    slices: [
      {
        column: "venue",
        level: "home",
        rows: 588,
        classRows: isMatch ? [200, 100, 288] : [],
        champion: 0.2,
        challenger: 0.18,
      },
      {
        column: "venue",
        level: "neutral",
        rows: 12,
        classRows: isMatch ? [2, 1, 9] : [],
        champion: null,
        challenger: null,
      },
    ],
  };
  const documents: Documents = {
    gate: {
      workload,
      status: "accepted",
      snapshotSha256: SNAPSHOT,
      files: [{ name: "rows.csv", sha256: "1".repeat(64), bytes: 10 }],
      rows: 1200,
      checks: [],
    },
    evaluation,
    audit: {
      workload,
      execution: EXECUTION,
      artifactVersion: "0123456789ab",
      part: base.holdout,
      metrics: base.challenger.metrics,
      slices: [],
    },
    verdict: judge({
      evaluation,
      evaluationUri,
      scores: judged,
      gate: gateRules,
      task,
      look: { number: 1 },
      past: [],
    }),
  };
  change(documents);
  const stored = new StoredObjects();
  stored.put(challengerUri, archive);
  const { source } = TEST_SPEC;
  stored.put(specUri, {
    ...TEST_SPEC,
    name: workload,
    title,
    task,
    source: { ...source, unused: { ...source.unused, [task.target]: "the outcome" } },
    gate: { ...gateRules, slices: { ...gateRules.slices, columns: ["ward"] } },
  });
  stored.put(gateUri, documents.gate);
  stored.put(evaluationUri, documents.evaluation);
  stored.put(auditUri, documents.audit);
  stored.put(verdictUri, documents.verdict);
  const put: [string, SageMakerContent][] = [];
  const telemetry = new RecordedTelemetry();
  const write = createHandler({
    objects: new Objects(stored),
    cards: {
      put: (name, content) => {
        put.push([name, content]);
        return Promise.resolve<CardChange>("created");
      },
    },
    telemetry,
    artifactBucket: "artifacts",
  });
  const event = {
    workload,
    execution: EXECUTION,
    trainingJob: "job-1",
    challengerUri,
    specUri,
    gateUri,
    evaluationUri,
    auditUri,
    verdictUri,
    snapshotSha256: SNAPSHOT,
  };
  const folder = `s3://artifacts/cards/${workload}/${EXECUTION}`;
  return {
    stored,
    put,
    telemetry,
    folder,
    write: (other = {}) => write({ ...event, ...other }),
    card: () => ModelCard.parse(stored.document(`${folder}/card.json`)),
    text: (name: "card.md" | "card.html") => stored.byUri.get(`${folder}/${name}`)?.toString() ?? "",
  };
}

describe("a model card", () => {
  it("lies in three forms beside each other, and is told by identifiers alone", async () => {
    const { write, stored, folder, telemetry } = await open();
    expect(await write()).toEqual({ cardUri: `${folder}/card.json` });
    expect(stored.written.toSorted()).toEqual(
      ["card.html", "card.json", "card.md"].map((name) => `${folder}/${name}`),
    );
    expect(telemetry.lines).toEqual([
      [
        "described",
        {
          workload: "test-match",
          execution: EXECUTION,
          artifact: "0123456789ab",
          modelCard: "created",
        },
      ],
    ]);
  });

  it("is the same bytes when it is written again", async () => {
    const [first, second] = [await open(), await open()];
    await first.write();
    await second.write();
    for (const uri of first.stored.written) {
      expect(second.stored.byUri.get(uri)).toEqual(first.stored.byUri.get(uri));
    }
  });

  it("says what the model is for, where it comes from and what it was trained with", async () => {
    const { write, card } = await open();
    await write();
    const { intendedUse, algorithm, data, lineage } = card();
    expect(intendedUse).toBe(
      "What the tests' model answers. It answers a record with calibrated probabilities of loss, draw and win.",
    );
    expect(algorithm).toEqual({ kind: "xgboost", hyperparameters: { eta: 0.1, max_depth: 4 } });
    expect(Object.keys(data.rows)).toEqual(["train", "validation", "calibration", "holdout", "audit"]);
    expect(data.excluded).toEqual(["venue is moon or mars: nobody plays there"]);
    expect(lineage).toMatchObject({
      artifact: challengerUri,
      trainingJob: "job-1",
      snapshotSha256: SNAPSHOT,
      champion: "version 3, artifact aaaaaaaaaaaa",
      libraries: "numpy 2.3.0, xgboost 3.1.0",
      trainingImage: "none: it was trained on one machine",
    });
  });

  it("names the limits: what is excluded, too small, not known", async () => {
    const { write, card } = await open();
    await write();
    const { limits } = card();
    expect(limits).toContain("Not for records whose venue is moon or mars: nobody plays there.");
    expect(limits).toContain("Too few rows to tell how it does for venue neutral.");
    expect(
      limits.filter((limit) => limit.startsWith("Not known: draw: the calibration slope is ")),
    ).toHaveLength(1);
    expect(limits.at(-1)).toBe(
      "The audit part has 1,200 rows of 600 groups: differences smaller than its intervals can't be seen.",
    );
  });

  it("tells a quantity in its unit, with its interval's coverage and its limits", async () => {
    const { write, card, text } = await open({ kind: "stay" });
    await write();
    expect(card().intendedUse).toMatch(
      /an estimate in days and an interval that is to hold the outcome in 90 of 100 cases\.$/,
    );
    expect(card().limits).toContain("Estimates and intervals are held to 4 to 40 days, whatever the record.");
    expect(text("card.md")).toMatch(/\| RMSE \| \d\.\d{3} days \(\d\.\d{3} to \d\.\d{3}\) \|/);
    expect(text("card.md")).toMatch(/\| Coverage \| 9\d\.\d % \(\d\d\.\d % to \d\d\.\d %\) \|/);
  });

  it("draws a curve for each class, with axes, from the audit part and from the holdout", async () => {
    const { write, text } = await open();
    await write();
    const drawings = text("card.html").split("<svg").slice(1);
    expect(drawings.map((drawing) => /<title>(.*)<\/title>/.exec(drawing)?.[1])).toEqual([
      "Calibration of loss",
      "Calibration of draw",
      "Calibration of win",
    ]);
    for (const drawing of drawings) {
      expect(drawing).toContain(">observed rate</text>");
      expect(drawing).toContain(">0 %</text>");
      expect(drawing).toContain(">audit</text>");
      expect(drawing).toContain(">holdout</text>");
      expect(drawing).toContain("<circle ");
      expect(drawing).toContain('class="diagonal"');
      expect(drawing).not.toContain("NaN");
    }
  });

  it("lets no text of a spec become markup", async () => {
    const { write, text } = await open({ title: `<script>alert("1")</script> | a_b` });
    await write();
    expect(text("card.html")).not.toContain("<script");
    expect(text("card.html")).toContain("<h1>&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; | a_b</h1>");
    expect(text("card.md")).toContain(String.raw`# \<script\>alert("1")\</script\> \| a\_b`);
  });

  it("closes every element that it opens and loads nothing", async () => {
    const { write, text } = await open();
    await write();
    const html = text("card.html");
    const count = (pattern: RegExp) => html.match(pattern)?.length ?? 0;
    for (const name of [
      "table",
      "tr",
      "td",
      "th",
      "section",
      "svg",
      "text",
      "g",
      "figure",
      "ul",
      "li",
      "p",
    ]) {
      expect([name, count(new RegExp(`<${name}[ >]`, "g"))]).toEqual([
        name,
        count(new RegExp(`</${name}>`, "g")),
      ]);
    }
    expect(html).not.toMatch(/(src|href)=/);
  });

  it("is refused when its documents speak of different models, with every difference", async () => {
    const { write, stored } = await open({
      change: (documents) => {
        documents.audit = { ...documents.audit, artifactVersion: "ffffffffffff" };
        documents.gate = { ...documents.gate, snapshotSha256: "8".repeat(64) };
      },
    });
    await expect(write()).rejects.toThrow(
      `model card of ${EXECUTION} is refused, 2 faults:\n` +
        `  gate.snapshotSha256: given ${"8".repeat(64)}; expected ${SNAPSHOT}\n` +
        "  audit.artifactVersion: given ffffffffffff; expected 0123456789ab",
    );
    expect(stored.written).toEqual([]);
  });
});

describe("the card in SageMaker", () => {
  it("is made of a better model, within SageMaker's schema", async () => {
    const { write, put } = await open();
    await write();
    const [name, content] = put[0] ?? [];
    expect(name).toBe("test-match");
    expect(SageMakerContent.parse(content)).toEqual(content);
    expect(content?.model_overview).toMatchObject({
      model_name: "test-match",
      problem_type: "Multiclass classification",
      algorithm_type: "xgboost",
      model_artifact: [challengerUri],
    });
    expect(content?.evaluation_details.map((each) => each.name)).toEqual(["audit", "holdout"]);
    const [metrics, calibration] = content?.evaluation_details[0]?.metric_groups ?? [];
    expect(metrics?.metric_data[0]).toMatchObject({ name: "RPS", type: "number" });
    expect(calibration?.metric_data.map((each) => each.name)).toEqual([
      "Observed by predicted of loss",
      "Observed by predicted of draw",
      "Observed by predicted of win",
    ]);
  });

  it("isn't touched by a model that the gate turns down", async () => {
    const { write, put, telemetry } = await open({ scores: matchScores({ champion: 1, challenger: 1 }) });
    await write();
    expect(put).toEqual([]);
    expect(telemetry.lines[0]?.[1]["modelCard"]).toBe("not asked");
  });

  it("is shortened to what SageMaker allows", async () => {
    const { write, card } = await open({ title: "t".repeat(5000) });
    await write();
    const { model_overview: overview } = SageMakerContent.parse(toSageMakerContent(card(), ""));
    expect(overview.model_description).toHaveLength(1024);
    expect(overview.model_description.endsWith("…")).toBe(true);
  });
});

describe("putting a card into SageMaker", () => {
  const meta = { $metadata: {}, message: "no" };

  async function content(): Promise<SageMakerContent> {
    const { write, put } = await open();
    await write();
    const [, made] = put[0] ?? [];
    if (made === undefined) throw new Error("No card was made.");
    return made;
  }

  /** SageMaker with one card, or none; `conflict`: another attempt creates it in between. */
  function sageMaker(card: { Content: string; ModelCardStatus: string } | null, conflict = false) {
    const sent: [string, object][] = [];
    let held = card;
    const send = (async (command: unknown): Promise<unknown> => {
      await Promise.resolve();
      if (command instanceof DescribeModelCardCommand) {
        if (held === null) throw new ResourceNotFound(meta);
        return held;
      }
      if (command instanceof CreateModelCardCommand) {
        sent.push(["create", command.input]);
        held = { Content: command.input.Content ?? "", ModelCardStatus: "PendingReview" };
        if (conflict) throw new ConflictException(meta);
        return {};
      }
      if (command instanceof UpdateModelCardCommand) {
        sent.push(["update", command.input]);
        return {};
      }
      throw new Error("SageMaker has no answer for this command.");
    }) as never;
    return { sent, cards: new ModelCards({ send }, "perennial-dev-") };
  }

  it("creates it, to be reviewed by a person", async () => {
    const made = await content();
    const { sent, cards } = sageMaker(null);
    expect(await cards.put("test-match", made)).toBe("created");
    const Content = JSON.stringify(made);
    expect(sent).toEqual([
      ["create", { ModelCardName: "perennial-dev-test-match", Content, ModelCardStatus: "PendingReview" }],
    ]);
  });

  it.each([
    ["updates a card with other content", "{}", "Approved", "updated", 1],
    ["leaves the same content alone", null, "Approved", "unchanged", 0],
    ["leaves a card alone that a person has archived", "{}", "Archived", "left alone", 0],
  ] as const)("%s", async (_, Content, ModelCardStatus, change, calls) => {
    const made = await content();
    const { sent, cards } = sageMaker({ Content: Content ?? JSON.stringify(made), ModelCardStatus });
    expect(await cards.put("test-match", made)).toBe(change);
    expect(sent).toHaveLength(calls);
    for (const [verb, input] of sent) {
      expect([verb, input]).toEqual([
        "update",
        { ModelCardName: "perennial-dev-test-match", Content: JSON.stringify(made) },
      ]);
    }
  });

  it("makes one version of a card that an earlier attempt has created", async () => {
    const { sent, cards } = sageMaker(null, true);
    expect(await cards.put("test-match", await content())).toBe("unchanged");
    expect(sent.map(([verb]) => verb)).toEqual(["create"]);
  });
});

it.each([
  [0, 0.78, [0, 0.2, 0.4, 0.6, 0.8]],
  [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
  [0, 0.3, [0, 0.1, 0.2, 0.3]],
  [12, 31, [10, 15, 20, 25, 30, 35]],
  [5, 5, [5, 5.2, 5.4, 5.6, 5.8, 6]],
])("ticks from %d to %d are round and enclose it", (low, high, ticks) => {
  expect(ticksOver(low, high)).toEqual(ticks);
});
