import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config.ts";
import { type Naming, naming } from "../naming.ts";
import type { Network } from "../policies.ts";

/** What everything in a stack is made with. */
export interface Stack {
  settings: Settings;
  names: Naming;
  /** Network of jobs and endpoints; without one they run in SageMaker's own. */
  network: Network | undefined;
  /** Options of every component: whose account and region it lands in, and how it is tagged. */
  opts: pulumi.ComponentResourceOptions & { provider: aws.Provider };
}

/** Opens the stack's account and region, and no other one. */
export function openStack(settings: Settings): Stack {
  const { region, accountId, subnetIds, securityGroupIds } = settings;
  const names = naming(settings);
  const provider = new aws.Provider("aws", {
    region,
    allowedAccountIds: [accountId],
    defaultTags: { tags: names.stackTags },
  });
  return {
    settings,
    names,
    network: subnetIds.length === 0 ? undefined : { subnetIds, securityGroupIds },
    opts: { provider },
  };
}
