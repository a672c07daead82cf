import type { WireRequest } from "../journal/journal.ts";

/** What an S3 request does, read from its method, path and query. */
export interface S3Operation {
  action: string;
  input: {
    Bucket?: string;
    Key?: string;
    VersionId?: string;
    Prefix?: string;
    Delimiter?: string;
    /** "bucket/key" that a copy reads. */
    CopySource?: string;
    /** Keys that DeleteObjects names. */
    Keys?: string[];
    UploadId?: string;
  };
}

/** Operations on a part of a bucket's settings, by the query that names the part: [GET, PUT, DELETE]. */
const BUCKET_PARTS: Record<string, readonly [string, string?, string?]> = {
  policy: ["GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy"],
  versioning: ["GetBucketVersioning", "PutBucketVersioning"],
  encryption: ["GetBucketEncryption", "PutBucketEncryption", "DeleteBucketEncryption"],
  lifecycle: ["GetBucketLifecycleConfiguration", "PutBucketLifecycleConfiguration", "DeleteBucketLifecycle"],
  publicAccessBlock: ["GetPublicAccessBlock", "PutPublicAccessBlock", "DeletePublicAccessBlock"],
  tagging: ["GetBucketTagging", "PutBucketTagging", "DeleteBucketTagging"],
  notification: ["GetBucketNotificationConfiguration", "PutBucketNotificationConfiguration"],
  ownershipControls: [
    "GetBucketOwnershipControls",
    "PutBucketOwnershipControls",
    "DeleteBucketOwnershipControls",
  ],
  acl: ["GetBucketAcl", "PutBucketAcl"],
  logging: ["GetBucketLogging", "PutBucketLogging"],
  location: ["GetBucketLocation"],
  uploads: ["ListMultipartUploads"],
  versions: ["ListObjectVersions"],
};

const OBJECT_PARTS: Record<string, readonly [string, string?, string?]> = {
  tagging: ["GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging"],
  acl: ["GetObjectAcl", "PutObjectAcl"],
  attributes: ["GetObjectAttributes"],
  retention: ["GetObjectRetention", "PutObjectRetention"],
  "legal-hold": ["GetObjectLegalHold", "PutObjectLegalHold"],
};

/** Null where the request is none that S3 knows. */
export function readS3Operation({ method, path, headers, body }: WireRequest): S3Operation | null {
  const { pathname, searchParams: query } = new URL(path, "http://s3");
  const [, bucket = "", ...rest] = pathname.split("/");
  const key = decodeURIComponent(rest.join("/"));
  if (bucket === "") return method === "GET" ? { action: "ListBuckets", input: {} } : null;
  const parts = key === "" ? BUCKET_PARTS : OBJECT_PARTS;
  const place = key === "" ? { Bucket: bucket } : { Bucket: bucket, Key: key };
  const part = Object.keys(parts).find((name) => query.has(name));
  if (part !== undefined && (key === "" || !query.has("uploads"))) {
    const index = ["GET", "PUT", "DELETE"].indexOf(method);
    const action = parts[part]?.[index];
    const prefix = query.get("prefix");
    if (action === undefined) return null;
    return { action, input: prefix === null ? place : { ...place, Prefix: prefix } };
  }
  return key === ""
    ? readBucketOperation(method, bucket, query, body)
    : readObjectOperation(method, { Bucket: bucket, Key: key }, query, headers);
}

function readBucketOperation(
  method: string,
  Bucket: string,
  query: URLSearchParams,
  body: Buffer,
): S3Operation | null {
  if (method === "HEAD") return { action: "HeadBucket", input: { Bucket } };
  if (method === "PUT") return { action: "CreateBucket", input: { Bucket } };
  if (method === "DELETE") return { action: "DeleteBucket", input: { Bucket } };
  if (method === "POST" && query.has("delete")) {
    const Keys = [...body.toString("utf8").matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) =>
      unescapeXml(key),
    );
    return { action: "DeleteObjects", input: { Bucket, Keys } };
  }
  if (method !== "GET") return null;
  const input: S3Operation["input"] = { Bucket, Prefix: query.get("prefix") ?? "" };
  const delimiter = query.get("delimiter");
  if (delimiter !== null) input.Delimiter = delimiter;
  return { action: query.get("list-type") === "2" ? "ListObjectsV2" : "ListObjects", input };
}

function readObjectOperation(
  method: string,
  place: { Bucket: string; Key: string },
  query: URLSearchParams,
  headers: Record<string, string>,
): S3Operation | null {
  const input: S3Operation["input"] = { ...place };
  const versionId = query.get("versionId");
  if (versionId !== null) input.VersionId = versionId;
  const uploadId = query.get("uploadId");
  if (uploadId !== null) input.UploadId = uploadId;
  const copySource = headers["x-amz-copy-source"];
  if (copySource !== undefined) input.CopySource = decodeURIComponent(copySource).replace(/^\//, "");
  const copies = copySource !== undefined;
  switch (method) {
    case "GET":
      return { action: uploadId === null ? "GetObject" : "ListParts", input };
    case "HEAD":
      return { action: "HeadObject", input };
    case "PUT":
      if (uploadId !== null) return { action: copies ? "UploadPartCopy" : "UploadPart", input };
      return { action: copies ? "CopyObject" : "PutObject", input };
    case "POST":
      if (query.has("uploads")) return { action: "CreateMultipartUpload", input };
      return uploadId === null ? null : { action: "CompleteMultipartUpload", input };
    case "DELETE":
      return { action: uploadId === null ? "DeleteObject" : "AbortMultipartUpload", input };
    default:
      return null;
  }
}

function unescapeXml(text: string): string {
  const entities: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => entities[name] ?? "");
}
