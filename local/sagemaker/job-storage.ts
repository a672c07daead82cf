import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { GetObjectCommand, paginateListObjectsV2, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { LocalGateway } from "../gateway/gateway.ts";
import { filesUnder } from "./archive.ts";

/** S3 as a job or a model sees it: with its own role's permissions, which the gateway holds it to. */
export class RoleStorage {
  private readonly s3: S3Client;

  constructor(gateway: LocalGateway, roleArn: string) {
    const { role } = gateway.identity.callerAs(roleArn);
    this.s3 = new S3Client({
      endpoint: gateway.url,
      region: gateway.identity.region,
      credentials: gateway.credentialsFor(role ?? ""),
    });
  }

  /** @returns how many objects were fetched. */
  async download(uri: string, folder: string): Promise<number> {
    const { bucket, key: prefix } = parseS3Uri(uri);
    mkdirSync(folder, { recursive: true });
    // The part of a key after the prefix's last slash is the file's name, also where the prefix is a whole key.
    const base = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    let count = 0;
    for await (const { Contents = [] } of paginateListObjectsV2(
      { client: this.s3 },
      { Bucket: bucket, Prefix: prefix },
    )) {
      for (const { Key = "" } of Contents) {
        if (Key.endsWith("/")) continue;
        const path = join(folder, Key.slice(base.length));
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, await this.get(bucket, Key));
        count += 1;
      }
    }
    return count;
  }

  async write(uri: string, body: Buffer, contentType?: string): Promise<void> {
    const { bucket, key } = parseS3Uri(uri);
    const type = contentType === undefined ? {} : { ContentType: contentType };
    await this.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ...type }));
  }

  /** Uploads a folder's files under a prefix. */
  async upload(folder: string, uri: string): Promise<void> {
    const prefix = uri.endsWith("/") ? uri : `${uri}/`;
    for (const file of filesUnder(folder)) {
      await this.write(`${prefix}${file.split(sep).join("/")}`, readFileSync(join(folder, file)));
    }
  }

  close(): void {
    this.s3.destroy();
  }

  private async get(Bucket: string, Key: string): Promise<Buffer> {
    const { Body } = await this.s3.send(new GetObjectCommand({ Bucket, Key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  }
}

/** Uploads what is new or changed in a folder of checkpoints, as SageMaker does while a job trains. */
export class CheckpointSync {
  private readonly storage: RoleStorage;
  private readonly folder: string;
  private readonly uri: string;
  private readonly uploaded = new Map<string, number>();
  private running: Promise<void> = Promise.resolve();

  constructor(storage: RoleStorage, folder: string, uri: string) {
    this.storage = storage;
    this.folder = folder;
    this.uri = uri.endsWith("/") ? uri : `${uri}/`;
    for (const file of filesUnder(folder)) this.uploaded.set(file, statSync(join(folder, file)).mtimeMs);
  }

  /** One upload at a time; the next one sees what came meanwhile. */
  sync(): Promise<void> {
    const next = this.running.then(() => this.uploadChanged());
    this.running = next.catch(() => {});
    return next;
  }

  private async uploadChanged(): Promise<void> {
    for (const file of filesUnder(this.folder)) {
      const path = join(this.folder, file);
      // A job replaces its checkpoints while we look: what is gone now comes back under its new name.
      const modified = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
      if (modified === undefined || this.uploaded.get(file) === modified) continue;
      await this.storage.write(`${this.uri}${file.split(sep).join("/")}`, readFileSync(path));
      this.uploaded.set(file, modified);
    }
  }
}

/** @throws where `uri` is no S3 address. */
export function parseS3Uri(uri: string): { bucket: string; key: string } {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(uri) ?? [];
  if (bucket === undefined || key === undefined) {
    throw new Error(`${JSON.stringify(uri)} is no S3 address, expected s3://bucket/key.`);
  }
  return { bucket, key };
}
