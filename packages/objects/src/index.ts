import { createHash } from "node:crypto";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { parse } from "@perennial/contracts";
import type { z } from "zod";

/** An object as it was read: its bytes and what they hash to. */
export interface StoredObject {
  readonly uri: string;
  readonly bytes: Buffer;
  /** SHA-256 in lower case hexadecimal. */
  readonly sha256: string;
}

/** An object could not be read or written: which one, and why. The service's own error is the cause. */
export class ObjectFault extends Error {
  constructor(uri: string, purpose: "read" | "listed" | "written", expected: string, cause: unknown) {
    const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    super(`${uri} can't be ${purpose} (${reason}); expected ${expected}`, { cause });
    this.name = "ObjectFault";
  }
}

/** Objects in S3 by their URI. Documents are checked by their contract both ways, so that none is half understood. */
export class Objects {
  private readonly client: Pick<S3Client, "send">;

  constructor(client: Pick<S3Client, "send">) {
    this.client = client;
  }

  /** @throws {ObjectFault} naming the object. */
  async read(uri: string): Promise<StoredObject> {
    try {
      const { Body } = await this.client.send(new GetObjectCommand(placeOf(uri)));
      const bytes = Buffer.from((await Body?.transformToByteArray()) ?? new Uint8Array());
      return { uri, bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
    } catch (error) {
      throw new ObjectFault(uri, "read", "an object that this function's role may read", error);
    }
  }

  /**
   * Reads an object where there is one; otherwise null. It is looked for first: to whoever may list some folders only, S3 says
   * of what isn't there what it says of what may not be read.
   *
   * @throws {ObjectFault} naming the object.
   */
  async readIfThere(uri: string): Promise<StoredObject | null> {
    const { Key } = placeOf(uri);
    // A listing begins with the key itself; others only begin like it.
    for await (const key of this.list(uri)) return key === Key ? this.read(uri) : null;
    return null;
  }

  /**
   * Keys of the objects under a folder, in their order.
   *
   * @param after only those that come after this key.
   * @throws {ObjectFault} naming the folder.
   */
  async *list(uri: string, after?: string): AsyncGenerator<string> {
    let ContinuationToken: string | undefined;
    do {
      const page = await this.page(uri, after, ContinuationToken);
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield Key;
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }

  private async page(uri: string, StartAfter: string | undefined, ContinuationToken: string | undefined) {
    try {
      const { Bucket, Key: Prefix } = placeOf(uri);
      return await this.client.send(
        new ListObjectsV2Command({
          Bucket,
          Prefix,
          ...(StartAfter === undefined ? {} : { StartAfter }),
          ...(ContinuationToken === undefined ? {} : { ContinuationToken }),
        }),
      );
    } catch (error) {
      throw new ObjectFault(uri, "listed", "a folder that this function's role may list", error);
    }
  }

  /**
   * Reads a document in JSON.
   *
   * @throws {ObjectFault} if it can't be read or isn't JSON; {InvalidInput} with all its faults if it isn't of the schema.
   */
  async readDocument<Schema extends z.ZodType>(uri: string, schema: Schema): Promise<z.output<Schema>> {
    const { bytes } = await this.read(uri);
    let value: unknown;
    try {
      value = JSON.parse(bytes.toString("utf8"));
    } catch (error) {
      throw new ObjectFault(uri, "read", "a document in JSON", error);
    }
    return parse(schema, value, uri);
  }

  /**
   * Writes a document as JSON; one of the same URI is replaced, so that writing twice is safe.
   *
   * @throws {InvalidInput} if it isn't of the schema; {ObjectFault} if it can't be written.
   */
  async writeDocument<Schema extends z.ZodType>(
    uri: string,
    schema: Schema,
    document: z.output<Schema>,
  ): Promise<void> {
    await this.write(uri, JSON.stringify(parse(schema, document, uri)), "application/json");
  }

  /**
   * Writes an object as it is; one of the same URI is replaced.
   *
   * @throws {ObjectFault} if it can't be written.
   */
  async write(uri: string, Body: Uint8Array | string, ContentType: string): Promise<void> {
    try {
      await this.client.send(new PutObjectCommand({ ...placeOf(uri), Body, ContentType }));
    } catch (error) {
      throw new ObjectFault(uri, "written", "a bucket that this function's role may write to", error);
    }
  }
}

function placeOf(uri: string): { Bucket: string; Key: string } {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  if (Bucket === undefined || Key === undefined) throw new TypeError("expected s3://bucket/key");
  return { Bucket, Key };
}
