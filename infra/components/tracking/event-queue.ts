import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { allow, document, onBehalfOf, takesEvents } from "../../policies.ts";

export interface EventSource {
  /** Tells the sources of one queue apart. */
  name: string;
  ruleName: string;
  description: string;
  /** Pattern of events on the account's bus. */
  pattern: pulumi.Input<object>;
}

export interface EventQueueArgs {
  queueName: string;
  keyArn: pulumi.Input<string>;
  accountId: string;
  /** Whose events it takes. */
  sources: EventSource[];
  /** Queue for what could not be delivered, or not be handled in `attempts`. */
  deadLetterQueueArn: pulumi.Input<string>;
  /** How often a message is handed out, 1 to 1,000, before it is given up. */
  attempts: number;
  /** Longest that handling one batch may take; a message stays out of sight for six times as long, as Lambda asks for. */
  handlingSeconds: number;
}

/** Longest that SQS keeps a message. */
const RETENTION_SECONDS = 14 * 24 * 60 * 60;
const RETRY = { maximumEventAgeInSeconds: 24 * 60 * 60, maximumRetryAttempts: 185 };
/** Messages handed to the function at a time. */
const BATCH = 5;
/** Fewest that Lambda can be held to. */
const AT_ONCE = 2;

/** A queue of events for a function that may be unable to handle them for days. */
export class EventQueue extends pulumi.ComponentResource {
  readonly queueUrl: pulumi.Output<string>;
  private readonly queueArn: pulumi.Output<string>;
  private readonly name: string;

  constructor(name: string, args: EventQueueArgs, opts?: pulumi.ComponentResourceOptions) {
    super("perennial:tracking:EventQueue", name, {}, opts);
    const { queueName, keyArn, accountId, sources, deadLetterQueueArn, attempts, handlingSeconds } = args;
    if (!Number.isInteger(attempts) || attempts < 1 || attempts > 1000) {
      throw new pulumi.ResourceError(
        `EventQueue "${name}": attempts is ${attempts}, expected a whole number from 1 to 1000 (SQS allows no other).`,
        this,
      );
    }
    const queue = new aws.sqs.Queue(
      name,
      {
        name: queueName,
        kmsMasterKeyId: keyArn,
        messageRetentionSeconds: RETENTION_SECONDS,
        visibilityTimeoutSeconds: 6 * handlingSeconds,
        redrivePolicy: pulumi.jsonStringify({
          deadLetterTargetArn: deadLetterQueueArn,
          maxReceiveCount: attempts,
        }),
      },
      { parent: this },
    );
    const rules = sources.map(
      (source) =>
        new aws.cloudwatch.EventRule(
          `${name}-${source.name}`,
          {
            name: source.ruleName,
            description: source.description,
            eventPattern: pulumi.jsonStringify(source.pattern),
          },
          { parent: this },
        ),
    );
    const policy = new aws.sqs.QueuePolicy(
      name,
      {
        queueUrl: queue.url,
        policy: takesEvents(
          queue.arn,
          onBehalfOf(
            accountId,
            rules.map(({ arn }) => arn),
            "ArnEquals",
          ),
        ),
      },
      { parent: this },
    );
    sources.forEach((source, index) => {
      const rule = rules[index]?.name ?? "";
      new aws.cloudwatch.EventTarget(
        `${name}-${source.name}`,
        {
          rule,
          targetId: name,
          arn: queue.arn,
          deadLetterConfig: { arn: deadLetterQueueArn },
          retryPolicy: RETRY,
        },
        { parent: this, dependsOn: [policy] },
      );
    });
    this.name = name;
    this.queueArn = queue.arn;
    this.queueUrl = queue.url;
    this.registerOutputs({ queueArn: this.queueArn });
  }

  /** Lets `role` take messages, put them off and be done with them. */
  grantConsume(grantee: string, role: aws.iam.Role): aws.iam.RolePolicy {
    return new aws.iam.RolePolicy(
      `${this.name}-${grantee}-consume`,
      {
        role: role.id,
        policy: document(
          allow(
            [
              "sqs:ChangeMessageVisibility",
              "sqs:DeleteMessage",
              "sqs:GetQueueAttributes",
              "sqs:ReceiveMessage",
            ],
            this.queueArn,
          ),
        ),
      },
      { parent: this },
    );
  }

  /** Hands the messages to a function, which answers which of them it could not handle. */
  feed(consumer: aws.lambda.Function): void {
    new aws.lambda.EventSourceMapping(
      this.name,
      {
        eventSourceArn: this.queueArn,
        functionName: consumer.arn,
        batchSize: BATCH,
        functionResponseTypes: ["ReportBatchItemFailures"],
        scalingConfig: { maximumConcurrency: AT_ONCE },
      },
      { parent: this },
    );
  }
}
