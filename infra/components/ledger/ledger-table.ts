import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { allow, document } from "../../policies.ts";

export interface LedgerTableArgs {
  tableName: string;
  keyArn: pulumi.Input<string>;
  /** Workloads that have a partition in it. */
  workloads: string[];
  /** Keeps the table when the stack is destroyed. */
  protect: boolean;
}

type Verb = "GetItem" | "PutItem" | "UpdateItem" | "Query";

/** Table of leases, of what is live, of looks at holdouts, and of the history; one partition a workload. */
export class LedgerTable extends pulumi.ComponentResource {
  readonly table: aws.dynamodb.Table;
  private readonly name: string;
  private readonly workloads: string[];

  constructor(name: string, args: LedgerTableArgs, opts?: pulumi.ComponentResourceOptions) {
    super("perennial:ledger:LedgerTable", name, {}, opts);
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

  /** Lets `role` read single items. */
  grantRead(grantee: string, role: aws.iam.Role, workloads = this.workloads): aws.iam.RolePolicy {
    return this.grant(grantee, role, "read", ["GetItem"], workloads);
  }

  /** Lets `role` read an item and write it anew on a condition: leases, history, pointer. */
  grantWrite(grantee: string, role: aws.iam.Role, workloads = this.workloads): aws.iam.RolePolicy {
    return this.grant(grantee, role, "write", ["GetItem", "PutItem"], workloads);
  }

  /** Lets `role` read an item and add to it: looks at a holdout. */
  grantCount(grantee: string, role: aws.iam.Role, workloads = this.workloads): aws.iam.RolePolicy {
    return this.grant(grantee, role, "count", ["GetItem", "UpdateItem"], workloads);
  }

  /** Lets `role` list the latest lines of the history. */
  grantReadHistory(grantee: string, role: aws.iam.Role, workloads = this.workloads): aws.iam.RolePolicy {
    return this.grant(grantee, role, "read-history", ["Query"], workloads);
  }

  /** Lets `role` claim an endpoint and move the pointer to what is live behind it. */
  grantMovePointer(grantee: string, role: aws.iam.Role, workload: string): aws.iam.RolePolicy {
    return this.grant(grantee, role, "move-pointer", ["GetItem", "PutItem", "UpdateItem"], [workload]);
  }

  private grant(
    grantee: string,
    role: aws.iam.Role,
    verb: string,
    verbs: Verb[],
    workloads: string[],
  ): aws.iam.RolePolicy {
    const statement = allow(
      verbs.map((action) => `dynamodb:${action}`),
      this.table.arn,
      {
        "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": workloads.map((name) => `workload#${name}`) },
      },
    );
    return new aws.iam.RolePolicy(
      `${this.name}-${grantee}-${verb}`,
      { role: role.id, policy: document(statement) },
      { parent: this },
    );
  }
}
