import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { trust } from "../../policies.ts";

export interface ServiceRoleArgs {
  /** Name of the role, at most 64 characters. */
  roleName: string;
  description: string;
  /** Service that assumes it, such as `lambda.amazonaws.com`. */
  service: string;
  accountId: string;
  /** ARN of what the service acts for when it assumes the role; wildcards are allowed. */
  sourceArn: string;
  tags?: Record<string, string>;
}

/** A role that one service assumes for one purpose. It may do nothing until an owner grants it something. */
export class ServiceRole extends pulumi.ComponentResource {
  readonly role: aws.iam.Role;

  constructor(name: string, args: ServiceRoleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("perennial:identity:ServiceRole", name, {}, opts);
    const { roleName, description, service, accountId, sourceArn, tags = {} } = args;
    if (roleName.length > 64) {
      throw new pulumi.ResourceError(
        `ServiceRole "${name}": roleName "${roleName}" has ${roleName.length} characters, expected at most 64. ` +
          `Shorten the name of the stack or of the workload.`,
        this,
      );
    }
    this.role = new aws.iam.Role(
      name,
      { name: roleName, description, assumeRolePolicy: trust(service, accountId, sourceArn), tags },
      { parent: this },
    );
    this.registerOutputs({ roleArn: this.role.arn });
  }
}
