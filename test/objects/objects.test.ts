import { createHash } from "node:crypto";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Objects } from "@perennial/objects";
import { mockClient } from "aws-sdk-client-mock";
import { beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";

const s3 = mockClient(S3Client);
const objects = new Objects(new S3Client({ region: "eu-central-1" }));
const Document = z.strictObject({ rows: z.int() });
const uri = "s3://artifacts/a/b c.json";

const body = (text: string) =>
  ({ Body: { transformToByteArray: () => Promise.resolve(new TextEncoder().encode(text)) } }) as object;

async function all(keys: AsyncGenerator<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const key of keys) found.push(key);
  return found;
}

beforeEach(() => s3.reset());

describe("reading", () => {
  it("gives the bytes with their hash", async () => {
    s3.on(GetObjectCommand, { Bucket: "artifacts", Key: "a/b c.json" }).resolves(body("four"));
    const sha256 = createHash("sha256").update("four").digest("hex");
    expect(await objects.read(uri)).toEqual({ uri, bytes: Buffer.from("four"), sha256 });
  });

  it("checks a document by its contract, all faults at once", async () => {
    s3.on(GetObjectCommand).resolves(body('{"rows":1.5,"more":true}'));
    await expect(objects.readDocument(uri, Document)).rejects.toThrow(`${uri} is refused, 2 faults:`);
  });

  it("says which object isn't JSON and keeps why", async () => {
    s3.on(GetObjectCommand).resolves(body("<html>"));
    const error = (await objects.readDocument(uri, Document).catch((reason: unknown) => reason)) as Error;
    expect(error.name).toBe("ObjectFault");
    expect(error.message).toMatch(
      /^s3:\/\/artifacts\/a\/b c\.json can't be read \(SyntaxError: .*; expected a document in JSON$/,
    );
    expect(error.cause).toBeInstanceOf(SyntaxError);
  });

  it("says which object is refused to it, and keeps the service's error", async () => {
    const denied = Object.assign(new Error("no"), { name: "AccessDenied" });
    s3.on(GetObjectCommand).rejects(denied);
    const error = (await objects.read(uri).catch((reason: unknown) => reason)) as Error;
    expect(error.message).toBe(
      `${uri} can't be read (AccessDenied: no); expected an object that this function's role may read`,
    );
    expect(error.cause).toBe(denied);
  });

  it("refuses what is no URI of an object", async () => {
    await expect(objects.read("s3://bucket/")).rejects.toThrow(
      "s3://bucket/ can't be read (TypeError: expected s3://bucket/key);",
    );
    expect(s3.calls()).toHaveLength(0);
  });
});

describe("finding", () => {
  it("lists the keys of a folder page by page, after one that is known", async () => {
    s3.on(ListObjectsV2Command)
      .resolvesOnce({ Contents: [{ Key: "a/2" }, { Key: "a/3" }], NextContinuationToken: "more" })
      .resolvesOnce({ Contents: [{ Key: "a/4" }] })
      .resolves({});
    expect(await all(objects.list("s3://artifacts/a/", "a/1"))).toEqual(["a/2", "a/3", "a/4"]);
    const asked = { Bucket: "artifacts", Prefix: "a/", StartAfter: "a/1" };
    expect(s3.commandCalls(ListObjectsV2Command).map(({ args: [{ input }] }) => input)).toEqual([
      asked,
      { ...asked, ContinuationToken: "more" },
    ]);
    expect(await all(objects.list("s3://artifacts/a/"))).toEqual([]);
  });

  it("says which folder is refused to it", async () => {
    s3.on(ListObjectsV2Command).rejects(Object.assign(new Error("no"), { name: "AccessDenied" }));
    await expect(all(objects.list("s3://artifacts/a/"))).rejects.toThrow(
      "s3://artifacts/a/ can't be listed (AccessDenied: no); expected a folder that this function's role may list",
    );
  });

  it("looks for an object before it reads it: without a right to list everything S3 doesn't tell what isn't there", async () => {
    const found = (...keys: string[]) =>
      s3.on(ListObjectsV2Command).resolves({ Contents: keys.map((Key) => ({ Key })) });
    s3.on(GetObjectCommand).rejects(Object.assign(new Error("no"), { name: "AccessDenied" }));
    found();
    expect(await objects.readIfThere(uri)).toBeNull();
    found("a/b c.json.gz");
    expect(await objects.readIfThere(uri)).toBeNull();
    found("a/b c.json", "a/b c.json.gz");
    await expect(objects.readIfThere(uri)).rejects.toThrow(`${uri} can't be read (AccessDenied: no)`);
    s3.on(GetObjectCommand).resolves(body("four"));
    expect((await objects.readIfThere(uri))?.bytes.toString()).toBe("four");
    expect(s3.commandCalls(ListObjectsV2Command)[0]?.args[0].input).toEqual({
      Bucket: "artifacts",
      Prefix: "a/b c.json",
    });
  });
});

describe("writing", () => {
  it("puts a document as JSON", async () => {
    s3.on(PutObjectCommand).resolves({});
    await objects.writeDocument(uri, Document, { rows: 3 });
    expect(s3.commandCalls(PutObjectCommand).map(({ args }) => args[0].input)).toEqual([
      { Bucket: "artifacts", Key: "a/b c.json", Body: '{"rows":3}', ContentType: "application/json" },
    ]);
  });

  it("puts bytes as they are, under the type they are said to be", async () => {
    s3.on(PutObjectCommand).resolves({});
    const bytes = Buffer.from([0, 255]);
    await objects.write("s3://artifacts/cards/plot.png", bytes, "image/png");
    expect(s3.commandCalls(PutObjectCommand).map(({ args }) => args[0].input)).toEqual([
      { Bucket: "artifacts", Key: "cards/plot.png", Body: bytes, ContentType: "image/png" },
    ]);
  });

  it("writes nothing that breaks its contract, such as NaN", async () => {
    await expect(objects.writeDocument(uri, Document, { rows: Number.NaN })).rejects.toThrow(
      `${uri} is refused, 1 fault:\n  rows: given null;`,
    );
    expect(s3.calls()).toHaveLength(0);
  });

  it("says which object couldn't be written", async () => {
    s3.on(PutObjectCommand).rejects(Object.assign(new Error("slow down"), { name: "SlowDown" }));
    await expect(objects.writeDocument(uri, Document, { rows: 3 })).rejects.toThrow(
      `${uri} can't be written (SlowDown: slow down); expected a bucket that this function's role may write to`,
    );
  });
});
