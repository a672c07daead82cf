import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface DriftAlarmArgs {
  alarmName: string;
  stack: string;
  workload: string;
  tags: Record<string, string>;
  /** Share of drifted features above which it goes off. */
  driftedShare: number;
  alertTopicArn: pulumi.Input<string>;
}

/** Alarm on the share of a workload's features that drifted, as the monitor reports it. */
export class DriftAlarm extends pulumi.ComponentResource {
  readonly alarmName: pulumi.Output<string>;

  constructor(name: string, args: DriftAlarmArgs, opts?: pulumi.ComponentResourceOptions) {
    super("perennial:monitoring:DriftAlarm", name, {}, opts);
    const { alarmName, stack, workload, tags, driftedShare, alertTopicArn } = args;
    const alarm = new aws.cloudwatch.MetricAlarm(
      name,
      {
        name: alarmName,
        alarmDescription:
          `More than ${driftedShare} of the features of ${workload} drifted; a retraining is asked for. ` +
          "Runbook: docs/runbooks/drift.md",
        namespace: "Perennial",
        metricName: "DriftedFeatureShare",
        // Metrics belong to the account: without the stack one stack's drift would retrain another's model.
        dimensions: { Stack: stack, Workload: workload },
        statistic: "Maximum",
        period: 300,
        evaluationPeriods: 1,
        comparisonOperator: "GreaterThanThreshold",
        threshold: driftedShare,
        treatMissingData: "notBreaching",
        alarmActions: [alertTopicArn],
        tags,
      },
      { parent: this },
    );
    this.alarmName = alarm.name;
    this.registerOutputs({ alarmName: this.alarmName });
  }
}
