import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Naming } from "../../naming.ts";
import { allow, document, joinNetwork, type Network } from "../../policies.ts";
import { JOB_LOG_GROUPS } from "./job-logs.ts";

export interface TrainingJobsArgs {
  workload: string;
  names: Naming;
  processingRole: aws.iam.Role;
  trainingRole: aws.iam.Role;
  /** Whether hyperparameters are searched by a tuning job. */
  isTuned: boolean;
  /** Network that the jobs run in; without one they run in SageMaker's own. */
  network: Network | undefined;
}

/** Rules of its own by which Step Functions hears that a job ended. */
const MANAGED_RULES = {
  processing: "StepFunctionsGetEventsForSageMakerProcessingJobsRule",
  training: "StepFunctionsGetEventsForSageMakerTrainingJobsRule",
  tuning: "StepFunctionsGetEventsForSageMakerTuningJobsRule",
} as const;

/** Processing and training jobs of one workload: what they may do by themselves, and who may run them. */
export class TrainingJobs extends pulumi.ComponentResource {
  private readonly name: string;
  private readonly args: TrainingJobsArgs;

  constructor(name: string, args: TrainingJobsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("perennial:training:TrainingJobs", name, {}, opts);
    this.name = name;
    this.args = args;
    this.allowJob("processing", args.processingRole);
    this.allowJob("training", args.trainingRole);
    this.registerOutputs();
  }

  /** Lets `role`, a workflow's, run the jobs of the workload's executions and wait for them. */
  grantRun(grantee: string, role: aws.iam.Role): aws.iam.RolePolicy {
    const { workload, names, processingRole, trainingRole, isTuned } = this.args;
    const execution = names.anyExecution(workload);
    const processing = names.arn("sagemaker", `processing-job/${execution}-prepare-*`);
    const training = names.arn("sagemaker", `training-job/${execution}-train-*`);
    const tuning = names.arn(
      "sagemaker",
      `hyper-parameter-tuning-job/${names.tuningPrefix(workload)}-????????????-*`,
    );
    const passedTo = { StringEquals: { "iam:PassedToService": "sagemaker.amazonaws.com" } };
    // Step Functions marks the jobs that it waits for.
    const tags = ["sagemaker:AddTags", "sagemaker:ListTags"];
    return new aws.iam.RolePolicy(
      `${this.name}-${grantee}-run`,
      {
        role: role.id,
        policy: document(
          allow(
            [
              "sagemaker:CreateProcessingJob",
              "sagemaker:DescribeProcessingJob",
              "sagemaker:StopProcessingJob",
            ],
            processing,
          ),
          allow(
            ["sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob"],
            training,
          ),
          ...(isTuned
            ? [
                allow(
                  ["Create", "Describe", "Stop"].map((verb) => `sagemaker:${verb}HyperParameterTuningJob`),
                  tuning,
                ),
              ]
            : []),
          allow(tags, [processing, training, ...(isTuned ? [tuning] : [])]),
          allow("iam:PassRole", [processingRole.arn, trainingRole.arn], passedTo),
          // https://docs.aws.amazon.com/step-functions/latest/dg/sagemaker-iam.html
          allow(
            ["events:DescribeRule", "events:PutRule", "events:PutTargets"],
            [
              MANAGED_RULES.processing,
              MANAGED_RULES.training,
              ...(isTuned ? [MANAGED_RULES.tuning] : []),
            ].map((rule) => names.arn("events", `rule/${rule}`)),
          ),
        ),
      },
      { parent: this },
    );
  }

  /** What SageMaker itself does with a job's role: https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html */
  private allowJob(kind: keyof typeof JOB_LOG_GROUPS, role: aws.iam.Role): void {
    const { names, network } = this.args;
    const logGroup = names.arn("logs", `log-group:${JOB_LOG_GROUPS[kind]}`);
    new aws.iam.RolePolicy(
      `${this.name}-${kind}-report`,
      {
        role: role.id,
        policy: document(
          allow(
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            `${logGroup}:*`,
          ),
          // PutMetricData knows no resources; the namespaces are those that SageMaker writes to.
          allow("cloudwatch:PutMetricData", "*", {
            StringLike: { "cloudwatch:namespace": "/aws/sagemaker/*" },
          }),
          ...(network === undefined ? [] : joinNetwork(network, names.arn)),
        ),
      },
      { parent: this },
    );
  }
}
