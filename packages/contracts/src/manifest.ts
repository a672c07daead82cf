import { z } from "zod";
import { Day } from "./column.ts";
import { Sha256, Share, WorkloadName } from "./names.ts";
import { PARTS } from "./split.ts";

const place = {
  name: z.string(),
  /** Position in its tensor, from 0. */
  index: z.int().min(0),
  required: z.boolean(),
};

/**
 * One field of a record that the model reads. Texts (categories and codes) lie in the tensor `strings`, shape [rows,
 * texts], missing as ""; numbers in the tensor `numbers`, float32, shape [rows, numbers], missing as NaN.
 */
export const ManifestInput = z.discriminatedUnion("type", [
  z.strictObject({ ...place, type: z.literal("category"), levels: z.array(z.string()), closed: z.boolean() }),
  z.strictObject({ ...place, type: z.literal("code"), pattern: z.string() }),
  z.strictObject({ ...place, type: z.enum(["integer", "number"]), min: z.number(), max: z.number() }),
  /** Lies in `numbers` as the days since 1970-01-01. */
  z.strictObject({ ...place, type: z.literal("date"), min: Day, max: Day }),
]);

/** Files of the artifact besides the manifest. */
export const ARTIFACT_FILES = [
  "model.onnx",
  "metrics.json",
  "baseline.json",
  "structure.json",
  "card.md",
] as const;

/** What a model answers, with what its training part was like: that is what skill is measured against. */
export const ManifestTask = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("binary"),
    outcome: z.string(),
    /** A probability at or above it is flagged. */
    threshold: Share,
    /** Share of positives. */
    prevalence: Share,
  }),
  z.strictObject({
    kind: z.literal("multiclass"),
    /** Names in order, and the share of each. */
    classes: z.array(z.strictObject({ name: z.string(), share: Share })),
  }),
  z.strictObject({
    kind: z.literal("regression"),
    unit: z.string(),
    min: z.number(),
    max: z.number(),
    coverage: Share,
    median: z.number(),
  }),
]);
export type ManifestTask = z.output<typeof ManifestTask>;

/** Names of the values that a model answers a record with, in the order of its graph's output columns. */
export function outputNames(task: ManifestTask): string[] {
  if (task.kind === "binary") return ["probability"];
  if (task.kind === "regression") return ["estimate", "lower", "upper"];
  return task.classes.map(({ name }) => name);
}

/** A derived column that is looked up when a record leaves it out. */
const ManifestLookup = z.strictObject({
  entity: z.string(),
  /** Field of the record that names the entity. */
  by: z.string(),
  /** Field of the record that says for when the state is asked, as days or a number; null: for now. */
  at: z.string().nullable(),
  maxAge: z.number().positive(),
  /** Field of the record to column of the entity's state. */
  columns: z.record(z.string(), z.string()),
});
export type ManifestLookup = z.output<typeof ManifestLookup>;

const PartCounts = z.strictObject({
  rows: z.int().min(0),
  groups: z.int().min(0),
  /** Rows of each class: negatives and positives, or in the order of the classes; none for a quantity. */
  classRows: z.array(z.int().min(0)),
  /** Hash of the part's rows in order of their key. */
  sha256: Sha256,
});

/**
 * `manifest.json`: what the model reads, answers and was made from. It holds no clock and no job name: the same data,
 * spec, code and seed give the same bytes.
 */
export const Manifest = z.strictObject({
  format: z.literal(1),
  workload: WorkloadName,
  /** First twelve digits of the hash over data, spec, code and seed: the same for the same model. */
  version: z.string().regex(/^([0-9a-f]{12}|baseline)$/),
  kind: z.enum(["trained", "baseline"]),
  task: ManifestTask,
  /** What fitted it, with the hyperparameters that it was fitted with; `constant` for a baseline. */
  algorithm: z.strictObject({
    kind: z.enum(["constant", "xgboost", "lightgbm", "randomForest", "linear"]),
    hyperparameters: z.record(z.string(), z.number()),
  }),
  inputs: z.array(ManifestInput).min(1),
  /** Fields of a source row that the model doesn't read and a caller may send all the same. */
  ignored: z.array(z.string()),
  missingMarkers: z.array(z.string()),
  excluded: z.array(z.strictObject({ column: z.string(), levels: z.array(z.string()), reason: z.string() })),
  lookups: z.array(ManifestLookup),
  output: z.strictObject({
    /** Name of the graph's output, float32, shape [rows, columns]; `outputNames` says what each column is. */
    name: z.literal("prediction"),
    columns: z.int().positive(),
  }),
  seed: z.int(),
  trees: z.strictObject({ count: z.int().min(0), depth: z.int().min(0) }),
  hashes: z.strictObject({
    data: Sha256.nullable(),
    spec: Sha256,
    code: Sha256,
    /** Digest of the training image where one ran; on one machine there is none. */
    image: z.string().nullable(),
    files: z.strictObject(
      Object.fromEntries(ARTIFACT_FILES.map((file) => [file, Sha256])) as Record<
        (typeof ARTIFACT_FILES)[number],
        typeof Sha256
      >,
    ),
  }),
  /** The parts of the data this model was made and is judged with; null for a baseline, which saw none. */
  parts: z
    .strictObject(
      Object.fromEntries(PARTS.map((part) => [part, PartCounts])) as Record<
        (typeof PARTS)[number],
        typeof PartCounts
      >,
    )
    .nullable(),
  libraries: z.record(z.string(), z.string()),
});
export type Manifest = z.output<typeof Manifest>;
export type ManifestInput = z.output<typeof ManifestInput>;

/**
 * `prepared.json`: what the processing job made of the raw data. It lies beside the parts in the data lake and is read by
 * the training job (which copies `parts` into the manifest) and by the evaluation.
 */
export const Prepared = z.strictObject({
  workload: WorkloadName,
  /** Hash over the rows of all parts. */
  dataSha256: Sha256,
  specSha256: Sha256,
  /** Rows read, rows excluded with the reason, rows kept. */
  rows: z.strictObject({
    read: z.int(),
    excluded: z.array(z.strictObject({ reason: z.string(), rows: z.int() })),
    kept: z.int(),
  }),
  parts: z.strictObject(
    Object.fromEntries(PARTS.map((part) => [part, PartCounts])) as Record<
      (typeof PARTS)[number],
      typeof PartCounts
    >,
  ),
});
export type Prepared = z.output<typeof Prepared>;

/** Counts of one column's values, mergeable over rows. */
export const ColumnCounts = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("levels"),
    /** Rows per level; `missing` and `unseen` stand beside it. */
    counts: z.record(z.string(), z.int()),
    missing: z.int(),
    unseen: z.int(),
  }),
  z.strictObject({
    kind: z.literal("bins"),
    /** Upper edges, inclusive, ascending; one more count than edges, the last for what lies above. */
    edges: z.array(z.number()),
    counts: z.array(z.int()),
    missing: z.int(),
  }),
]);
export type ColumnCounts = z.output<typeof ColumnCounts>;

/** `baseline.json`: mergeable counts of each input over the training part; the monitor compares windows with it. */
export const Baseline = z.strictObject({
  rows: z.int().min(0),
  inputs: z.record(z.string(), ColumnCounts),
  /** Per output column, counts of its values in twenty equal bins from `min` to `max`. */
  predictions: z.array(
    z.strictObject({
      name: z.string(),
      min: z.number(),
      max: z.number(),
      counts: z.array(z.int()).length(20),
    }),
  ),
});
export type Baseline = z.output<typeof Baseline>;
