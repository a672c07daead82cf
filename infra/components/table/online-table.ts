import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { PartitionedTable, type PartitionedTableArgs } from "./partitioned-table.ts";

/** Table of entities' latest states, which endpoints look up; one partition an entity of a workload. */
export class OnlineTable extends PartitionedTable {
  constructor(name: string, args: PartitionedTableArgs, opts?: pulumi.ComponentResourceOptions) {
    super("online:OnlineTable", name, args, opts);
  }

  /** Lets `role` put states in place of older ones. */
  grantWrite(grantee: string, role: aws.iam.Role): aws.iam.RolePolicy {
    return this.grantStates(grantee, role, "write", "dynamodb:PutItem", this.workloads);
  }

  /** Lets `role`, an endpoint's, look up states of one workload. */
  grantLookUp(grantee: string, role: aws.iam.Role, workload: string): aws.iam.RolePolicy {
    return this.grantStates(grantee, role, "look-up", "dynamodb:BatchGetItem", [workload]);
  }

  private grantStates(
    grantee: string,
    role: aws.iam.Role,
    verb: string,
    action: string,
    workloads: string[],
  ): aws.iam.RolePolicy {
    const partitions = workloads.map((name) => `${name}#*`);
    return this.grant(grantee, role, verb, action, "StringLike", partitions);
  }
}
