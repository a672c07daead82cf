import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";

/** Place of the operating system in a gzip header (RFC 1952), and its value for "unknown". */
const OS_BYTE = 9;
const UNKNOWN_OS = 255;

/** `files` as a tar.gz: the same files give the same bytes on every machine, at any time. */
export async function archive(files: Readonly<Record<string, string | Uint8Array>>): Promise<Buffer> {
  const tar = pack();
  for (const name of Object.keys(files).toSorted((a, b) => (a < b ? -1 : 1))) {
    tar.entry({ name, mtime: new Date(0), uid: 0, gid: 0, mode: 0o644 }, Buffer.from(files[name] ?? ""));
  }
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk as Uint8Array);
  const compressed = gzipSync(Buffer.concat(chunks), { level: 9 });
  compressed[OS_BYTE] = UNKNOWN_OS;
  return compressed;
}
