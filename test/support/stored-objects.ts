import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { named } from "./ledger-table.ts";

/** Keys of a page of a listing; S3 gives 1,000. */
const PAGE = 2;

/** Buckets in memory. A command that it doesn't know is an error. */
export class StoredObjects {
  readonly byUri = new Map<string, Buffer>();
  /** URIs written, in order. */
  readonly written: string[] = [];

  put(uri: string, content: Uint8Array | object): void {
    const bytes = content instanceof Uint8Array ? content : JSON.stringify(content);
    this.byUri.set(uri, Buffer.from(bytes));
  }

  document(uri: string): unknown {
    const bytes = this.byUri.get(uri);
    if (bytes === undefined) throw new Error(`Nothing was written to ${uri}.`);
    return JSON.parse(bytes.toString("utf8"));
  }

  // Generic like the SDK's own `send`: the answer's type is known by the command.
  readonly send = (async (command: unknown): Promise<unknown> => {
    await Promise.resolve(); // As over a network, others may run before the answer.
    if (command instanceof GetObjectCommand) {
      const bytes = this.byUri.get(`s3://${command.input.Bucket}/${command.input.Key}`);
      if (bytes === undefined) throw named("NoSuchKey", "The specified key does not exist.");
      return { Body: { transformToByteArray: () => Promise.resolve(new Uint8Array(bytes)) } };
    }
    if (command instanceof PutObjectCommand) {
      const uri = `s3://${command.input.Bucket}/${command.input.Key}`;
      this.written.push(uri);
      this.byUri.set(uri, Buffer.from(command.input.Body as string));
      return {};
    }
    if (command instanceof ListObjectsV2Command) {
      const { Bucket, Prefix = "", StartAfter = "", ContinuationToken = "" } = command.input;
      const after = ContinuationToken === "" ? StartAfter : ContinuationToken;
      const start = `s3://${Bucket}/`;
      const keys = [...this.byUri.keys()]
        .filter((uri) => uri.startsWith(start + Prefix))
        .map((uri) => uri.slice(start.length))
        .filter((key) => key > after)
        .sort();
      const page = keys.slice(0, PAGE);
      const last = page.at(-1);
      return {
        Contents: page.map((Key) => ({ Key })),
        ...(keys.length > PAGE && last !== undefined ? { NextContinuationToken: last } : {}),
      };
    }
    throw new Error(
      "StoredObjects has no answer for this command; add it to test/support/stored-objects.ts.",
    );
  }) as never;
}
