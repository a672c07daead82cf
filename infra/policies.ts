import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

type OneOrMore = pulumi.Input<string> | pulumi.Input<string>[];
type Conditions = Record<string, Record<string, OneOrMore>>;

/** Lets whoever holds the policy do `actions` to `resources`. */
export const allow = (
  actions: string | string[],
  resources: OneOrMore,
  conditions?: Conditions,
): aws.iam.PolicyStatement => statement("Allow", actions, resources, conditions);

/** Forbids it, whatever else allows it. */
export const deny = (
  actions: string | string[],
  resources: OneOrMore,
  conditions?: Conditions,
): aws.iam.PolicyStatement => statement("Deny", actions, resources, conditions);

function statement(
  Effect: "Allow" | "Deny",
  Action: string | string[],
  Resource: OneOrMore,
  Condition: Conditions | undefined,
): aws.iam.PolicyStatement {
  return { Effect, Action, Resource, ...(Condition === undefined ? {} : { Condition }) };
}

export const document = (...Statement: aws.iam.PolicyStatement[]): aws.iam.PolicyDocument => ({
  Version: "2012-10-17",
  Statement,
});

/**
 * Condition that a service acts for `sourceArn` in `accountId`: otherwise anyone who can make the service act could have it
 * act with what is ours (the confused deputy).
 *
 * @param comparison `ArnEquals` where no ARN is a pattern.
 */
export const onBehalfOf = <Source extends OneOrMore>(
  accountId: string,
  sourceArn: Source,
  comparison: "ArnLike" | "ArnEquals" = "ArnLike",
): Record<string, Record<string, string | Source>> => ({
  StringEquals: { "aws:SourceAccount": accountId },
  [comparison]: { "aws:SourceArn": sourceArn },
});

/** Lets a service do `actions` to `resource` under `conditions`, as a queue's or a topic's own policy says it. */
export const allowService = (
  service: string,
  actions: string | string[],
  resource: pulumi.Input<string>,
  conditions: Conditions,
): aws.iam.PolicyStatement => ({
  Effect: "Allow",
  Principal: { Service: service },
  Action: actions,
  Resource: resource,
  Condition: conditions,
});

/** Lets `service` assume a role, and only on behalf of `sourceArn` in `accountId`. */
export const trust = (
  service: string,
  accountId: string,
  sourceArn: pulumi.Input<string>,
): aws.iam.PolicyDocument =>
  document({
    Effect: "Allow",
    Principal: { Service: service },
    Action: "sts:AssumeRole",
    Condition: onBehalfOf(accountId, sourceArn),
  });

/** Lets a function write to `logGroup`, which the program makes: the function may not make one. */
export const writeLogs = (logGroup: aws.cloudwatch.LogGroup): aws.iam.PolicyStatement =>
  allow(
    ["logs:CreateLogStream", "logs:PutLogEvents"],
    logGroup.arn.apply((arn) => `${arn}:*`),
  );

/** Refuses every request to a bucket or queue that doesn't come over TLS. */
export const tlsOnly = (actions: string, resources: OneOrMore): aws.iam.PolicyStatement => ({
  Effect: "Deny",
  Principal: "*",
  Action: actions,
  Resource: resources,
  Condition: { Bool: { "aws:SecureTransport": "false" } },
});

/** A queue's policy: rules under `conditions` leave events in it, and nobody reaches it but over TLS. */
export const takesEvents = (queueArn: pulumi.Input<string>, conditions: Conditions): aws.iam.PolicyDocument =>
  document(
    tlsOnly("sqs:*", queueArn),
    allowService("events.amazonaws.com", "sqs:SendMessage", queueArn, conditions),
  );

/** Condition that the key is used by way of `services` and never directly. */
export const viaService = (region: string, ...services: string[]): Conditions => ({
  StringEquals: { "kms:ViaService": services.map((service) => `${service}.${region}.amazonaws.com`) },
});

/** Subnets and security groups that jobs and endpoints run in, none of which the program creates. */
export interface Network {
  subnetIds: string[];
  securityGroupIds: string[];
}

/**
 * Lets SageMaker reach a network of the account by interfaces of its own.
 * https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
 */
export function joinNetwork(
  { subnetIds, securityGroupIds }: Network,
  arn: (service: string, resource: string) => string,
): aws.iam.PolicyStatement[] {
  return [
    allow(
      [
        "ec2:CreateNetworkInterface",
        "ec2:CreateNetworkInterfacePermission",
        "ec2:DeleteNetworkInterface",
        "ec2:DeleteNetworkInterfacePermission",
      ],
      [
        arn("ec2", "network-interface/*"),
        ...subnetIds.map((id) => arn("ec2", `subnet/${id}`)),
        ...securityGroupIds.map((id) => arn("ec2", `security-group/${id}`)),
      ],
    ),
    // EC2's Describe actions know no resources.
    allow(
      [
        "ec2:DescribeDhcpOptions",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
      ],
      "*",
    ),
  ];
}
