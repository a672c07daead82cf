import * as aws from "@pulumi/aws";
import { describe, expect, it } from "vitest";
import { ArtifactStore } from "../../../infra/components/storage/artifact-store.ts";
import { DataLake } from "../../../infra/components/storage/data-lake.ts";
import { deploy, type Registered } from "../../support/deploy.ts";

const keyArn = "arn:aws:kms:eu-central-1:123456789012:key/k";
const store = { bucketName: "a-store", keyArn, recoveryDays: 90, protect: true };
const lake = { ...store, bucketName: "a-lake", preparedDays: 30, captureDays: 60 };

const of = (resources: Registered[], type: string) =>
  resources.filter((resource) => resource.type === type).map(({ inputs }) => inputs);
const policies = (resources: Registered[]) =>
  of(resources, "aws:iam/rolePolicy:RolePolicy").map(({ policy }) => policy.Statement);
const role = () => new aws.iam.Role("reader", { name: "reader", assumeRolePolicy: "{}" });

describe("a bucket", () => {
  it("is private, versioned, encrypted by the key and reached over TLS only", async () => {
    const resources = await deploy(() => new ArtifactStore("artifacts", store));
    expect(of(resources, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")).toEqual([
      {
        bucket: "artifacts-id",
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
    ]);
    expect(of(resources, "aws:s3/bucketVersioning:BucketVersioning")).toEqual([
      { bucket: "artifacts-id", versioningConfiguration: { status: "Enabled" } },
    ]);
    expect(
      of(resources, "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"),
    ).toEqual([
      {
        bucket: "artifacts-id",
        rules: [
          {
            applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: keyArn },
            bucketKeyEnabled: true,
          },
        ],
      },
    ]);
    expect(of(resources, "aws:s3/bucketPolicy:BucketPolicy").map(({ policy }) => policy.Statement)).toEqual([
      [
        {
          Effect: "Deny",
          Principal: "*",
          Action: "s3:*",
          Resource: ["arn:aws:s3:::a-store", "arn:aws:s3:::a-store/*"],
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        },
      ],
    ]);
  });

  it("lets what it holds expire by folder, and what was overwritten after the recovery days", async () => {
    const resources = await deploy(() => new DataLake("lake", lake));
    const [{ rules } = { rules: [] }] = of(
      resources,
      "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    );
    expect(rules).toEqual([
      {
        id: "recovery",
        status: "Enabled",
        filter: { prefix: "" },
        noncurrentVersionExpiration: { noncurrentDays: 90 },
        abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
      },
      { id: "prepared", status: "Enabled", filter: { prefix: "prepared/" }, expiration: { days: 30 } },
      { id: "sealed", status: "Enabled", filter: { prefix: "sealed/" }, expiration: { days: 30 } },
      { id: "entities", status: "Enabled", filter: { prefix: "entities/" }, expiration: { days: 30 } },
      { id: "capture", status: "Enabled", filter: { prefix: "capture/" }, expiration: { days: 60 } },
      { id: "labels", status: "Enabled", filter: { prefix: "labels/" }, expiration: { days: 60 } },
      { id: "trials", status: "Enabled", filter: { prefix: "trials/" }, expiration: { days: 60 } },
    ]);
  });

  it.each([0, 366, 1.5])("refuses to keep overwritten objects for %d days", async (recoveryDays) => {
    await expect(deploy(() => new DataLake("lake", { ...lake, recoveryDays }))).rejects.toThrow(
      `DataLake "lake": recoveryDays is ${recoveryDays}, expected a whole number from 1 to 365. ` +
        `To keep objects for longer, copy them to an archive bucket.`,
    );
  });

  it("lets a reader fetch its own folders and nothing else", async () => {
    const resources = await deploy(() => {
      new ArtifactStore("artifacts", store).grantRead("reader", role(), ["models/churn/", "specs/churn/"]);
    });
    expect(policies(resources)).toEqual([
      [
        {
          Effect: "Allow",
          Action: "s3:GetObject",
          Resource: ["arn:aws:s3:::a-store/models/churn/*", "arn:aws:s3:::a-store/specs/churn/*"],
        },
      ],
    ]);
  });

  it("keeps a role out of a folder for good", async () => {
    const resources = await deploy(() => {
      new DataLake("lake", lake).seal("reader", role(), ["sealed/"]);
    });
    expect(policies(resources)).toEqual([
      [
        {
          Effect: "Deny",
          Action: ["s3:GetObject", "s3:GetObjectVersion"],
          Resource: ["arn:aws:s3:::a-lake/sealed/*"],
        },
        {
          Effect: "Deny",
          Action: "s3:ListBucket",
          Resource: "arn:aws:s3:::a-lake",
          Condition: { StringLike: { "s3:prefix": ["sealed/*"] } },
        },
      ],
    ]);
  });
});

describe("a stored spec", () => {
  const keys = async (spec: string, queries: Record<string, string>) => {
    const resources = await deploy(() =>
      new ArtifactStore("artifacts", store).storeSpec("churn", spec, queries),
    );
    return of(resources, "aws:s3/bucketObjectv2:BucketObjectv2").map(({ key }) => String(key));
  };

  it("lies beside its queries in a folder that is named for what all of them say", async () => {
    const queries = { "features.sql": "select 1", "entities/team.sql": "select 2" };
    const stored = await keys("{}", queries);
    const [folder] = /^specs\/churn\/[0-9a-f]{64}\//.exec(stored[0] ?? "") ?? [];
    expect(stored.toSorted()).toEqual([
      `${folder}entities/team.sql`,
      `${folder}features.sql`,
      `${folder}spec.json`,
    ]);
    expect(await keys("{}", { "entities/team.sql": "select 2", "features.sql": "select 1" })).toEqual(stored);
    const others = [
      await keys("{}", { ...queries, "features.sql": "select 3" }),
      await keys("{}", { "features.sql": "select 1" }),
      await keys("{}", { "features.sql": "select 2", "entities/team.sql": "select 1" }),
    ];
    expect(others.filter(([key = ""]) => key.startsWith(folder ?? "specs/"))).toEqual([]);
  });

  it("outlives the program's interest in it: what was made with it refers to it", async () => {
    const resources = await deploy(() =>
      new ArtifactStore("artifacts", store).storeSpec("churn", "{}", { "features.sql": "" }),
    );
    const objects = resources.filter(({ type }) => type === "aws:s3/bucketObjectv2:BucketObjectv2");
    expect(objects.map(({ opts }) => opts.retainOnDelete)).toEqual([true, true]);
  });
});
