import { Readable } from "node:stream";
import {
  CopyObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { named } from "./ledger-table.ts";

/** Versioned buckets in memory, with `If-None-Match` and pages of one object. A command that it doesn't know is an error. */
export class VersionedBucket {
  /** URIs written by commands, in order. */
  readonly written: string[] = [];
  /** Called after each write of a command; what it throws is what the caller gets, although the write took effect. */
  after: () => void = () => {};
  /** Called before a copy is made. */
  onCopy: () => void = () => {};
  private readonly versions = new Map<string, (Buffer | null)[]>();

  put(uri: string, content: string | Uint8Array): void {
    this.versions.set(uri, [...(this.versions.get(uri) ?? []), Buffer.from(content)]);
  }

  delete(uri: string): void {
    this.versions.set(uri, [...(this.versions.get(uri) ?? []), null]);
  }

  text(uri: string): string {
    const bytes = this.latest(uri);
    if (bytes === undefined) throw new Error(`Nothing was written to ${uri}.`);
    return bytes.toString("utf8");
  }

  // Generic like the SDK's own `send`: the answer's type is known by the command.
  readonly send = (async (command: unknown): Promise<unknown> => {
    await Promise.resolve(); // As over a network, others may run before the answer.
    if (command instanceof GetObjectCommand)
      return this.get(`s3://${command.input.Bucket}/${command.input.Key}`);
    if (command instanceof ListObjectsV2Command) return this.list(command.input);
    if (command instanceof PutObjectCommand) {
      return this.write(command.input, Buffer.from(command.input.Body as string));
    }
    if (command instanceof CopyObjectCommand) {
      this.onCopy();
      const [path = "", version] = (command.input.CopySource ?? "").split("?versionId=");
      const bytes = this.versions.get(`s3://${decodeURIComponent(path)}`)?.[Number(version)];
      if (bytes === undefined || bytes === null)
        throw named("NoSuchKey", "The specified key does not exist.");
      return this.write(command.input, bytes);
    }
    throw new Error(
      "VersionedBucket has no answer for this command; add it to test/support/versioned-bucket.ts.",
    );
  }) as never;

  private latest(uri: string): Buffer | undefined {
    return this.versions.get(uri)?.at(-1) ?? undefined;
  }

  private get(uri: string): object {
    const bytes = this.latest(uri);
    if (bytes === undefined) throw named("NoSuchKey", "The specified key does not exist.");
    const Body = Object.assign(Readable.from([bytes.subarray(0, 2), bytes.subarray(2)]), {
      transformToByteArray: () => Promise.resolve(new Uint8Array(bytes)),
    });
    return { Body, VersionId: String((this.versions.get(uri)?.length ?? 1) - 1) };
  }

  private list({ Bucket, Prefix, ContinuationToken }: ListObjectsV2Command["input"]): object {
    const keys = [...this.versions.keys()]
      .filter((uri) => uri.startsWith(`s3://${Bucket}/${Prefix}`) && this.latest(uri) !== undefined)
      .map((uri) => uri.slice(`s3://${Bucket}/`.length))
      .toSorted();
    const place = Number(ContinuationToken ?? 0);
    const more = place + 1 < keys.length ? { NextContinuationToken: String(place + 1) } : {};
    return { Contents: keys.slice(place, place + 1).map((Key) => ({ Key })), ...more };
  }

  private write(
    {
      Bucket,
      Key,
      IfNoneMatch,
    }: { Bucket?: string | undefined; Key?: string | undefined; IfNoneMatch?: string | undefined },
    bytes: Buffer,
  ): object {
    const uri = `s3://${Bucket}/${Key}`;
    if (IfNoneMatch === "*" && this.latest(uri) !== undefined) {
      throw named("PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
    }
    this.written.push(uri);
    this.put(uri, bytes);
    this.after();
    return {};
  }
}
