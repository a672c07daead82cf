import type { FUNCTIONS, FunctionName } from "@perennial/contracts";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import { functionErrors } from "../../alarms.ts";
import { allow, document, writeLogs } from "../../policies.ts";

/** The variables that a function's contract asks for, as text. */
export type EnvironmentOf<Name extends FunctionName> = {
  [Variable in keyof z.input<(typeof FUNCTIONS)[Name]["environment"]>]: pulumi.Input<
    z.input<(typeof FUNCTIONS)[Name]["environment"]>[Variable]
  >;
};

export interface FunctionArgs<Name extends FunctionName> {
  functionName: string;
  description: string;
  code: pulumi.asset.Archive;
  environment: EnvironmentOf<Name>;
  role: aws.iam.Role;
  logGroupName: string;
  logRetentionDays: number;
  keyArn: pulumi.Input<string>;
  alertTopicArn: pulumi.Input<string>;
  /**
   * Longest run, 1 to 900 seconds.
   *
   * @default 60
   */
  timeoutSeconds?: number;
  /**
   * Memory, 128 to 10,240 MiB; processor time grows with it.
   *
   * @default 512
   */
  memoryMiB?: number;
  /** Queue for events that failed for good. Given where events come asynchronously, so that none is lost. */
  deadLetterQueueArn?: pulumi.Input<string>;
}

/** A Lambda function with its log group and an alarm on its errors. */
export class Function<Name extends FunctionName> extends pulumi.ComponentResource {
  readonly function: aws.lambda.Function;
  readonly functionArn: pulumi.Output<string>;
  private readonly name: string;

  constructor(name: Name, args: FunctionArgs<Name>, opts?: pulumi.ComponentResourceOptions) {
    super("perennial:function:Function", name, {}, opts);
    const { timeoutSeconds = 60, memoryMiB = 512 } = args;
    if (!Number.isInteger(timeoutSeconds) || timeoutSeconds < 1 || timeoutSeconds > 900) {
      throw new pulumi.ResourceError(
        `Function "${name}": timeoutSeconds is ${timeoutSeconds}, expected a whole number from 1 to 900. ` +
          `What takes longer belongs in a SageMaker job.`,
        this,
      );
    }
    const logGroup = new aws.cloudwatch.LogGroup(
      name,
      { name: args.logGroupName, retentionInDays: args.logRetentionDays, kmsKeyId: args.keyArn },
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
    this.function = new aws.lambda.Function(
      name,
      {
        name: args.functionName,
        description: args.description,
        runtime: "nodejs24.x",
        architectures: ["x86_64"], // The native part of onnxruntime that is bundled.
        handler: "index.handler",
        code: args.code,
        role: args.role.arn,
        timeout: timeoutSeconds,
        memorySize: memoryMiB,
        environment: { variables: args.environment as Record<string, pulumi.Input<string>> },
        loggingConfig: { logFormat: "JSON", logGroup: logGroup.name },
      },
      { parent: this, dependsOn: [logs] },
    );
    if (args.deadLetterQueueArn !== undefined) {
      new aws.lambda.FunctionEventInvokeConfig(
        name,
        {
          functionName: this.function.name,
          maximumRetryAttempts: 2,
          maximumEventAgeInSeconds: 3600,
          destinationConfig: { onFailure: { destination: args.deadLetterQueueArn } },
        },
        { parent: this },
      );
    }
    new aws.cloudwatch.MetricAlarm(
      `${name}-errors`,
      functionErrors(args.functionName, { FunctionName: this.function.name }, args.alertTopicArn),
      { parent: this },
    );
    this.name = name;
    this.functionArn = this.function.arn;
    this.registerOutputs({ functionArn: this.functionArn });
  }

  /** Lets `role` call the function. */
  grantInvoke(grantee: string, role: aws.iam.Role): aws.iam.RolePolicy {
    return new aws.iam.RolePolicy(
      `${this.name}-${grantee}-invoke`,
      { role: role.id, policy: document(allow("lambda:InvokeFunction", this.functionArn)) },
      { parent: this },
    );
  }
}
