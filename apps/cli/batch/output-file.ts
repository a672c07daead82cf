import { type FileHandle, open } from "node:fs/promises";
import { CliFault, EXIT } from "../exit.ts";

/** A file that grows block by block. */
export class OutputFile {
  readonly #handle: FileHandle;
  #bytes: number;

  private constructor(handle: FileHandle, bytes: number) {
    this.#handle = handle;
    this.#bytes = bytes;
  }

  /**
   * Opens a file to write behind its first `bytes`; what a run wrote after it last noted its progress is cut off.
   *
   * @throws {CliFault} where it holds less than that.
   */
  static async open(path: string, bytes: number): Promise<OutputFile> {
    const handle = await open(path, bytes === 0 ? "w" : "r+").catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new CliFault(EXIT.usage, `${path} can't be written: ${reason}.`, { cause: error });
    });
    const { size } = await handle.stat();
    if (size < bytes) {
      await handle.close();
      throw new CliFault(
        EXIT.usage,
        `${path} holds ${size} bytes, but the progress tells of ${bytes}: start anew with --restart.`,
      );
    }
    await handle.truncate(bytes);
    return new OutputFile(handle, bytes);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Resolves when the bytes are handed to the system, so that whoever waits for it keeps memory flat. */
  async append(bytes: Uint8Array): Promise<void> {
    let start = 0;
    while (start < bytes.byteLength) {
      const { bytesWritten } = await this.#handle.write(bytes, start, bytes.byteLength - start, this.#bytes);
      start += bytesWritten;
      this.#bytes += bytesWritten;
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
