import {
  FUNCTION_NAMES,
  LISTENERS,
  type Need,
  onBehalfOf,
  someExecution,
  SOURCE,
  type Subject,
} from "./need.ts";

/** The services that act as the roles. */
export function trustNeeds(subject: Subject): Need[] {
  const { names, accountId, workload } = subject;
  const assume = (roleName: string, service: string, source: string, sourceArn: string): Need => ({
    by: { service },
    actions: ["sts:AssumeRole"],
    resources: [`arn:aws:iam::${accountId}:role/${roleName}`],
    context: onBehalfOf(sourceArn, subject),
    why: "a service takes its role by itself; no role calls for it",
    source,
  });
  const execution = someExecution(subject);
  return [
    ...FUNCTION_NAMES.map((name) =>
      assume(
        names.function(name),
        "lambda.amazonaws.com",
        SOURCE.functionRole,
        names.arn("lambda", `function:${names.function(name)}`),
      ),
    ),
    ...(
      [
        ["processing", `processing-job/${execution}-prepare-0`],
        ["training", `training-job/${execution}-train-0`],
        ["serving", `model/${execution}`],
      ] as const
    ).map(([purpose, resource]) =>
      assume(
        names.ofWorkload(workload, purpose),
        "sagemaker.amazonaws.com",
        SOURCE.sageMakerTrust,
        names.arn("sagemaker", resource),
      ),
    ),
    {
      by: { service: "apigateway.amazonaws.com" },
      actions: ["sts:AssumeRole"],
      resources: [`arn:aws:iam::${accountId}:role/${names.shared("http-api-logs")}`],
      why: "API Gateway takes the role by itself, and names nothing that it acts for",
      source: SOURCE.apiLogs,
    },
    assume(
      names.shared("tracking"),
      "sagemaker.amazonaws.com",
      SOURCE.trackingApp,
      names.arn("sagemaker", "mlflow-app/app-0"),
    ),
    ...(["retrain", "rollout"] as const).map((kind) =>
      assume(
        names.ofWorkload(workload, kind),
        "states.amazonaws.com",
        SOURCE.workflowTrust,
        names.arn("states", `stateMachine:${names.stateMachine(workload, kind)}`),
      ),
    ),
  ];
}

/** What EventBridge and CloudWatch hand over by the policy of what they hand it to. */
export function deliveryNeeds(subject: Subject): Need[] {
  const { names, workload } = subject;
  const targets: Record<(typeof LISTENERS)[number], string[]> = {
    "admit-retraining": [
      `${workload}-schedule`,
      `${workload}-drift`,
      "freeze-requested",
      "retraining-requested",
      "sweep",
    ],
    "admit-rollout": [
      `${workload}-image`,
      "freeze-requested",
      "rollout-requested",
      "version-approved",
      "sweep",
    ],
    "release-lease": ["execution-ended"],
  };
  const events = { service: "events.amazonaws.com" };
  const rule = (name: string): string => names.arn("events", `rule/${names.shared(name)}`);
  return [
    ...LISTENERS.flatMap((name) =>
      targets[name].map((trigger) => ({
        by: events,
        actions: ["lambda:InvokeFunction"],
        resources: [names.arn("lambda", `function:${names.function(name)}`)],
        context: onBehalfOf(rule(trigger), subject),
        why: "rules call functions by the function's own policy, which the local bus checks by itself",
        source: SOURCE.ruleTargets,
      })),
    ),
    ...LISTENERS.map((name) => ({
      by: events,
      actions: ["sqs:SendMessage"],
      resources: [names.arn("sqs", names.shared(`${name}-dead-letters`))],
      context: onBehalfOf(rule("sweep"), subject),
      why: "only what can't be delivered goes there",
      source: SOURCE.ruleDeadLetters,
    })),
    {
      by: { service: "apigateway.amazonaws.com" },
      actions: ["lambda:InvokeFunction"],
      resources: [names.arn("lambda", `function:${names.function("answer-http")}`)],
      context: onBehalfOf(`${subject.apiArn}/live/POST/v1/${workload}/predict`, subject),
      why: "API Gateway calls functions by the function's own policy, which the local listener checks by itself",
      source: SOURCE.apiFunctions,
    },
    {
      by: events,
      actions: ["sqs:SendMessage"],
      resources: [names.arn("sqs", names.shared("tracking"))],
      context: onBehalfOf(rule("tracking-executions"), subject),
      why: "rules fill the queue by its own policy, which the local bus checks by itself",
      source: SOURCE.ruleTargets,
    },
    {
      by: events,
      actions: ["sqs:SendMessage"],
      resources: [names.arn("sqs", names.shared("tracking-dead-letters"))],
      context: onBehalfOf(rule("tracking-versions"), subject),
      why: "only what can't be delivered goes there",
      source: SOURCE.ruleDeadLetters,
    },
    {
      by: { service: "cloudwatch.amazonaws.com" },
      actions: ["sns:Publish"],
      resources: [names.arn("sns", names.alertTopic)],
      context: onBehalfOf(names.arn("cloudwatch", `alarm:${names.shared("any-errors")}`), subject),
      why: "alarms tell the topic by its own policy; the local alarm watch does it itself",
      source: SOURCE.alarmTopic,
    },
  ];
}
