import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { allow, document, onBehalfOf, viaService } from "../../policies.ts";

export interface EncryptionKeyArgs {
  /** Name it is found by, `alias/…`. */
  alias: string;
  accountId: string;
  region: string;
  /** Days between its deletion and its end, 7 to 30: until then it can be brought back, and with it all data. */
  deletionWindowDays: number;
  /** ARNs of the rules, alarms and log groups that AWS encrypts or decrypts for; wildcards are allowed. */
  rulePattern: string;
  alarmPattern: string;
  logGroupPattern: string;
  protect: boolean;
}

/** A service by whose way a role uses the key, as `kms:ViaService` names it. */
export type EncryptedService = "s3" | "dynamodb" | "sns" | "sqs";

/** The one key that encrypts the platform's data at rest; rotated every year. */
export class EncryptionKey extends pulumi.ComponentResource {
  readonly keyArn: pulumi.Output<string>;
  private readonly name: string;
  private readonly region: string;

  constructor(name: string, args: EncryptionKeyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("perennial:encryption:EncryptionKey", name, {}, opts);
    const { accountId, region, deletionWindowDays } = args;
    if (!Number.isInteger(deletionWindowDays) || deletionWindowDays < 7 || deletionWindowDays > 30) {
      throw new pulumi.ResourceError(
        `EncryptionKey "${name}": deletionWindowDays is ${deletionWindowDays}, expected a whole number from 7 to 30 ` +
          `(KMS allows no other).`,
        this,
      );
    }
    const key = new aws.kms.Key(
      name,
      {
        description: "Perennial: data, queues, topics, logs and volumes",
        deletionWindowInDays: deletionWindowDays,
        enableKeyRotation: true,
        policy: JSON.stringify(keyPolicy(args)),
      },
      { parent: this, protect: args.protect },
    );
    new aws.kms.Alias(name, { name: args.alias, targetKeyId: key.keyId }, { parent: this });

    this.name = name;
    this.region = region;
    this.keyArn = key.arn;
    this.registerOutputs({ keyArn: this.keyArn, accountId });
  }

  /** Lets `role` read what `services` keep under the key. */
  grantDecrypt(grantee: string, role: aws.iam.Role, services: EncryptedService[]): aws.iam.RolePolicy {
    return this.grant(grantee, role, "decrypt", ["kms:Decrypt"], services);
  }

  /** Lets `role` write to `services` under the key. Decrypt too: a multipart upload and a topic read their own key back. */
  grantEncrypt(grantee: string, role: aws.iam.Role, services: EncryptedService[]): aws.iam.RolePolicy {
    return this.grant(grantee, role, "encrypt", ["kms:Decrypt", "kms:GenerateDataKey"], services);
  }

  /**
   * Lets `role` have SageMaker encrypt volumes under the key, which it does by a grant.
   * https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
   */
  grantVolumes(grantee: string, role: aws.iam.Role): aws.iam.RolePolicy {
    return new aws.iam.RolePolicy(
      `${this.name}-${grantee}-volumes`,
      {
        role: role.id,
        policy: document(
          allow(["kms:CreateGrant"], this.keyArn, { Bool: { "kms:GrantIsForAWSResource": "true" } }),
          allow(["kms:DescribeKey"], this.keyArn),
        ),
      },
      { parent: this },
    );
  }

  private grant(
    grantee: string,
    role: aws.iam.Role,
    verb: string,
    actions: string[],
    services: EncryptedService[],
  ): aws.iam.RolePolicy {
    return new aws.iam.RolePolicy(
      `${this.name}-${grantee}-${verb}`,
      { role: role.id, policy: document(allow(actions, this.keyArn, viaService(this.region, ...services))) },
      { parent: this },
    );
  }
}

function keyPolicy({ accountId, region, rulePattern, alarmPattern, logGroupPattern }: EncryptionKeyArgs) {
  const root = { AWS: `arn:aws:iam::${accountId}:root` };
  // In a key's own policy "*" is that key; KMS allows nothing else there.
  const Resource = "*";
  const service = (
    principal: string,
    actions: string[],
    conditions: Record<string, Record<string, string>>,
  ) => ({
    Effect: "Allow",
    Principal: { Service: principal },
    Action: actions,
    Resource,
    Condition: conditions,
  });
  // What CloudWatch Logs and DynamoDB ask for, the latter in the name of whoever creates a table:
  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
  // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
  const use = [
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
  ];
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "AccountAdministersTheKey",
        Effect: "Allow",
        Principal: root,
        Action: [
          "kms:CancelKeyDeletion",
          "kms:CreateAlias",
          "kms:DeleteAlias",
          "kms:DisableKey",
          "kms:EnableKey",
          "kms:EnableKeyRotation",
          "kms:GetKeyPolicy",
          "kms:GetKeyRotationStatus",
          "kms:ListGrants",
          "kms:ListKeyPolicies",
          "kms:ListResourceTags",
          "kms:PutKeyPolicy",
          // ECR asks for it in the name of whoever creates a repository.
          "kms:RetireGrant",
          "kms:RevokeGrant",
          "kms:ScheduleKeyDeletion",
          "kms:TagResource",
          "kms:UntagResource",
          "kms:UpdateAlias",
          "kms:UpdateKeyDescription",
        ],
        Resource,
      },
      {
        // Hands the decision on to the account's IAM policies: without it no role's grant counts.
        Sid: "AccountDecidesOnUse",
        Effect: "Allow",
        Principal: root,
        Action: [...use, "kms:CreateGrant"],
        Resource,
      },
      service(`logs.${region}.amazonaws.com`, use, {
        ArnLike: { "kms:EncryptionContext:aws:logs:arn": logGroupPattern },
      }),
      service(
        "events.amazonaws.com",
        ["kms:Decrypt", "kms:GenerateDataKey"],
        onBehalfOf(accountId, rulePattern),
      ),
      service(
        "cloudwatch.amazonaws.com",
        ["kms:Decrypt", "kms:GenerateDataKey"],
        onBehalfOf(accountId, alarmPattern),
      ),
    ],
  };
}
