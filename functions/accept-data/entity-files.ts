import { gunzipSync } from "node:zlib";
import { ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import { EntityState, type Fault, InvalidInput } from "@perennial/contracts";
import type { Objects } from "@perennial/objects";

/** The latest states of one entity. */
export interface EntityStates {
  /** Name of its view. */
  entity: string;
  states: EntityState[];
}

const FILE = /\/([a-z][a-z0-9_]*)\.jsonl\.gz$/;

/** What the processing job found out about entities: a file each, a state a line. */
export class EntityFiles {
  private readonly s3: Pick<S3Client, "send">;
  private readonly objects: Pick<Objects, "read">;

  constructor(s3: Pick<S3Client, "send">, objects: Pick<Objects, "read">) {
    this.s3 = s3;
    this.objects = objects;
  }

  /**
   * @param prefixUri with its final slash.
   * @throws {InvalidInput} with every line of a file that is no state.
   */
  async read(prefixUri: string): Promise<EntityStates[]> {
    const uris = await this.list(prefixUri);
    const files: EntityStates[] = [];
    for (const uri of uris) {
      const [, entity] = FILE.exec(uri) ?? [];
      // `none.json` says that the workload has no entities.
      if (entity === undefined) continue;
      const { bytes } = await this.objects.read(uri);
      files.push({ entity, states: parseLines(uri, gunzipSync(bytes).toString("utf8")) });
    }
    return files;
  }

  private async list(prefixUri: string): Promise<string[]> {
    const [, Bucket, Prefix] = /^s3:\/\/([^/]+)\/(.+)$/.exec(prefixUri) ?? [];
    const uris: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await this.s3.send(new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken }));
      for (const { Key } of page.Contents ?? []) uris.push(`s3://${Bucket}/${Key}`);
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    return uris;
  }
}

function parseLines(uri: string, text: string): EntityState[] {
  const faults: Fault[] = [];
  const states: EntityState[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "") continue;
    const result = EntityState.safeParse(valueOf(line));
    if (result.success) states.push(result.data);
    else faults.push({ path: `line ${index + 1}`, message: result.error.issues[0]?.message ?? "no state" });
  }
  if (faults.length > 0) throw new InvalidInput(uri, faults);
  return states;
}

function valueOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
