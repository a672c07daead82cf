import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { allow, document, onBehalfOf, takesEvents } from "../../policies.ts";

export interface DeadLettersArgs {
  queueName: string;
  keyArn: pulumi.Input<string>;
  accountId: string;
  /** ARNs of the rules that leave undeliverable events here; wildcards are allowed. */
  rulePattern: string;
  alertTopicArn: pulumi.Input<string>;
}

/** Longest that SQS keeps a message. */
const RETENTION_SECONDS = 14 * 24 * 60 * 60;

/** Queue for events that could not be delivered or handled, with an alarm as soon as one lies in it. */
export class DeadLetters extends pulumi.ComponentResource {
  readonly queueArn: pulumi.Output<string>;
  private readonly name: string;

  constructor(name: string, args: DeadLettersArgs, opts?: pulumi.ComponentResourceOptions) {
    super("perennial:alerts:DeadLetters", name, {}, opts);
    const { queueName, keyArn, accountId, rulePattern, alertTopicArn } = args;
    const queue = new aws.sqs.Queue(
      name,
      { name: queueName, kmsMasterKeyId: keyArn, messageRetentionSeconds: RETENTION_SECONDS },
      { parent: this },
    );
    new aws.sqs.QueuePolicy(
      name,
      {
        queueUrl: queue.url,
        policy: takesEvents(queue.arn, onBehalfOf(accountId, rulePattern)),
      },
      { parent: this },
    );
    new aws.cloudwatch.MetricAlarm(
      name,
      {
        name: queueName,
        alarmDescription:
          "An event was lost: it could not be delivered or handled. It waits in the queue of this name. " +
          "Runbook: docs/runbooks/lost-events.md",
        namespace: "AWS/SQS",
        metricName: "ApproximateNumberOfMessagesVisible",
        dimensions: { QueueName: queue.name },
        statistic: "Maximum",
        period: 60,
        evaluationPeriods: 1,
        comparisonOperator: "GreaterThanThreshold",
        threshold: 0,
        treatMissingData: "notBreaching",
        alarmActions: [alertTopicArn],
        okActions: [alertTopicArn],
      },
      { parent: this },
    );
    this.name = name;
    this.queueArn = queue.arn;
    this.registerOutputs({ queueArn: this.queueArn });
  }

  /** Lets `role` leave an event here. */
  grantSend(grantee: string, role: aws.iam.Role): aws.iam.RolePolicy {
    return new aws.iam.RolePolicy(
      `${this.name}-${grantee}-send`,
      { role: role.id, policy: document(allow("sqs:SendMessage", this.queueArn)) },
      { parent: this },
    );
  }
}
