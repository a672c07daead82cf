import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { pipeline } from "node:stream";
import { CliFault, EXIT } from "../exit.ts";
import type { FileFormat } from "./formats.ts";
import { csvLinesOf } from "./lines.ts";
import { recordBlocks } from "./record-blocks.ts";

/** The file's bytes, uncompressed. */
async function* bytesOf(path: string, { isCompressed }: FileFormat): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  // Destroying the one ends the other; what goes wrong is thrown to whoever reads.
  const stream = isCompressed ? pipeline(file, createGunzip(), () => undefined) : file;
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliFault(EXIT.usage, `${path} can't be read: ${reason}.`, { cause: error });
  } finally {
    file.destroy();
  }
}

/**
 * Names of the columns of a file of CSV.
 *
 * @throws {CliFault} where it has no header or can't be read.
 */
export async function readHeader(path: string, format: FileFormat): Promise<string[]> {
  for await (const block of recordBlocks(bytesOf(path, format), "csv")) {
    const { lines } = csvLinesOf(new TextDecoder().decode(block));
    const [header] = lines;
    if (header !== undefined) return header.cells.map((cell) => cell.trim());
  }
  throw new CliFault(EXIT.usage, `${path} is empty, expected a header and records.`);
}

/** Bytes of a file from an offset on, behind a beginning that is known. */
export class Input {
  /** Over all bytes that were taken. */
  readonly #hash: Hash = createHash("sha256");
  readonly #path: string;
  readonly #format: FileFormat;

  constructor(path: string, format: FileFormat) {
    this.#path = path;
    this.#format = format;
  }

  /**
   * Blocks of whole records behind the first `offset` bytes.
   *
   * @param sha256 of these bytes.
   * @throws {CliFault} where the file no longer begins with them.
   */
  async *blocks(offset: number, sha256: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    yield* recordBlocks(this.#behind(offset, sha256), this.#format.kind);
  }

  /** Takes a block as done with. */
  take(block: Uint8Array): void {
    this.#hash.update(block);
  }

  /** Of all bytes that were taken. */
  get sha256(): string {
    return this.#hash.copy().digest("hex");
  }

  async *#behind(offset: number, sha256: string): AsyncGenerator<Uint8Array> {
    let left = offset;
    const changed = () =>
      new CliFault(
        EXIT.usage,
        `${this.#path} has changed since the run that wrote the progress: start anew with --restart.`,
      );
    for await (const chunk of bytesOf(this.#path, this.#format)) {
      if (left === 0) {
        yield chunk;
        continue;
      }
      const known = chunk.subarray(0, left);
      this.take(known);
      left -= known.byteLength;
      if (left > 0) continue;
      if (this.sha256 !== sha256) throw changed();
      if (chunk.byteLength > known.byteLength) yield chunk.subarray(known.byteLength);
    }
    if (left > 0) throw changed();
  }
}
