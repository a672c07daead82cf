import type { FileFormat } from "./formats.ts";

/** Bytes of a block, where whole records fill it so: enough to keep a worker busy, little enough to hold a few of them. */
export const BLOCK_BYTES = 256 * 1024;
/** Longest record, in bytes. */
export const MAX_RECORD_BYTES = 4 * 1024 * 1024;

const NEWLINE = 10;
const QUOTE = 34;

/**
 * Cuts a stream into blocks of whole records. Where a block ends depends on the bytes from its start alone, not on how they
 * arrived: so a run that goes on from the end of a block makes the same ones as a run that never stopped.
 *
 * A record that is longer than `MAX_RECORD_BYTES`, as one is whose quote is never closed, is cut at its first line.
 */
export async function* recordBlocks(
  source: AsyncIterable<Uint8Array>,
  kind: FileFormat["kind"],
  blockBytes = BLOCK_BYTES,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let parts: Uint8Array[] = [];
  let size = 0;
  let wanted = blockBytes;
  for await (const part of source) {
    parts.push(part);
    size += part.byteLength;
    while (size >= wanted) {
      const pending = joined(parts);
      const end = endOfBlock(pending.subarray(0, wanted), kind);
      if (end === 0) {
        parts = [pending];
        wanted *= 2;
        continue;
      }
      yield new Uint8Array(pending.subarray(0, end));
      parts = [pending.subarray(end)];
      size -= end;
      wanted = blockBytes;
    }
  }
  let rest = joined(parts);
  for (let limit = wanted; rest.byteLength > 0;) {
    const end = rest.byteLength <= limit ? rest.byteLength : endOfBlock(rest.subarray(0, limit), kind);
    if (end === 0) {
      limit *= 2;
      continue;
    }
    yield new Uint8Array(rest.subarray(0, end));
    rest = rest.subarray(end);
    limit = blockBytes;
  }
}

/** One part needs no copy: many blocks may be cut from it. */
function joined(parts: readonly Uint8Array[]): Buffer {
  const [only, ...others] = parts;
  if (only === undefined || others.length > 0) return Buffer.concat(parts);
  return Buffer.from(only.buffer, only.byteOffset, only.byteLength);
}

/** Place behind the last record that ends within `bytes`; 0 where none does. */
function endOfBlock(bytes: Buffer, kind: FileFormat["kind"]): number {
  const end =
    kind === "csv" && bytes.includes(QUOTE) ? endOutsideQuotes(bytes) : bytes.lastIndexOf(NEWLINE) + 1;
  return end === 0 && bytes.byteLength >= MAX_RECORD_BYTES
    ? bytes.indexOf(NEWLINE) + 1 || bytes.byteLength
    : end;
}

/** A line break within quotes belongs to its field. */
function endOutsideQuotes(bytes: Buffer): number {
  let end = 0;
  let isQuoted = false;
  for (let place = 0; place < bytes.byteLength; place += 1) {
    const byte = bytes[place];
    if (byte === QUOTE) isQuoted = !isQuoted;
    else if (byte === NEWLINE && !isQuoted) end = place + 1;
  }
  return end;
}
