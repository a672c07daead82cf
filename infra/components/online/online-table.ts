import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { allow, document } from "../../policies.ts";

export interface OnlineTableArgs {
  tableName: string;
  keyArn: pulumi.Input<string>;
  /** Workloads whose entities have partitions in it. */
  workloads: string[];
  /** Keeps the table when the stack is destroyed. */
  protect: boolean;
}

/** Table of entities' latest states, which endpoints look up; one partition an entity of a workload. */
export class OnlineTable extends pulumi.ComponentResource {
  readonly table: aws.dynamodb.Table;
  private readonly name: string;
  private readonly workloads: string[];

  constructor(name: string, args: OnlineTableArgs, opts?: pulumi.ComponentResourceOptions) {
    super("perennial:online:OnlineTable", name, {}, opts);
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

  /** Lets `role` put states in place of older ones. */
  grantWrite(grantee: string, role: aws.iam.Role): aws.iam.RolePolicy {
    return this.grant(grantee, role, "write", "dynamodb:PutItem", this.workloads);
  }

  /** Lets `role`, an endpoint's, look up states of one workload. */
  grantLookUp(grantee: string, role: aws.iam.Role, workload: string): aws.iam.RolePolicy {
    return this.grant(grantee, role, "look-up", "dynamodb:BatchGetItem", [workload]);
  }

  private grant(
    grantee: string,
    role: aws.iam.Role,
    verb: string,
    action: string,
    workloads: string[],
  ): aws.iam.RolePolicy {
    const statement = allow(action, this.table.arn, {
      "ForAllValues:StringLike": { "dynamodb:LeadingKeys": workloads.map((name) => `${name}#*`) },
    });
    return new aws.iam.RolePolicy(
      `${this.name}-${grantee}-${verb}`,
      { role: role.id, policy: document(statement) },
      { parent: this },
    );
  }
}
