import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { PartitionedTable, type PartitionedTableArgs } from "./partitioned-table.ts";

type Verb = "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem" | "Query";

/** Table of leases, of what is live, of looks at holdouts, and of the history; one partition a workload. */
export class LedgerTable extends PartitionedTable {
  constructor(name: string, args: PartitionedTableArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ledger:LedgerTable", name, args, opts);
  }

  /** Lets `role` read single items. */
  grantRead(grantee: string, role: aws.iam.Role, workloads = this.workloads): aws.iam.RolePolicy {
    return this.grantItems(grantee, role, "read", ["GetItem"], workloads);
  }

  /** Lets `role` read an item and write it anew on a condition: leases, history, pointer. */
  grantWrite(grantee: string, role: aws.iam.Role, workloads = this.workloads): aws.iam.RolePolicy {
    return this.grantItems(grantee, role, "write", ["GetItem", "PutItem"], workloads);
  }

  /** Lets `role` read an item and add to it: looks at a holdout. */
  grantCount(grantee: string, role: aws.iam.Role, workloads = this.workloads): aws.iam.RolePolicy {
    return this.grantItems(grantee, role, "count", ["GetItem", "UpdateItem"], workloads);
  }

  /** Lets `role` list the latest lines of the history. */
  grantReadHistory(grantee: string, role: aws.iam.Role, workloads = this.workloads): aws.iam.RolePolicy {
    return this.grantItems(grantee, role, "read-history", ["Query"], workloads);
  }

  /** Lets `role` claim an endpoint and move the pointer to what is live behind it. */
  grantMovePointer(grantee: string, role: aws.iam.Role, workload: string): aws.iam.RolePolicy {
    return this.grantItems(grantee, role, "move-pointer", ["GetItem", "PutItem", "UpdateItem"], [workload]);
  }

  /** Lets `role`, which may move the pointer, remove the trial that it wrote. */
  grantCloseTrial(grantee: string, role: aws.iam.Role, workload: string): aws.iam.RolePolicy {
    return this.grantItems(grantee, role, "close-trial", ["DeleteItem"], [workload]);
  }

  private grantItems(
    grantee: string,
    role: aws.iam.Role,
    verb: string,
    verbs: Verb[],
    workloads: string[],
  ): aws.iam.RolePolicy {
    const actions = verbs.map((action) => `dynamodb:${action}`);
    const partitions = workloads.map((name) => `workload#${name}`);
    return this.grant(grantee, role, verb, actions, "StringEquals", partitions);
  }
}
