import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { allow, deny, document, tlsOnly } from "../../policies.ts";

/** A folder of a bucket. Its slash matters: `models/a` would match `models/ab`. */
export type Prefix = `${string}/`;

export interface PrivateBucketArgs {
  bucketName: string;
  keyArn: pulumi.Input<string>;
  /** Days that an overwritten or deleted object can be brought back, 1 to 365. */
  recoveryDays: number;
  /** Folders whose objects expire, with their ages in days. */
  expiry: { id: string; prefix: Prefix; days: number }[];
  /** Keeps the bucket and what it holds when the stack is destroyed. */
  protect: boolean;
}

/** A bucket that is private, versioned, encrypted and reached over TLS only. */
export class PrivateBucket extends pulumi.ComponentResource {
  readonly bucket: aws.s3.Bucket;
  protected readonly name: string;

  constructor(type: string, name: string, args: PrivateBucketArgs, opts?: pulumi.ComponentResourceOptions) {
    super(`perennial:storage:${type}`, name, {}, opts);
    const { bucketName, keyArn, recoveryDays, expiry, protect } = args;
    if (!Number.isInteger(recoveryDays) || recoveryDays < 1 || recoveryDays > 365) {
      throw new pulumi.ResourceError(
        `${type} "${name}": recoveryDays is ${recoveryDays}, expected a whole number from 1 to 365. ` +
          `To keep objects for longer, copy them to an archive bucket.`,
        this,
      );
    }
    const child = { parent: this };
    const bucket = new aws.s3.Bucket(
      name,
      { bucket: bucketName, forceDestroy: !protect },
      { ...child, protect },
    );
    new aws.s3.BucketPublicAccessBlock(
      name,
      {
        bucket: bucket.id,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
      child,
    );
    new aws.s3.BucketOwnershipControls(
      name,
      { bucket: bucket.id, rule: { objectOwnership: "BucketOwnerEnforced" } },
      child,
    );
    new aws.s3.BucketServerSideEncryptionConfiguration(
      name,
      {
        bucket: bucket.id,
        rules: [
          {
            applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: keyArn },
            // One call to KMS a bucket and while, instead of one an object.
            bucketKeyEnabled: true,
          },
        ],
      },
      child,
    );
    const versioning = new aws.s3.BucketVersioning(
      name,
      { bucket: bucket.id, versioningConfiguration: { status: "Enabled" } },
      child,
    );
    new aws.s3.BucketLifecycleConfiguration(
      name,
      {
        bucket: bucket.id,
        rules: [
          {
            id: "recovery",
            status: "Enabled",
            filter: { prefix: "" },
            noncurrentVersionExpiration: { noncurrentDays: recoveryDays },
            abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
          },
          ...expiry.map(({ id, prefix, days }) => ({
            id,
            status: "Enabled",
            filter: { prefix },
            expiration: { days },
          })),
        ],
      },
      // The first rule is about old versions, so the bucket must already be keeping them.
      { ...child, dependsOn: [versioning] },
    );
    new aws.s3.BucketPolicy(
      name,
      {
        bucket: bucket.id,
        policy: document(tlsOnly("s3:*", [bucket.arn, pulumi.interpolate`${bucket.arn}/*`])),
      },
      child,
    );
    this.bucket = bucket;
    this.name = name;
  }

  /** Lets `role` read the objects under `prefixes`, each by its name. */
  grantRead(grantee: string, role: aws.iam.Role, prefixes: Prefix[]): aws.iam.RolePolicy {
    return this.grant(grantee, role, "read", [allow("s3:GetObject", this.under(prefixes))]);
  }

  /** Lets `role` read everything under `prefixes`, as SageMaker does with a channel: it lists, then reads. */
  grantReadAll(grantee: string, role: aws.iam.Role, prefixes: Prefix[]): aws.iam.RolePolicy {
    return this.grant(grantee, role, "read-all", [
      allow("s3:GetObject", this.under(prefixes)),
      this.allowList(prefixes),
    ]);
  }

  /** Lets `role` see what lies under `prefixes`, and not read it. */
  grantList(grantee: string, role: aws.iam.Role, prefixes: Prefix[]): aws.iam.RolePolicy {
    return this.grant(grantee, role, "list", [this.allowList(prefixes)]);
  }

  /** Lets `role` copy from `prefixes` the very version of an object that it has read. */
  grantReadVersions(grantee: string, role: aws.iam.Role, prefixes: Prefix[]): aws.iam.RolePolicy {
    return this.grant(grantee, role, "read-versions", [allow("s3:GetObjectVersion", this.under(prefixes))]);
  }

  /** Lets `role` write objects under `prefixes`; it can't read them for that. */
  grantWrite(grantee: string, role: aws.iam.Role, prefixes: Prefix[]): aws.iam.RolePolicy {
    return this.grant(grantee, role, "write", [allow("s3:PutObject", this.under(prefixes))]);
  }

  /** Keeps `role` out of `prefixes` for good: no grant, now or later, overrides it. */
  seal(grantee: string, role: aws.iam.Role, prefixes: Prefix[]): aws.iam.RolePolicy {
    return this.grant(grantee, role, "seal", [
      deny(["s3:GetObject", "s3:GetObjectVersion"], this.under(prefixes)),
      deny("s3:ListBucket", this.bucket.arn, {
        StringLike: { "s3:prefix": prefixes.map((prefix) => `${prefix}*`) },
      }),
    ]);
  }

  private allowList(prefixes: Prefix[]): aws.iam.PolicyStatement {
    return allow("s3:ListBucket", this.bucket.arn, {
      StringLike: { "s3:prefix": prefixes.map((prefix) => `${prefix}*`) },
    });
  }

  private under(prefixes: Prefix[]): pulumi.Output<string>[] {
    return prefixes.map((prefix) => pulumi.interpolate`${this.bucket.arn}/${prefix}*`);
  }

  private grant(
    grantee: string,
    role: aws.iam.Role,
    verb: string,
    statements: aws.iam.PolicyStatement[],
  ): aws.iam.RolePolicy {
    return new aws.iam.RolePolicy(
      `${this.name}-${grantee}-${verb}`,
      { role: role.id, policy: document(...statements) },
      { parent: this },
    );
  }
}
