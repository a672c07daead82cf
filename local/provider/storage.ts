import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  CreateBucketCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import type { RecordedAsset } from "../program/resource.ts";
import { arn, exists, text, type Counterparts, type Json } from "./counterpart.ts";
import { policyOf } from "./identity.ts";

const partOfBucket = ({ inputs }: { inputs: Json }) => ({ id: text(inputs, "bucket") });

export const STORAGE: Counterparts = {
  "aws:s3/bucket:Bucket": {
    outputs: ({ inputs }) => {
      const bucket = text(inputs, "bucket");
      return { id: bucket, outputs: { arn: `arn:aws:s3:::${bucket}`, bucket } };
    },
    create: async ({ inputs }, { s3, account }) => {
      const Bucket = text(inputs, "bucket");
      if (await exists(s3.send(new HeadBucketCommand({ Bucket })))) return;
      const LocationConstraint = account.region as "eu-central-1";
      await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint } }));
    },
  },
  "aws:s3/bucketVersioning:BucketVersioning": {
    outputs: partOfBucket,
    create: async ({ inputs }, { s3 }) => {
      const { status } = inputs["versioningConfiguration"] as { status: "Enabled" | "Suspended" };
      const VersioningConfiguration = { Status: status };
      await s3.send(
        new PutBucketVersioningCommand({ Bucket: text(inputs, "bucket"), VersioningConfiguration }),
      );
    },
  },
  "aws:s3/bucketPolicy:BucketPolicy": {
    outputs: partOfBucket,
    create: async ({ inputs }, { identity }) => {
      identity.putResourcePolicy(`arn:aws:s3:::${text(inputs, "bucket")}`, policyOf(inputs["policy"]));
    },
  },
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {
    outputs: partOfBucket,
    create: async ({ inputs }, { identity }) => {
      const [rule] = inputs["rules"] as {
        applyServerSideEncryptionByDefault?: { kmsMasterKeyId?: string };
      }[];
      const key = rule?.applyServerSideEncryptionByDefault?.kmsMasterKeyId;
      if (key !== undefined) identity.putEncryptionKey(`arn:aws:s3:::${text(inputs, "bucket")}`, key);
    },
  },
  "aws:s3/bucketObjectv2:BucketObjectv2": {
    outputs: ({ inputs }) => ({ id: text(inputs, "key"), outputs: { key: text(inputs, "key") } }),
    create: async ({ inputs }, { s3 }) => {
      const place = { Bucket: text(inputs, "bucket"), Key: text(inputs, "key") };
      const Body = bodyOf(inputs);
      const sha256 = createHash("sha256").update(Body).digest("hex");
      const stored = await s3.send(new HeadObjectCommand(place)).catch(() => undefined);
      if (stored?.Metadata?.["sha256"] === sha256) return;
      const ContentType = inputs["contentType"] as string | undefined;
      await s3.send(
        new PutObjectCommand({
          ...place,
          Body,
          Metadata: { sha256 },
          ...(ContentType === undefined ? {} : { ContentType }),
        }),
      );
    },
  },
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": {
    outputs: partOfBucket,
    create: { none: "nothing on this machine grows old enough to expire; make clean removes everything" },
  },
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": {
    outputs: partOfBucket,
    create: { none: "the gateway listens on 127.0.0.1 only; there is no public" },
  },
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls": {
    outputs: partOfBucket,
    create: { none: "there is one account, which owns every object" },
  },
  "aws:dynamodb/table:Table": {
    outputs: ({ inputs }, account) => {
      const name = text(inputs, "name");
      return { id: name, outputs: { name, arn: arn(account, "dynamodb", `table/${name}`) } };
    },
    create: async ({ inputs, outputs }, { call, identity }) => {
      const TableName = text(inputs, "name");
      const encryption = inputs["serverSideEncryption"] as { kmsKeyArn?: string } | undefined;
      if (encryption?.kmsKeyArn !== undefined) {
        identity.putEncryptionKey(text(outputs, "arn"), encryption.kmsKeyArn);
      }
      if (await exists(call("dynamodb", "DescribeTable", { TableName }))) return;
      const attributes = inputs["attributes"] as { name: string; type: string }[];
      const key = (member: string, KeyType: string) =>
        inputs[member] === undefined ? [] : [{ AttributeName: text(inputs, member), KeyType }];
      await call("dynamodb", "CreateTable", {
        TableName,
        BillingMode: inputs["billingMode"],
        AttributeDefinitions: attributes.map(({ name, type }) => ({
          AttributeName: name,
          AttributeType: type,
        })),
        KeySchema: [...key("hashKey", "HASH"), ...key("rangeKey", "RANGE")],
      });
    },
  },
};

function bodyOf(inputs: Json): Buffer {
  const { content, contentBase64 } = inputs;
  if (typeof content === "string") return Buffer.from(content);
  if (typeof contentBase64 === "string") return Buffer.from(contentBase64, "base64");
  const { asset } = inputs["source"] as { asset: RecordedAsset };
  return "text" in asset ? Buffer.from(asset.text) : readFileSync(asset.path);
}
