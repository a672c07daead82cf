import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { allow, document } from "../../policies.ts";

export interface PartitionedTableArgs {
  tableName: string;
  keyArn: pulumi.Input<string>;
  /** Workloads that have partitions in it. */
  workloads: string[];
  /** Keeps the table when the stack is destroyed. */
  protect: boolean;
}

/** A table whose partitions belong to workloads each, encrypted, and recoverable to any moment of the last 35 days. */
export class PartitionedTable extends pulumi.ComponentResource {
  readonly table: aws.dynamodb.Table;
  protected readonly workloads: string[];
  private readonly name: string;

  constructor(
    type: string,
    name: string,
    args: PartitionedTableArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super(`perennial:${type}`, name, {}, opts);
    const { tableName, keyArn, workloads, protect } = args;
    this.table = new aws.dynamodb.Table(
      name,
      {
        name: tableName,
        billingMode: "PAY_PER_REQUEST",
        hashKey: "pk",
        rangeKey: "sk",
        attributes: [
          { name: "pk", type: "S" },
          { name: "sk", type: "S" },
        ],
        pointInTimeRecovery: { enabled: true },
        serverSideEncryption: { enabled: true, kmsKeyArn: keyArn },
        deletionProtectionEnabled: protect,
      },
      { parent: this, protect },
    );
    this.name = name;
    this.workloads = workloads;
    this.registerOutputs({ tableArn: this.table.arn });
  }

  /** Lets `role` do `actions` in the partitions whose keys compare with `keys`. */
  protected grant(
    grantee: string,
    role: aws.iam.Role,
    verb: string,
    actions: string | string[],
    comparison: "StringEquals" | "StringLike",
    keys: string[],
  ): aws.iam.RolePolicy {
    const statement = allow(actions, this.table.arn, {
      [`ForAllValues:${comparison}`]: { "dynamodb:LeadingKeys": keys },
    });
    return new aws.iam.RolePolicy(
      `${this.name}-${grantee}-${verb}`,
      { role: role.id, policy: document(statement) },
      { parent: this },
    );
  }
}
