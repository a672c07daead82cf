import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { allow, document } from "../../policies.ts";

/** Lets `role` read metrics. */
export const grantReadMetrics = (
  grantee: string,
  role: aws.iam.Role,
  opts: pulumi.ComponentResourceOptions,
): aws.iam.RolePolicy =>
  new aws.iam.RolePolicy(
    `${grantee}-read-metrics`,
    // CloudWatch's metrics have no ARN, and reading them knows no condition on the namespace.
    { role: role.id, policy: document(allow("cloudwatch:GetMetricData", "*")) },
    opts,
  );
