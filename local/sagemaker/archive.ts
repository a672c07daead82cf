import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import tar from "tar-stream";

/** Files under a folder, with paths relative to it, in order of their names. */
export function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** `tar.gz` of a folder's files. */
export function archive(folder: string): Promise<Buffer> {
  return archiveOf(
    filesUnder(folder).map((file) => ({
      name: file.split(sep).join("/"),
      bytes: readFileSync(join(folder, file)),
    })),
  );
}

/** `tar.gz` of files, in the order given. The same files give the same bytes: no times, no owners. */
export async function archiveOf(files: readonly { name: string; bytes: Buffer }[]): Promise<Buffer> {
  const pack = tar.pack();
  for (const { name, bytes } of files) {
    pack.entry({ name, mtime: new Date(0), mode: 0o644, uid: 0, gid: 0 }, bytes);
  }
  pack.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of pack as AsyncIterable<Buffer>) chunks.push(chunk);
  const archived = gzipSync(Buffer.concat(chunks));
  // Node's gzip writes no name and no time; the byte that tells the operating system is set to "unknown".
  archived[9] = 255;
  return archived;
}

/**
 * Unpacks a `tar.gz` into a folder.
 *
 * @throws where the archive is damaged, or holds a path that leads out of the folder.
 */
export async function unpack(bytes: Buffer, folder: string): Promise<void> {
  const extract = tar.extract();
  extract.end(gunzipSync(bytes));
  for await (const entry of extract) {
    const path = resolve(folder, entry.header.name);
    if (!path.startsWith(resolve(folder) + sep)) {
      throw new Error(
        `The archive holds ${entry.header.name}, which leads out of the folder it is unpacked to.`,
      );
    }
    const chunks: Buffer[] = [];
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
    if (entry.header.type !== "file") continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, Buffer.concat(chunks));
  }
}
