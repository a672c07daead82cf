import { createHash } from "node:crypto";
import {
  type ARTIFACT_FILES,
  type Baseline,
  type Column,
  columnsUsed,
  type DerivedColumn,
  type Manifest,
  type ManifestInput,
  type ManifestLookup,
  outputNames,
  type WorkloadSpec,
} from "@perennial/contracts";
import { archive } from "./archive.ts";
import { constantGraph } from "./constant-graph.ts";
import { priorAnswer } from "./prior-answer.ts";

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
  const { task, values, ranges, words } = priorAnswer(spec.task);
  const inputs = columnsRead(spec).map(manifestInput);
  const strings = inputs.filter(isText).length;
  const files: Record<(typeof ARTIFACT_FILES)[number], string | Uint8Array> = {
    "model.onnx": constantGraph({ strings, numbers: inputs.length - strings }, values),
    "metrics.json": json({}),
    "baseline.json": json({
      rows: 0,
      inputs: Object.fromEntries(inputs.map((input) => [input.name, emptyCounts(input)])),
      predictions: outputNames(task).map((name, index) => {
        const { min, max } = ranges[index] ?? { min: 0, max: 1 };
        return { name, min, max, counts: Array.from({ length: 20 }, () => 0) };
      }),
    } satisfies Baseline),
    "structure.json": json({ kind: "constant", outputs: values }),
    "card.md":
      `# ${spec.title}: baseline\n\nAnswers every record alike: ${words}, as the workload states it beforehand. It was ` +
      `not trained, and no record changes its answer.\n`,
  };
  const manifest: Manifest = {
    format: 1,
    workload: spec.name,
    version: "baseline",
    kind: "baseline",
    task,
    algorithm: { kind: "constant", hyperparameters: {} },
    inputs,
    ignored: columnsIgnored(spec, inputs),
    missingMarkers: spec.source.missingMarkers,
    excluded: spec.source.excluded,
    lookups: lookupsOf(spec, inputs),
    output: { name: "prediction", columns: values.length },
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
        "structure.json": sha256(files["structure.json"]),
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
    case "date":
      return { type: column.type, name, index, required, min: column.min, max: column.max };
    case "integer":
    case "number":
      return { type: column.type, name, index, required, min: column.min, max: column.max };
  }
}

/** Counts over no rows at all, in the form the monitor expects. */
function emptyCounts(input: ManifestInput): Baseline["inputs"][string] {
  return isText(input)
    ? { kind: "levels", counts: {}, missing: 0, unseen: 0 }
    : { kind: "bins", edges: [], counts: [0], missing: 0 };
}

/** The columns read that are looked up where a record leaves them out. */
function lookupsOf({ entities, source }: WorkloadSpec, inputs: ManifestInput[]): ManifestLookup[] {
  const read = new Set(inputs.map(({ name }) => name));
  const at = source.time in source.columns ? source.time : null;
  return Object.entries(entities).flatMap(([entity, { maxAge, lookups }]) =>
    lookups.flatMap(({ by, columns: wanted }): ManifestLookup[] => {
      const columns = Object.fromEntries(Object.entries(wanted).filter(([name]) => read.has(name)));
      return Object.keys(columns).length === 0 ? [] : [{ entity, by, at, maxAge, columns }];
    }),
  );
}
