import { LIVE_ALIAS, type SCORING_FUNCTION } from "@perennial/contracts";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import { functionErrors } from "../../alarms.ts";
import { allow, document, writeLogs } from "../../policies.ts";

/** The variables that the function's contract asks for, as text. */
export type ScoringEnvironment = {
  [Variable in keyof z.input<typeof SCORING_FUNCTION.environment>]: pulumi.Input<
    Exclude<z.input<typeof SCORING_FUNCTION.environment>[Variable], undefined>
  >;
};

export interface ScoringFunctionArgs {
  functionName: string;
  description: string;
  /** Built for `architecture`. */
  code: pulumi.asset.Archive;
  /**
   * Processor that it runs on. Nothing of this repository was run on arm64.
   *
   * @default "x64"
   */
  architecture?: "x64" | "arm64";
  /** With the baseline as its model: what answers before the first rollout. */
  environment: ScoringEnvironment;
  role: aws.iam.Role;
  /** Memory, 512 to 10,240 MiB; processor time grows with it. */
  memoryMiB: number;
  logGroupName: string;
  logRetentionDays: number;
  keyArn: pulumi.Input<string>;
  alertTopicArn: pulumi.Input<string>;
  tags: Record<string, string>;
}

/** Alarms that a rollout makes and removes. */
export interface RolloutAlarms {
  /** Pattern of those of the workload's rollouts. */
  own: string;
  /** Those that the baseline would have. */
  ofBaseline: string;
  /** All that they may tell. */
  topicArn: pulumi.Input<string>;
}

/** API Gateway gives up after 29 seconds. */
const TIMEOUT_SECONDS = 29;

/**
 * A workload's scoring function, in service with the baseline from the first deployment on. A model is a published version,
 * and callers reach the alias `live`: from the first rollout on it is the rollout that says where the alias leads and what
 * the function's environment is; the program goes on owning that there are both.
 */
export class ScoringFunction extends pulumi.ComponentResource {
  readonly functionName: pulumi.Output<string>;
  /** What callers invoke. */
  readonly aliasArn: pulumi.Output<string>;
  /** Hash of the code, as Lambda has it. */
  readonly codeSha256: pulumi.Output<string>;
  private readonly name: string;
  private readonly functionArn: pulumi.Output<string>;

  constructor(name: string, args: ScoringFunctionArgs, opts?: pulumi.ComponentResourceOptions) {
    super("perennial:scoring-function:ScoringFunction", name, {}, opts);
    const { architecture = "x64", memoryMiB, tags } = args;
    if (!Number.isInteger(memoryMiB) || memoryMiB < 512 || memoryMiB > 10_240) {
      throw new pulumi.ResourceError(
        `ScoringFunction "${name}": memoryMiB is ${memoryMiB}, expected a whole number from 512 to 10240. ` +
          "With less a model and its runtime don't fit; what needs more is served by an endpoint.",
        this,
      );
    }
    const logGroup = new aws.cloudwatch.LogGroup(
      name,
      { name: args.logGroupName, retentionInDays: args.logRetentionDays, kmsKeyId: args.keyArn, tags },
      { parent: this },
    );
    const logs = new aws.iam.RolePolicy(
      `${name}-logs`,
      {
        role: args.role.id,
        policy: document(writeLogs(logGroup)),
      },
      { parent: this },
    );
    const scoring = new aws.lambda.Function(
      name,
      {
        name: args.functionName,
        description: args.description,
        runtime: "nodejs24.x",
        architectures: [architecture === "x64" ? "x86_64" : "arm64"],
        handler: "index.handler",
        code: args.code,
        role: args.role.arn,
        timeout: TIMEOUT_SECONDS,
        memorySize: memoryMiB,
        // The first version is the baseline's. Versions of changed code are published too; nothing leads to them.
        publish: true,
        environment: { variables: args.environment as Record<string, pulumi.Input<string>> },
        loggingConfig: { logFormat: "JSON", logGroup: logGroup.name },
        tags,
      },
      { parent: this, dependsOn: [logs], ignoreChanges: ["environment"] },
    );
    const live = new aws.lambda.Alias(
      name,
      { name: LIVE_ALIAS, functionName: scoring.name, functionVersion: scoring.version },
      { parent: this, ignoreChanges: ["functionVersion", "routingConfig"] },
    );
    const watched = {
      FunctionName: scoring.name,
      Resource: pulumi.interpolate`${scoring.name}:${LIVE_ALIAS}`,
    };
    new aws.cloudwatch.MetricAlarm(
      `${name}-errors`,
      { ...functionErrors(args.functionName, watched, args.alertTopicArn), tags },
      { parent: this },
    );
    this.name = name;
    this.functionName = scoring.name;
    this.functionArn = scoring.arn;
    this.aliasArn = live.arn;
    this.codeSha256 = scoring.codeSha256;
    this.registerOutputs({ functionName: this.functionName, aliasArn: this.aliasArn });
  }

  /** Lets `role` ask for predictions of what is live, and of nothing else. */
  grantInvoke(grantee: string, role: aws.iam.Role): aws.iam.RolePolicy {
    return this.grant(grantee, "invoke", role, [allow("lambda:InvokeFunction", this.aliasArn)]);
  }

  /** Lets `role` ask any version, published or on its way to callers. */
  grantProbe(grantee: string, role: aws.iam.Role): aws.iam.RolePolicy {
    return this.grant(grantee, "probe", role, [
      allow("lambda:InvokeFunction", pulumi.interpolate`${this.functionArn}:*`),
    ]);
  }

  /** Lets `role`, a workflow's, publish another model, and move requests to it by degrees. */
  grantRollOut(grantee: string, role: aws.iam.Role, alarms: RolloutAlarms): aws.iam.RolePolicy {
    const onFunction = ["UpdateFunctionConfiguration", "PublishVersion", "ListVersionsByFunction"];
    const versions = pulumi.interpolate`${this.functionArn}:*`;
    return this.grant(grantee, "roll-out", role, [
      allow(
        [...onFunction, "GetAlias", "UpdateAlias"].map((action) => `lambda:${action}`),
        this.functionArn,
      ),
      allow("lambda:GetFunctionConfiguration", [this.functionArn, versions]),
      // Of versions alone: without a version the same action takes the whole function away.
      allow("lambda:DeleteFunction", versions),
      allow("cloudwatch:PutMetricAlarm", alarms.own, {
        "ForAllValues:StringEquals": { "cloudwatch:AlarmActions": [alarms.topicArn] },
      }),
      allow("cloudwatch:DeleteAlarms", [alarms.own, alarms.ofBaseline]),
      allow(["cloudwatch:TagResource", "cloudwatch:DescribeAlarms"], alarms.own),
    ]);
  }

  private grant(
    grantee: string,
    what: string,
    role: aws.iam.Role,
    statements: aws.iam.PolicyStatement[],
  ): aws.iam.RolePolicy {
    return new aws.iam.RolePolicy(
      `${this.name}-${grantee}-${what}`,
      { role: role.id, policy: document(...statements) },
      { parent: this },
    );
  }
}
