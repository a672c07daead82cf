import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** Log groups that SageMaker writes jobs to, by kind. Every stack of an account and region shares them. */
export const JOB_LOG_GROUPS = {
  processing: "/aws/sagemaker/ProcessingJobs",
  training: "/aws/sagemaker/TrainingJobs",
  transform: "/aws/sagemaker/TransformJobs",
} as const;

export interface JobLogsArgs {
  logRetentionDays: number;
  keyArn: pulumi.Input<string>;
}

/** The account's log groups of SageMaker jobs; one stack of an account and region keeps them. */
export class JobLogs extends pulumi.ComponentResource {
  constructor(name: string, args: JobLogsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("perennial:training:JobLogs", name, {}, opts);
    for (const [kind, logGroupName] of Object.entries(JOB_LOG_GROUPS)) {
      new aws.cloudwatch.LogGroup(
        `${name}-${kind}`,
        { name: logGroupName, retentionInDays: args.logRetentionDays, kmsKeyId: args.keyArn },
        { parent: this },
      );
    }
    this.registerOutputs();
  }
}
