import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

/** When an alarm rings that counts failures: at the first one, looked for every five minutes; silence is well. */
export const AT_FIRST_FAILURE = {
  statistic: "Sum",
  period: 300,
  evaluationPeriods: 1,
  comparisonOperator: "GreaterThanThreshold",
  threshold: 0,
  treatMissingData: "notBreaching",
} as const;

/**
 * Rings when a Lambda function fails.
 *
 * @param dimensions what of the function is watched: all of it, or one alias.
 */
export const functionErrors = (
  functionName: string,
  dimensions: { FunctionName: pulumi.Input<string>; Resource?: pulumi.Input<string> },
  alertTopicArn: pulumi.Input<string>,
): aws.cloudwatch.MetricAlarmArgs => ({
  name: `${functionName}-errors`,
  alarmDescription: `${functionName} failed. Its log group says why. Runbook: docs/runbooks/function-errors.md`,
  namespace: "AWS/Lambda",
  metricName: "Errors",
  dimensions,
  ...AT_FIRST_FAILURE,
  alarmActions: [alertTopicArn],
});
