import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LineLog } from "./line-log.ts";

/** A request as it goes over the wire. */
export interface WireRequest {
  method: string;
  /** Path and query, still encoded. */
  path: string;
  headers: Record<string, string>;
  body: Buffer;
}

export interface WireAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

interface Entry {
  method: string;
  path: string;
  headers: Record<string, string>;
  /** SHA-256 of the body, the name of its file; absent for an empty one. */
  body?: string;
}

/** Headers that decide what a request does; the rest is about one connection. */
const KEPT = /^(host|authorization|content-type|content-encoding|content-md5|cache-control|x-amz-.*)$/;

/**
 * What changed the emulator's state, in order, so that a new emulator can be brought to the same state. It outlives the
 * process, however that ends; it doesn't promise to outlive a power cut.
 */
export class Journal {
  private readonly blobs: string;
  private readonly log: LineLog;

  constructor(folder: string) {
    this.blobs = join(folder, "blobs");
    mkdirSync(this.blobs, { recursive: true });
    this.log = new LineLog(join(folder, "requests.jsonl"));
  }

  append({ method, path, headers, body }: WireRequest): void {
    const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => KEPT.test(name)));
    const entry: Entry = { method, path, headers: kept };
    if (body.length > 0) entry.body = this.keep(body);
    this.log.append(entry);
  }

  /**
   * Sends everything again.
   *
   * @returns how many requests that were.
   * @throws where one is now refused: the state would not be the one that was left.
   */
  async replay(send: (request: WireRequest) => Promise<WireAnswer>): Promise<number> {
    const entries = this.log.read() as Entry[];
    for (const [index, { body, ...entry }] of entries.entries()) {
      const bytes = body === undefined ? Buffer.alloc(0) : readFileSync(join(this.blobs, body));
      const { status, body: answer } = await send({ ...entry, body: bytes });
      if (status >= 300) {
        throw new Error(
          `The journal's request ${index + 1} of ${entries.length}, ${entry.method} ${entry.path}, was accepted once and is now ` +
            `answered ${status}: ${answer.toString("utf8").slice(0, 500)}. Run \`make clean\` to start from nothing.`,
        );
      }
    }
    return entries.length;
  }

  /** Writes a body under its hash, whole or not at all. */
  private keep(body: Buffer): string {
    const name = createHash("sha256").update(body).digest("hex");
    const path = join(this.blobs, name);
    if (!existsSync(path)) {
      writeFileSync(`${path}.part`, body);
      renameSync(`${path}.part`, path);
    }
    return name;
  }
}
