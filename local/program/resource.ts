/** A file or text in an archive, or as an object of a bucket. */
export type RecordedAsset = { text: string } | { path: string };

/** A resource that the program registered. */
export interface RecordedResource {
  /** `aws:s3/bucket:Bucket` */
  type: string;
  name: string;
  urn: string;
  id: string;
  /** Plain values. An asset is `{ asset }`, an archive `{ archive }` with its files by name. */
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
  options: {
    parent: string;
    protect: boolean;
    retainOnDelete: boolean;
    ignoreChanges: string[];
    dependencies: string[];
  };
}

/** The account that the program's resources lie in. */
export interface Account {
  accountId: string;
  region: string;
}
