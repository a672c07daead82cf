import { createHash } from "node:crypto";
import {
  type ARTIFACT_FILES,
  type Baseline,
  type Column,
  columnsUsed,
  type DerivedColumn,
  type Manifest,
  type ManifestInput,
  type WorkloadSpec,
} from "@perennial/contracts";
import { archive } from "./archive.ts";
import { constantGraph } from "./constant-graph.ts";

/** What made the artifact, for its lineage: counts up when the same spec is to give another baseline. */
const GENERATOR = "perennial baseline 1";

const sha256 = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");
const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/**
 * The first champion: an artifact like any other whose graph answers every record with the task's prior. The endpoint is in
 * service with it before anything was trained, and the first challenger has something to be better than.
 *
 * @param specJson the spec as it is stored; its hash goes into the manifest.
 * @returns `model.tar.gz`, the same bytes for the same spec.
 */
export async function buildBaseline(spec: WorkloadSpec, specJson: string): Promise<Buffer> {
  const { prior } = spec.task;
  const inputs = columnsRead(spec).map(manifestInput);
  const strings = inputs.filter(isText).length;
  const files: Record<(typeof ARTIFACT_FILES)[number], string | Uint8Array> = {
    "model.onnx": constantGraph({ strings, numbers: inputs.length - strings }, prior),
    "metrics.json": json({}),
    "baseline.json": json(emptyCounts(inputs)),
    "trees.json": json({
      base_score: Math.log(prior / (1 - prior)),
      calibration: { slope: 1, intercept: 0 },
      features: [],
      trees: [],
    }),
    "card.md":
      `# ${spec.title}: baseline\n\nAnswers ${prior} for every record: the prior of "${spec.task.outcome}" as the ` +
      `workload states it. It was not trained, and no record changes its answer.\n`,
  };
  const manifest: Manifest = {
    format: 1,
    workload: spec.name,
    version: "baseline",
    kind: "baseline",
    task: { kind: spec.task.kind, outcome: spec.task.outcome },
    inputs,
    ignored: columnsIgnored(spec, inputs),
    missingMarkers: spec.source.missingMarkers,
    excluded: spec.source.excluded,
    output: { name: "prediction", columns: 1 },
    // One answer for everybody tells nobody apart: it flags no one.
    threshold: 1,
    prevalence: prior,
    seed: 0,
    trees: { count: 0, depth: 0 },
    hashes: {
      data: null,
      spec: sha256(specJson),
      code: sha256(GENERATOR),
      image: null,
      files: {
        "model.onnx": sha256(files["model.onnx"]),
        "metrics.json": sha256(files["metrics.json"]),
        "baseline.json": sha256(files["baseline.json"]),
        "trees.json": sha256(files["trees.json"]),
        "card.md": sha256(files["card.md"]),
      },
    },
    parts: null,
    libraries: {},
  };
  return await archive({ ...files, "manifest.json": json(manifest) });
}

type Place = [name: string, column: Column | DerivedColumn, index: number];

const isText = ({ type }: { type: string }): boolean => type === "category" || type === "code";

/** The columns that some feature reads, texts first and then numbers, each with its place in the tensor of its kind. */
function columnsRead({ source, derived, features }: WorkloadSpec): Place[] {
  const used = new Set(features.flatMap(columnsUsed));
  const columns = Object.entries({ ...source.columns, ...derived }).filter(([name]) => used.has(name));
  const texts = columns.filter(([, column]) => isText(column));
  const numbers = columns.filter(([, column]) => !isText(column));
  return [texts, numbers].flatMap((kind) =>
    kind.map(([name, column], index): Place => [name, column, index]),
  );
}

/** What a row of the source may hold besides, and a caller may leave in. */
function columnsIgnored({ source, derived }: WorkloadSpec, inputs: ManifestInput[]): string[] {
  const read = new Set(inputs.map(({ name }) => name));
  const known = [...Object.keys(source.columns), ...Object.keys(source.unused), ...Object.keys(derived)];
  return known.filter((name) => !read.has(name));
}

function manifestInput([name, column, index]: Place): ManifestInput {
  const required = "required" in column && column.required;
  switch (column.type) {
    case "category":
      return { type: column.type, name, index, required, levels: column.levels, closed: column.closed };
    case "code":
      return { type: column.type, name, index, required, pattern: column.pattern };
    case "integer":
    case "number":
      return { type: column.type, name, index, required, min: column.min, max: column.max };
  }
}

/** Counts over no rows at all, in the form the monitor expects. */
function emptyCounts(inputs: ManifestInput[]): Baseline {
  const none = (input: ManifestInput) =>
    isText(input)
      ? { kind: "levels" as const, counts: {}, missing: 0, unseen: 0 }
      : { kind: "bins" as const, edges: [], counts: [0], missing: 0 };
  return {
    rows: 0,
    inputs: Object.fromEntries(inputs.map((input) => [input.name, none(input)])),
    predictions: Array.from({ length: 20 }, () => 0),
  };
}
