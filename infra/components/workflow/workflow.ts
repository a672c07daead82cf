import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { AT_FIRST_FAILURE } from "../../alarms.ts";
import { allow, document } from "../../policies.ts";
import { fill, type Filling, mismatch } from "./definition.ts";

export interface WorkflowArgs {
  stateMachineName: string;
  /** Amazon States Language with tokens. */
  definition: string;
  /** A filling for every token and no other. */
  fillings: Record<string, Filling | pulumi.Output<string>>;
  role: aws.iam.Role;
  logGroupName: string;
  logRetentionDays: number;
  keyArn: pulumi.Input<string>;
  alertTopicArn: pulumi.Input<string>;
  tags: Record<string, string>;
}

/** How an execution can end without an answer, and the metric that counts it. */
const UNFINISHED = [
  ["failed", "ExecutionsFailed"],
  ["timed-out", "ExecutionsTimedOut"],
  ["aborted", "ExecutionsAborted"],
] as const;

/** A state machine with its log and an alarm on each way that an execution can end without an answer. */
export class Workflow extends pulumi.ComponentResource {
  readonly stateMachine: aws.sfn.StateMachine;
  readonly stateMachineArn: pulumi.Output<string>;
  private readonly name: string;

  constructor(name: string, args: WorkflowArgs, opts?: pulumi.ComponentResourceOptions) {
    super("perennial:workflow:Workflow", name, {}, opts);
    const fault = mismatch(args.definition, Object.keys(args.fillings));
    if (fault !== null) {
      throw new pulumi.ResourceError(
        `Workflow "${name}": tokens of the definition and fillings differ; ${fault}. Correct the one or the other.`,
        this,
      );
    }
    const logGroup = new aws.cloudwatch.LogGroup(
      name,
      {
        name: args.logGroupName,
        retentionInDays: args.logRetentionDays,
        kmsKeyId: args.keyArn,
        tags: args.tags,
      },
      { parent: this },
    );
    const logs = new aws.iam.RolePolicy(
      `${name}-logs`,
      {
        role: args.role.id,
        policy: document(
          allow(
            [
              "logs:CreateLogDelivery",
              "logs:DeleteLogDelivery",
              "logs:DescribeLogGroups",
              "logs:DescribeResourcePolicies",
              "logs:GetLogDelivery",
              "logs:ListLogDeliveries",
              "logs:PutResourcePolicy",
              "logs:UpdateLogDelivery",
            ],
            // Log deliveries know no resources: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
            "*",
          ),
        ),
      },
      { parent: this },
    );
    // A filling may nest without end, which the compiler can't unwrap: it is told of the outputs alone.
    const resolved = pulumi.output(args.fillings as Record<string, pulumi.Output<string>>);
    this.stateMachine = new aws.sfn.StateMachine(
      name,
      {
        name: args.stateMachineName,
        type: "STANDARD",
        tags: args.tags,
        roleArn: args.role.arn,
        definition: resolved.apply((fillings) => fill(args.definition, fillings)),
        loggingConfiguration: {
          level: "ALL",
          // References and figures; no record of a person travels through a workflow.
          includeExecutionData: true,
          logDestination: pulumi.interpolate`${logGroup.arn}:*`,
        },
      },
      // Step Functions tries the role's permissions out when it creates a state machine.
      { parent: this, dependsOn: [logs] },
    );
    for (const [end, metricName] of UNFINISHED) {
      new aws.cloudwatch.MetricAlarm(
        `${name}-${end}`,
        {
          name: `${args.stateMachineName}-${end}`,
          alarmDescription:
            `An execution of ${args.stateMachineName} ${end}. The history says why. ` +
            "Runbook: docs/runbooks/unfinished-executions.md",
          namespace: "AWS/States",
          metricName,
          dimensions: { StateMachineArn: this.stateMachine.arn },
          ...AT_FIRST_FAILURE,
          alarmActions: [args.alertTopicArn],
          tags: args.tags,
        },
        { parent: this },
      );
    }
    this.name = name;
    this.stateMachineArn = this.stateMachine.arn;
    this.registerOutputs({ stateMachineArn: this.stateMachineArn });
  }

  /** Lets `role` start executions and look at what became of them. */
  grantStart(grantee: string, role: aws.iam.Role): aws.iam.RolePolicy {
    const executions = this.stateMachineArn.apply(
      (arn) => `${arn.replace(":stateMachine:", ":execution:")}:*`,
    );
    return new aws.iam.RolePolicy(
      `${this.name}-${grantee}-start`,
      {
        role: role.id,
        policy: document(
          allow("states:StartExecution", this.stateMachineArn),
          allow("states:DescribeExecution", executions),
        ),
      },
      { parent: this },
    );
  }
}
