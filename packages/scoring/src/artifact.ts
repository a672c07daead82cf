import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ARTIFACT_FILES, Manifest, outputNames, parse } from "@perennial/contracts";
import { unpack } from "./archive.ts";
import { ArtifactFault, reasonOf } from "./artifact-fault.ts";

const MANIFEST_FILE = "manifest.json";
const FILES = [MANIFEST_FILE, ...ARTIFACT_FILES] as const;
export type ArtifactFile = (typeof ARTIFACT_FILES)[number];

/** An artifact whose manifest keeps its contract and whose files have the hashes that the manifest states. */
export interface Artifact {
  readonly manifest: Manifest;
  readonly files: Readonly<Record<ArtifactFile, Buffer>>;
}

/**
 * Reads an unpacked artifact. What else lies in `directory` is never opened.
 *
 * @throws {ArtifactFault} naming the file that is missing, malformed or has another hash.
 */
export async function readArtifactDirectory(directory: string): Promise<Artifact> {
  const files = new Map<string, Buffer>();
  for (const file of FILES) {
    try {
      files.set(file, await readFile(join(directory, file)));
    } catch (error) {
      const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
      throw new ArtifactFault(
        {
          file,
          expected: `a readable file in ${directory}`,
          found: isMissing ? "nothing" : reasonOf(error),
        },
        { cause: error },
      );
    }
  }
  return verify(files);
}

/**
 * Reads `model.tar.gz` from memory.
 *
 * @throws {ArtifactFault} naming the file that is missing, malformed, unknown or has another hash.
 */
export async function readArtifactArchive(archive: Uint8Array): Promise<Artifact> {
  const files = await unpack(archive, FILES);
  for (const file of FILES) {
    if (!files.has(file))
      throw new ArtifactFault({ file, expected: "a file in model.tar.gz", found: "nothing" });
  }
  return verify(files);
}

function verify(files: ReadonlyMap<string, Buffer>): Artifact {
  const bytesOf = (file: string) => files.get(file) ?? Buffer.alloc(0);
  const manifest = readManifest(bytesOf(MANIFEST_FILE));
  for (const file of ARTIFACT_FILES) {
    const expected = manifest.hashes.files[file];
    const bytes = bytesOf(file);
    const found = createHash("sha256").update(bytes).digest("hex");
    if (found !== expected) {
      throw new ArtifactFault({
        file,
        expected: `SHA-256 ${expected}, as the manifest says`,
        found: `SHA-256 ${found} over ${bytes.byteLength} bytes`,
      });
    }
  }
  const contents = Object.fromEntries(ARTIFACT_FILES.map((file) => [file, bytesOf(file)]));
  return { manifest, files: contents as Record<ArtifactFile, Buffer> };
}

function readManifest(bytes: Buffer): Manifest {
  let manifest: Manifest;
  try {
    manifest = parse(Manifest, JSON.parse(bytes.toString("utf8")), MANIFEST_FILE);
  } catch (error) {
    throw new ArtifactFault(
      { file: MANIFEST_FILE, expected: "a manifest of format 1", found: reasonOf(error) },
      { cause: error },
    );
  }
  const faults = inconsistencies(manifest);
  if (faults.length > 0) {
    const found = faults.join("; ");
    throw new ArtifactFault({ file: MANIFEST_FILE, expected: "a manifest in accord with itself", found });
  }
  return manifest;
}

/** What the manifest's schema can't see: places in the tensors, names told apart, patterns that compile. */
function inconsistencies({ inputs, ignored, task, output, lookups }: Manifest): string[] {
  const faults: string[] = [];
  const outputs = outputNames(task);
  if (outputs.length !== output.columns) {
    faults.push(`the output has ${output.columns} columns, not the ${outputs.length} of a ${task.kind} task`);
  }
  for (const name of outputs.filter((one, place) => outputs.indexOf(one) !== place)) {
    faults.push(`the class ${JSON.stringify(name)} stands there twice`);
  }
  const names = new Set<string>();
  for (const name of [...inputs.map((input) => input.name), ...ignored]) {
    if (names.has(name)) faults.push(`the field ${JSON.stringify(name)} stands there twice`);
    names.add(name);
  }
  const isText = ({ type }: Manifest["inputs"][number]) => type === "category" || type === "code";
  for (const [tensor, members] of [
    ["strings", inputs.filter(isText)],
    ["numbers", inputs.filter((input) => !isText(input))],
  ] as const) {
    const indexes = members.map(({ index }) => index).toSorted((a, b) => a - b);
    if (indexes.some((index, place) => index !== place)) {
      faults.push(
        `the tensor ${tensor} has the places ${indexes.join(", ")}, not 0 to ${members.length - 1}`,
      );
    }
  }
  for (const input of inputs) {
    if (input.type === "code" && !isPattern(input.pattern)) {
      faults.push(`the pattern of ${JSON.stringify(input.name)} is no regular expression`);
    }
  }
  const numeric = new Set(
    inputs.filter(({ type }) => type === "integer" || type === "number").map(({ name }) => name),
  );
  for (const { entity, by, at, columns } of lookups) {
    for (const name of [by, at].filter((field) => field !== null && !names.has(field))) {
      faults.push(`the lookup of ${entity} reads ${JSON.stringify(name)}, which is no field`);
    }
    for (const name of Object.keys(columns).filter((column) => !numeric.has(column))) {
      faults.push(`the lookup of ${entity} fills ${JSON.stringify(name)}, which is no numeric input`);
    }
  }
  return faults;
}

function isPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern, "u") instanceof RegExp;
  } catch {
    return false;
  }
}
