import type { Identity, Requirement } from "../../identity/identity.ts";
import type { S3Operation } from "../s3-operation.ts";
import { keyUse } from "./question.ts";

/** IAM's name for an operation, where it isn't the operation's own (Service Authorization Reference, Amazon S3). */
const ACTIONS: Record<string, string> = {
  ListBuckets: "ListAllMyBuckets",
  HeadBucket: "ListBucket",
  ListObjects: "ListBucket",
  ListObjectsV2: "ListBucket",
  ListObjectVersions: "ListBucketVersions",
  ListMultipartUploads: "ListBucketMultipartUploads",
  GetBucketEncryption: "GetEncryptionConfiguration",
  PutBucketEncryption: "PutEncryptionConfiguration",
  DeleteBucketEncryption: "PutEncryptionConfiguration",
  GetBucketLifecycleConfiguration: "GetLifecycleConfiguration",
  PutBucketLifecycleConfiguration: "PutLifecycleConfiguration",
  DeleteBucketLifecycle: "PutLifecycleConfiguration",
  GetPublicAccessBlock: "GetBucketPublicAccessBlock",
  PutPublicAccessBlock: "PutBucketPublicAccessBlock",
  DeletePublicAccessBlock: "PutBucketPublicAccessBlock",
  GetBucketNotificationConfiguration: "GetBucketNotification",
  PutBucketNotificationConfiguration: "PutBucketNotification",
  HeadObject: "GetObject",
  ListParts: "ListMultipartUploadParts",
  CopyObject: "PutObject",
  UploadPart: "PutObject",
  UploadPartCopy: "PutObject",
  CreateMultipartUpload: "PutObject",
  CompleteMultipartUpload: "PutObject",
  DeleteObjects: "DeleteObject",
};

const READS = new Set(["GetObject", "HeadObject"]);
const WRITES = new Set(["PutObject", "CopyObject", "CreateMultipartUpload"]);
/** Parts are encrypted with the upload's data key, which S3 decrypts for the caller each time. */
const PARTS = new Set(["UploadPart", "UploadPartCopy", "CompleteMultipartUpload"]);

export function requirementsOfS3({ action, input }: S3Operation, identity: Identity): Requirement[] {
  const { Bucket, Key, VersionId, Prefix, Delimiter, CopySource, Keys } = input;
  if (Bucket === undefined) return [{ action: "s3:ListAllMyBuckets", resource: "*", context: {} }];
  const bucketArn = `arn:aws:s3:::${Bucket}`;
  const name = ACTIONS[action] ?? action;
  const context: Requirement["context"] = {};
  if (Prefix !== undefined) context["s3:prefix"] = Prefix;
  if (Delimiter !== undefined) context["s3:delimiter"] = Delimiter;

  if (Keys !== undefined) {
    return Keys.map((key) => ({ action: "s3:DeleteObject", resource: `${bucketArn}/${key}`, context: {} }));
  }
  if (Key === undefined) return [{ action: `s3:${name}`, resource: bucketArn, context }];

  const ofVersion = VersionId !== undefined && (READS.has(action) || action === "DeleteObject");
  const needed = [
    { action: `s3:${name}${ofVersion ? "Version" : ""}`, resource: `${bucketArn}/${Key}`, context },
  ];
  if (CopySource !== undefined) {
    const source = CopySource.split("?")[0] ?? "";
    const sourceArn = `arn:aws:s3:::${source}`;
    const ofSourceVersion = /\?versionId=/.test(CopySource) ? "Version" : "";
    needed.push({ action: `s3:GetObject${ofSourceVersion}`, resource: sourceArn, context: {} });
    needed.push(...bucketKeyUse("kms:Decrypt", `arn:aws:s3:::${source.split("/", 1)[0]}`, identity));
  }
  if (READS.has(action) || PARTS.has(action))
    needed.push(...bucketKeyUse("kms:Decrypt", bucketArn, identity));
  if (WRITES.has(action)) needed.push(...bucketKeyUse("kms:GenerateDataKey", bucketArn, identity));
  return needed;
}

/** With a bucket key, the encryption context is the bucket's ARN, whatever the object. */
function bucketKeyUse(action: string, bucketArn: string, identity: Identity): Requirement[] {
  return keyUse([action], bucketArn, "s3", identity, { "kms:EncryptionContext:aws:s3:arn": bucketArn });
}
