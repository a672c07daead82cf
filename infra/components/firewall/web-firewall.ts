import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { moreThan } from "./more-than.ts";

export interface WebFirewallArgs {
  aclName: string;
  /** What is protected: the ARN of a REST API's stage. */
  resourceArn: pulumi.Input<string>;
  /** Requests of one address in five minutes; past them it is refused until it asks less, 10 to 2,000,000,000. */
  rateLimit: number;
  /** Largest body, KiB. */
  maxBodyKiB: number;
  /** Log group, whose name begins as WAF wants it: `aws-waf-logs-`. */
  logGroupName: `aws-waf-logs-${string}`;
  logRetentionDays: number;
  keyArn: pulumi.Input<string>;
}

type Rule = aws.types.input.wafv2.WebAclRule & { name: string };

const WINDOW_SECONDS = 300;
/** Answers to refused requests. WAF sends them as application/json: their type can't be chosen. */
const BODIES = {
  "too-many-requests": { status: 429, title: "Too many requests", detail: "This address asks too often." },
  "body-too-large": { status: 413, title: "The body is too large", detail: "Send fewer records at a time." },
};
/** Groups that AWS maintains, with what of them only counts. */
const MANAGED: { name: string; counted: string[] }[] = [
  // Its size rule stops at 8 KB, which twenty records exceed; the rule below knows the size that is meant.
  { name: "AWSManagedRulesCommonRuleSet", counted: ["SizeRestrictions_BODY"] },
  { name: "AWSManagedRulesSQLiRuleSet", counted: [] },
  { name: "AWSManagedRulesKnownBadInputsRuleSet", counted: [] },
];

/**
 * The firewall in front of what is public: how often an address may ask, how large a body may be, and AWS's rules against
 * common attacks. What it refuses is logged, without credentials.
 */
export class WebFirewall extends pulumi.ComponentResource {
  constructor(name: string, args: WebFirewallArgs, opts?: pulumi.ComponentResourceOptions) {
    super("perennial:firewall:WebFirewall", name, {}, opts);
    const { rateLimit, maxBodyKiB, logGroupName } = args;
    if (!Number.isInteger(rateLimit) || rateLimit < 10 || rateLimit > 2_000_000_000) {
      throw new pulumi.ResourceError(
        `WebFirewall "${name}": rateLimit is ${rateLimit}, expected a whole number from 10 to 2000000000 (WAF allows no ` +
          `other).`,
        this,
      );
    }
    const acl = new aws.wafv2.WebAcl(
      name,
      {
        name: args.aclName,
        description: "What may reach the HTTP API of Perennial",
        scope: "REGIONAL",
        defaultAction: { allow: {} },
        customResponseBodies: Object.entries(BODIES).map(([key, body]) => ({
          key,
          contentType: "APPLICATION_JSON",
          content: JSON.stringify({ type: `urn:perennial:problem:${key}`, ...body }),
        })),
        rules: rulesOf(rateLimit, maxBodyKiB),
        visibilityConfig: measured(args.aclName),
      },
      { parent: this },
    );
    const logGroup = new aws.cloudwatch.LogGroup(
      name,
      { name: logGroupName, retentionInDays: args.logRetentionDays, kmsKeyId: args.keyArn },
      { parent: this },
    );
    const logging = new aws.wafv2.WebAclLoggingConfiguration(
      name,
      {
        resourceArn: acl.arn,
        logDestinationConfigs: [logGroup.arn],
        // Requests that pass are in the access log of what they reach.
        loggingFilter: {
          defaultBehavior: "DROP",
          filters: [
            {
              behavior: "KEEP",
              requirement: "MEETS_ANY",
              conditions: ["BLOCK", "COUNT"].map((action) => ({ actionCondition: { action } })),
            },
          ],
        },
        redactedFields: [
          { singleHeader: { name: "authorization" } },
          { singleHeader: { name: "x-api-key" } },
          { singleHeader: { name: "cookie" } },
          // A request may carry its signature there.
          { queryString: {} },
        ],
      },
      { parent: this },
    );
    new aws.wafv2.WebAclAssociation(
      name,
      { resourceArn: args.resourceArn, webAclArn: acl.arn },
      // Nothing passes that would not be logged.
      { parent: this, dependsOn: [logging] },
    );
    this.registerOutputs({ webAclArn: acl.arn });
  }
}

const measured = (metricName: string) => ({
  cloudwatchMetricsEnabled: true,
  metricName,
  // Samples show whole requests, with their credentials, to whoever opens the console.
  sampledRequestsEnabled: false,
});

function rulesOf(rateLimit: number, maxBodyKiB: number): Rule[] {
  const own: Pick<Rule, "name" | "action" | "statement">[] = [
    {
      name: "rate",
      action: blocked("too-many-requests", [{ name: "retry-after", value: String(WINDOW_SECONDS) }]),
      statement: {
        rateBasedStatement: { limit: rateLimit, aggregateKeyType: "IP", evaluationWindowSec: WINDOW_SECONDS },
      },
    },
    {
      name: "body-size",
      action: blocked("body-too-large", []),
      statement: {
        // WAF itself sees the first 16 KB of a body alone; the length that the request states holds for all of it.
        regexMatchStatement: {
          regexString: moreThan(maxBodyKiB * 1024),
          fieldToMatch: { singleHeader: { name: "content-length" } },
          textTransformations: [{ priority: 0, type: "NONE" }],
        },
      },
    },
  ];
  const managed = MANAGED.map(({ name, counted }): Pick<Rule, "name" | "overrideAction" | "statement"> => ({
    name,
    overrideAction: { none: {} },
    statement: {
      managedRuleGroupStatement: {
        vendorName: "AWS",
        name,
        ruleActionOverrides: counted.map((rule) => ({ name: rule, actionToUse: { count: {} } })),
      },
    },
  }));
  return [...own, ...managed].map((rule, priority) => ({
    ...rule,
    priority,
    visibilityConfig: measured(rule.name),
  }));
}

const blocked = (key: keyof typeof BODIES, responseHeaders: { name: string; value: string }[]) => ({
  block: {
    customResponse: { responseCode: BODIES[key].status, customResponseBodyKey: key, responseHeaders },
  },
});
