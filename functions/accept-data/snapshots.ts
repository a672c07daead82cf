import { createHash } from "node:crypto";
import {
  CopyObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { type GateReport, parse, Snapshot } from "@perennial/contracts";

/** A source file isn't the one that the data gate looked at. */
export class DataChanged extends Error {
  constructor(uri: string, expected: string, found: string) {
    super(
      `${uri} changed after the data gate looked at it: expected ${expected}, found ${found}. Nothing was accepted; ask ` +
        `for another retraining, and bring files into the lake under new names.`,
    );
    this.name = "DataChanged";
  }
}

/** The folders of accepted files, each named by the hash of what it holds. `snapshot.json` is there when all is. */
export class Snapshots {
  private readonly s3: Pick<S3Client, "send">;

  constructor(s3: Pick<S3Client, "send">) {
    this.s3 = s3;
  }

  /**
   * Copies the files of a report into the snapshot's folder. Whatever stands there already stays as it is.
   *
   * @throws {DataChanged} before anything is copied, where a file is another one by now or gone.
   */
  async keep(
    rawUri: string,
    snapshotUri: string,
    { workload, snapshotSha256, files }: GateReport,
  ): Promise<void> {
    if (await this.exists(`${snapshotUri}snapshot.json`)) return;
    const versions: { name: string; version: string | undefined }[] = [];
    for (const { name, sha256 } of files) {
      versions.push({ name, version: await this.versionOf(`${rawUri}${name}`, sha256) });
    }
    for (const { name, version } of versions) {
      const { Bucket, Key } = placeOf(`${rawUri}${name}`);
      const query = version === undefined ? "" : `?versionId=${encodeURIComponent(version)}`;
      const CopySource = `${Bucket}/${Key.split("/").map(encodeURIComponent).join("/")}${query}`;
      await this.once(
        new CopyObjectCommand({ ...placeOf(`${snapshotUri}${name}`), CopySource, IfNoneMatch: "*" }),
      );
    }
    const snapshot = parse(Snapshot, { workload, sha256: snapshotSha256, files }, "snapshot.json");
    await this.once(
      new PutObjectCommand({
        ...placeOf(`${snapshotUri}snapshot.json`),
        Body: JSON.stringify(snapshot),
        ContentType: "application/json",
        IfNoneMatch: "*",
      }),
    );
  }

  /** The version of a file that has this hash: that one is copied, whatever stands under its name by then. */
  private async versionOf(uri: string, sha256: string): Promise<string | undefined> {
    if (!(await this.exists(uri))) throw new DataChanged(uri, `SHA-256 ${sha256}`, "no such file");
    const { Body, VersionId } = await this.s3.send(new GetObjectCommand(placeOf(uri)));
    const hash = createHash("sha256");
    for await (const chunk of Body as AsyncIterable<Uint8Array>) hash.update(chunk);
    const found = hash.digest("hex");
    if (found !== sha256) throw new DataChanged(uri, `SHA-256 ${sha256}`, `SHA-256 ${found}`);
    return VersionId;
  }

  /** Asked by listing: who may list some folders only is told of a missing object that it is forbidden. */
  private async exists(uri: string): Promise<boolean> {
    const { Bucket, Key } = placeOf(uri);
    // In order of their names: a key comes before those that only begin like it.
    const { Contents = [] } = await this.s3.send(
      new ListObjectsV2Command({ Bucket, Prefix: Key, MaxKeys: 1 }),
    );
    return Contents[0]?.Key === Key;
  }

  /** Writes what isn't there yet. What is there under the hash of its content is the same. */
  private async once(command: CopyObjectCommand | PutObjectCommand): Promise<void> {
    try {
      // The client's `send` is overloaded by command: told apart, each is one that it knows.
      await (command instanceof CopyObjectCommand ? this.s3.send(command) : this.s3.send(command));
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "PreconditionFailed") throw error;
    }
  }
}

function placeOf(uri: string): { Bucket: string; Key: string } {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  if (Bucket === undefined || Key === undefined) throw new TypeError(`${uri}: expected s3://bucket/key`);
  return { Bucket, Key };
}
