import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ARTIFACT_FILES, type Manifest } from "@perennial/contracts";
import { pack } from "tar-stream";
import { onTestFinished } from "vitest";
import { onnxModel, type GraphParts } from "./onnx-graph.ts";

/**
 * Inputs of the model that tests score with: a closed category, an open one, a code, an integer that is required and a
 * number; `payer` is of no use to it and `discharge` decides which rows it answers for.
 */
export const INPUTS: Manifest["inputs"] = [
  { name: "sex", index: 0, required: false, type: "category", levels: ["Female", "Male"], closed: true },
  { name: "ward", index: 1, required: false, type: "category", levels: ["1", "2", "true"], closed: false },
  {
    name: "diagnosis",
    index: 2,
    required: false,
    type: "code",
    pattern: "(?:\\d{3}|V\\d{2})(?:\\.\\d{1,2})?",
  },
  { name: "days", index: 0, required: true, type: "integer", min: 1, max: 14 },
  { name: "weight", index: 1, required: false, type: "number", min: 0.5, max: 300 },
];

const WEIGHTS = { sex: 0.5, ward: -0.25, diagnosis: 1, days: 0.125, weight: 0.01 };
const EFFECTS: Record<string, number> = { Female: 1, Male: 2, "1": 3, "2": 4, true: 5, "250.83": 6, V45: 7 };
const WEIGHT_IF_MISSING = 70;

/** sigmoid(-2 + 0.5 sex - 0.25 ward + diagnosis + 0.125 days + 0.01 weight), where texts count by `EFFECTS`, else 0. */
export const LINEAR_GRAPH: GraphParts = {
  inputs: [
    { name: "strings", type: "string", shape: ["rows", 3] },
    { name: "numbers", type: "float32", shape: ["rows", 2] },
  ],
  outputs: [{ name: "prediction", type: "float32", shape: ["rows", 1] }],
  constants: {
    textWeights: { shape: [3, 1], values: [WEIGHTS.sex, WEIGHTS.ward, WEIGHTS.diagnosis] },
    numberWeights: { shape: [2, 1], values: [WEIGHTS.days, WEIGHTS.weight] },
    ifMissing: { shape: [1, 2], values: [0, WEIGHT_IF_MISSING] },
    bias: { shape: [1, 1], values: [-2] },
  },
  nodes: [
    {
      type: "LabelEncoder",
      domain: "ai.onnx.ml",
      inputs: ["strings"],
      output: "effects",
      attributes: {
        keys_strings: { strings: Object.keys(EFFECTS) },
        values_floats: { floats: Object.values(EFFECTS) },
        default_float: { float: 0 },
      },
    },
    { type: "MatMul", inputs: ["effects", "textWeights"], output: "fromTexts" },
    { type: "IsNaN", inputs: ["numbers"], output: "missing" },
    { type: "Where", inputs: ["missing", "ifMissing", "numbers"], output: "filled" },
    { type: "MatMul", inputs: ["filled", "numberWeights"], output: "fromNumbers" },
    { type: "Add", inputs: ["fromTexts", "fromNumbers"], output: "sum" },
    { type: "Add", inputs: ["sum", "bias"], output: "margin" },
    { type: "Sigmoid", inputs: ["margin"], output: "prediction" },
  ],
};

/** What `LINEAR_GRAPH` answers, worked out apart from it. */
export function linearProbability(row: {
  sex?: string;
  ward?: string;
  diagnosis?: string;
  days?: number;
  weight?: number;
}): number {
  const effect = (level: string | undefined) => EFFECTS[level ?? ""] ?? 0;
  const margin =
    -2 +
    WEIGHTS.sex * effect(row.sex) +
    WEIGHTS.ward * effect(row.ward) +
    WEIGHTS.diagnosis * effect(row.diagnosis) +
    WEIGHTS.days * (row.days ?? 0) +
    WEIGHTS.weight * (row.weight ?? WEIGHT_IF_MISSING);
  return 1 / (1 + Math.exp(-margin));
}

/** `LINEAR_GRAPH` without its care for missing numbers: a row without a weight is answered with NaN. */
export const NAN_GRAPH: GraphParts = {
  ...LINEAR_GRAPH,
  nodes: LINEAR_GRAPH.nodes.map((node) =>
    node.output === "fromNumbers" ? { ...node, inputs: ["numbers", "numberWeights"] } : node,
  ),
};

/** A graph that fails on any text but a number, as one fails that its training job didn't try out. */
export const FAILING_GRAPH: GraphParts = {
  ...LINEAR_GRAPH,
  nodes: LINEAR_GRAPH.nodes.map((node) =>
    node.output === "effects"
      ? { type: "Cast", inputs: ["strings"], output: "effects", attributes: { to: { int: 1 } } }
      : node,
  ),
};

export const MANIFEST: Manifest = {
  format: 1,
  workload: "test-readmission",
  version: "0123456789ab",
  kind: "trained",
  task: { kind: "binary", outcome: "readmitted", threshold: 0.5, prevalence: 0.1 },
  algorithm: { kind: "linear", hyperparameters: {} },
  inputs: INPUTS,
  ignored: ["payer"],
  missingMarkers: ["?"],
  excluded: [{ column: "discharge", levels: ["11", "19"], reason: "the patient died" }],
  lookups: [],
  output: { name: "prediction", columns: 1 },
  seed: 7,
  trees: { count: 0, depth: 0 },
  hashes: {
    data: null,
    spec: "0".repeat(64),
    code: "0".repeat(64),
    image: null,
    files: Object.fromEntries(
      ARTIFACT_FILES.map((file) => [file, "0".repeat(64)]),
    ) as Manifest["hashes"]["files"],
  },
  parts: null,
  libraries: {},
};

export interface ArtifactParts {
  graph?: GraphParts;
  /** What differs from `MANIFEST`; the hashes are those of the files either way. */
  manifest?: Partial<Manifest>;
}

/** Files of an artifact by name, in accord with each other. */
export function artifactFiles({ graph = LINEAR_GRAPH, manifest = {} }: ArtifactParts = {}): Record<
  string,
  Buffer
> {
  const files = Object.fromEntries(
    ARTIFACT_FILES.map((file) => [
      file,
      file === "model.onnx" ? onnxModel(graph) : Buffer.from(`{"of":"${file}"}`),
    ]),
  );
  const hashes = Object.fromEntries(
    Object.entries(files).map(([file, bytes]) => [file, createHash("sha256").update(bytes).digest("hex")]),
  ) as Manifest["hashes"]["files"];
  const whole = { ...MANIFEST, ...manifest, hashes: { ...MANIFEST.hashes, files: hashes } };
  return { ...files, "manifest.json": Buffer.from(JSON.stringify(whole)) };
}

/** Writes an artifact's files into a temporary folder that goes when the running test is over. */
export function artifactFolder(files = artifactFiles()): string {
  const folder = mkdtempSync(join(tmpdir(), "perennial-artifact-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, file), bytes);
  return folder;
}

/** `model.tar.gz` of `files`, with `strangers` behind them as tar headers. */
export async function artifactArchive(
  files = artifactFiles(),
  strangers: { name: string; type?: "file" | "symlink"; linkname?: string }[] = [],
): Promise<Buffer> {
  const tar = pack();
  for (const [name, bytes] of Object.entries(files)) tar.entry({ name, mtime: new Date(0) }, bytes);
  for (const stranger of strangers) {
    if (stranger.type === "symlink") tar.entry(stranger);
    else tar.entry(stranger, "strange");
  }
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk as Uint8Array);
  return gzipSync(Buffer.concat(chunks));
}
