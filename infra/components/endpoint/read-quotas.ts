import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { allow, document } from "../../policies.ts";

/** Lets `role` read what the account may run. */
export const grantReadQuotas = (
  grantee: string,
  role: aws.iam.Role,
  opts: pulumi.ComponentResourceOptions,
): aws.iam.RolePolicy =>
  new aws.iam.RolePolicy(
    `${grantee}-read-quotas`,
    // Listing quotas knows no resource.
    { role: role.id, policy: document(allow("servicequotas:ListServiceQuotas", "*")) },
    opts,
  );
