import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { extract } from "tar-stream";
import { ArtifactFault, reasonOf } from "./artifact-fault.ts";

const inflate = promisify(gunzip);
type Entry = ReturnType<typeof extract> extends AsyncIterable<infer Item> ? Item : never;

/** Largest artifact that is unpacked in memory, in MiB: above it lies no tabular model, only a mistake or a bomb. */
export const MAX_UNPACKED_MIB = 512;

/**
 * Unpacks `model.tar.gz` in memory. Nothing is written, so a name such as `../x` could do no harm here; it is refused all
 * the same, because whoever unpacks the same archive on a disk would be harmed.
 *
 * @returns file name to bytes, only of files named in `wanted`.
 * @throws {ArtifactFault} for a truncated or inflated archive, links, and any name that isn't in `wanted`.
 */
export async function unpack(
  archive: Uint8Array,
  wanted: readonly string[],
  maxUnpackedMiB = MAX_UNPACKED_MIB,
): Promise<Map<string, Buffer>> {
  const tar = await inflateWithin(archive, maxUnpackedMiB);
  const files = new Map<string, Buffer>();
  const entries = extract();
  entries.end(tar);
  try {
    for await (const entry of entries) {
      const name = entry.header.name.replace(/^(\.\/)+/, "");
      if (entry.header.type === "directory" && (name === "" || name === ".")) {
        entry.resume();
        continue;
      }
      refuseStranger(entry, name, wanted, files);
      files.set(name, await bytesOf(entry));
    }
  } catch (error) {
    if (error instanceof ArtifactFault) throw error;
    throw new ArtifactFault(
      { file: "model.tar.gz", expected: "a whole tar archive", found: reasonOf(error) },
      { cause: error },
    );
  }
  return files;
}

async function inflateWithin(archive: Uint8Array, maxUnpackedMiB: number): Promise<Buffer> {
  try {
    return await inflate(archive, { maxOutputLength: maxUnpackedMiB * 2 ** 20 });
  } catch (error) {
    const isTooLarge =
      error instanceof RangeError && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
    throw new ArtifactFault(
      {
        file: "model.tar.gz",
        expected: isTooLarge ? `at most ${maxUnpackedMiB} MiB unpacked` : "a whole gzip archive",
        found: isTooLarge ? "more than that" : `${archive.byteLength} bytes: ${reasonOf(error)}`,
      },
      { cause: error },
    );
  }
}

function refuseStranger(
  { header }: Entry,
  name: string,
  wanted: readonly string[],
  files: ReadonlyMap<string, Buffer>,
): void {
  const file = JSON.stringify(header.name.slice(0, 80));
  if (header.type !== "file") {
    throw new ArtifactFault({
      file,
      expected: "a plain file",
      found: `a ${header.type ?? "thing of no type"}`,
    });
  }
  if (!wanted.includes(name)) {
    throw new ArtifactFault({ file, expected: `one of ${wanted.join(", ")}`, found: "another name" });
  }
  if (files.has(name)) {
    throw new ArtifactFault({ file, expected: "the file once", found: "it twice" });
  }
}

async function bytesOf(entry: Entry): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of entry) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}
