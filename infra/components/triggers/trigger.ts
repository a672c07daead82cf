import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { EventForm } from "./forms.ts";

/** A function that hears of an event, and how it is told. */
export interface Listener {
  /** Tells the listeners of one trigger apart. */
  name: string;
  function: aws.lambda.Function;
  /** Form of the event; absent, the function gets the event's detail as it is. */
  form?: EventForm;
  deadLetterQueueArn: pulumi.Input<string>;
}

export interface TriggerArgs {
  ruleName: string;
  description: string;
  /** A schedule (UTC) or a pattern of events on the account's bus. */
  on: { schedule: string } | { pattern: pulumi.Input<object> };
  listeners: Listener[];
}

/** EventBridge goes on trying for this long, then leaves the event to the dead letters. */
const RETRY = { maximumEventAgeInSeconds: 3600, maximumRetryAttempts: 8 };

/** Most targets that a rule may have. */
const MOST_LISTENERS = 5;

/** A rule, the functions that hear of what it matches, and their permission to be called by it. */
export class Trigger extends pulumi.ComponentResource {
  constructor(name: string, args: TriggerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("perennial:triggers:Trigger", name, {}, opts);
    const { ruleName, description, on, listeners } = args;
    if (listeners.length === 0 || listeners.length > MOST_LISTENERS) {
      throw new pulumi.ResourceError(
        `Trigger "${name}": ${listeners.length} listeners, expected 1 to ${MOST_LISTENERS} (EventBridge allows no ` +
          `more a rule). Give the others a trigger of their own.`,
        this,
      );
    }
    const rule = new aws.cloudwatch.EventRule(
      name,
      {
        name: ruleName,
        description,
        ...("schedule" in on
          ? { scheduleExpression: on.schedule }
          : { eventPattern: pulumi.jsonStringify(on.pattern) }),
      },
      { parent: this },
    );
    for (const listener of listeners) {
      const permission = new aws.lambda.Permission(
        `${name}-${listener.name}`,
        {
          action: "lambda:InvokeFunction",
          principal: "events.amazonaws.com",
          function: listener.function.name,
          sourceArn: rule.arn,
        },
        { parent: this },
      );
      new aws.cloudwatch.EventTarget(
        `${name}-${listener.name}`,
        {
          rule: rule.name,
          targetId: listener.name,
          arn: listener.function.arn,
          ...(listener.form === undefined ? { inputPath: "$.detail" } : { inputTransformer: listener.form }),
          deadLetterConfig: { arn: listener.deadLetterQueueArn },
          retryPolicy: RETRY,
        },
        { parent: this, dependsOn: [permission] },
      );
    }
    this.registerOutputs({ ruleName });
  }
}
