import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { allow, allowService, document, onBehalfOf } from "../../policies.ts";

export interface AlertsArgs {
  topicName: string;
  keyArn: pulumi.Input<string>;
  accountId: string;
  /** ARNs of the alarms that may write to the topic; wildcards are allowed. */
  alarmPattern: string;
  /** Address that alerts go to, once it has confirmed. */
  email: string | undefined;
}

/** Topic where people hear of what needs them, and of what became of a retraining. */
export class Alerts extends pulumi.ComponentResource {
  readonly topicArn: pulumi.Output<string>;
  private readonly name: string;

  constructor(name: string, args: AlertsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("perennial:alerts:Alerts", name, {}, opts);
    const { topicName, keyArn, accountId, alarmPattern, email } = args;
    const topic = new aws.sns.Topic(name, { name: topicName, kmsMasterKeyId: keyArn }, { parent: this });
    new aws.sns.TopicPolicy(
      name,
      {
        arn: topic.arn,
        policy: document(
          allowService(
            "cloudwatch.amazonaws.com",
            "sns:Publish",
            topic.arn,
            onBehalfOf(accountId, alarmPattern),
          ),
        ),
      },
      { parent: this },
    );
    if (email !== undefined) {
      new aws.sns.TopicSubscription(
        `${name}-email`,
        { topic: topic.arn, protocol: "email", endpoint: email },
        { parent: this },
      );
    }
    this.name = name;
    this.topicArn = topic.arn;
    this.registerOutputs({ topicArn: this.topicArn });
  }

  /** Lets `role` tell people something. */
  grantPublish(grantee: string, role: aws.iam.Role): aws.iam.RolePolicy {
    return new aws.iam.RolePolicy(
      `${this.name}-${grantee}-publish`,
      { role: role.id, policy: document(allow("sns:Publish", this.topicArn)) },
      { parent: this },
    );
  }
}
