import { z } from "zod";
import { Sha256, Share, WorkloadName } from "./names.ts";
import { PARTS } from "./workload.ts";

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
]);

/** Files of the artifact besides the manifest. */
export const ARTIFACT_FILES = [
  "model.onnx",
  "metrics.json",
  "baseline.json",
  "trees.json",
  "card.md",
] as const;

const PartCounts = z.strictObject({
  rows: z.int().min(0),
  groups: z.int().min(0),
  positives: z.int().min(0),
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
  task: z.strictObject({ kind: z.literal("binary"), outcome: z.string() }),
  inputs: z.array(ManifestInput).min(1),
  /** Fields of a source row that the model doesn't read and a caller may send all the same. */
  ignored: z.array(z.string()),
  missingMarkers: z.array(z.string()),
  excluded: z.array(z.strictObject({ column: z.string(), levels: z.array(z.string()), reason: z.string() })),
  output: z.strictObject({
    /** Name of the graph's output, float32, shape [rows, columns]: for a binary task the calibrated probability. */
    name: z.literal("prediction"),
    columns: z.int().positive(),
  }),
  /** A probability at or above it is flagged. */
  threshold: Share,
  /** Share of positives in the training part: what Brier skill is measured against. */
  prevalence: Share,
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

/** `baseline.json`: mergeable counts of each input over the training part; the monitor compares windows with it. */
export const Baseline = z.strictObject({
  rows: z.int().min(0),
  inputs: z.record(
    z.string(),
    z.discriminatedUnion("kind", [
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
    ]),
  ),
  /** Counts of the calibrated probability in twenty equal bins of [0, 1]. */
  predictions: z.array(z.int()).length(20),
});
export type Baseline = z.output<typeof Baseline>;
