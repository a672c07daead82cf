import { createHash } from "node:crypto";
import type { FunctionName } from "@perennial/contracts";

/** The two workflows of every workload. */
export type WorkflowKind = "retrain" | "rollout";

/** Longest stack name: what is left of 64 characters beside the longest workload name and the longest suffix. */
export const LONGEST_STACK_NAME = 10;

/**
 * The physical name of everything, and the ARN of what exists only at run time or in another service's hands.
 *
 * @example
 * const names = naming({ stack: "dev", accountId: "123456789012", region: "eu-central-1" });
 * names.endpoint("churn"); // "perennial-dev-churn"
 */
export function naming({ stack, accountId, region }: { stack: string; accountId: string; region: string }) {
  const prefix = `perennial-${stack}`;
  const stackTags = { "perennial:platform": "perennial", "perennial:stack": stack };
  const arn = (service: string, resource: string) => `arn:aws:${service}:${region}:${accountId}:${resource}`;
  return {
    prefix,
    arn,
    keyAlias: `alias/${prefix}`,
    // Bucket names are global: the account keeps two owners of a `dev` stack apart.
    lakeBucket: `${prefix}-${accountId}-lake`,
    artifactBucket: `${prefix}-${accountId}-artifacts`,
    ledgerTable: `${prefix}-ledger`,
    onlineTable: `${prefix}-online`,
    alertTopic: `${prefix}-alerts`,
    /** A repository, rule, queue or alarm of the platform as a whole. */
    shared: (what: string) => `${prefix}-${what}`,
    function: (name: FunctionName) => `${prefix}-${name}`,
    functionLogGroup: (name: FunctionName) => `/aws/lambda/${prefix}-${name}`,
    endpoint: (workload: string) => `${prefix}-${workload}`,
    endpointLogGroup: (workload: string) => `/aws/sagemaker/Endpoints/${prefix}-${workload}`,
    scoringFunction: (workload: string) => `${prefix}-${workload}-score`,
    scoringLogGroup: (workload: string) => `/aws/lambda/${prefix}-${workload}-score`,
    httpApi: `${prefix}-http-api`,
    httpApiLogGroup: `/aws/apigateway/${prefix}-http-api`,
    // CloudWatch Logs takes WAF's logs into groups of this prefix alone.
    firewallLogGroup: `aws-waf-logs-${prefix}-http-api` as const,
    modelCard: (workload: string) => `${prefix}-${workload}`,
    modelPackageGroup: (workload: string) => `${prefix}-${workload}`,
    stateMachine: (workload: string, kind: WorkflowKind) => `${prefix}-${workload}-${kind}`,
    // Step Functions delivers to this prefix without adding to the account's limited log resource policies.
    workflowLogGroup: (workload: string, kind: WorkflowKind) =>
      `/aws/vendedlogs/states/${prefix}-${workload}-${kind}`,
    /** Role, rule, model or alarm of one workload. */
    ofWorkload: (workload: string, what: string) => `${prefix}-${workload}-${what}`,
    /** Matches every execution of a workload and no execution of a workload whose name only starts like it. */
    anyExecution: (workload: string) => `${workload}-????????????`,
    /**
     * Begins the names of a workload's tuning jobs. They may have 32 characters, which a workload's name alone may fill: a
     * digest tells stacks and workloads apart.
     */
    tuningPrefix: (workload: string) =>
      createHash("sha256").update(`${prefix}-${workload}`).digest("hex").slice(0, 8),
    /** Tags of everything in the stack: the provider gives them to what the program makes. */
    stackTags,
    /** Tags of what belongs to one workload, beside those of the stack. */
    tags: (workload: string) => ({ "perennial:workload": workload }),
    /** Tags of what a workflow makes of one workload, where no provider adds the stack's. */
    allTags: (workload: string) => ({ ...stackTags, "perennial:workload": workload }),
    servingImageParameter: `/perennial/${stack}/serving-image`,
    scoringCodeParameter: (workload: string) => `/perennial/${stack}/scoring-code/${workload}`,
  };
}

export type Naming = ReturnType<typeof naming>;
