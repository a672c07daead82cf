import { type Need, of, someExecution, SOURCE, type Subject } from "./need.ts";

/** What Step Functions does with the workflows' roles, and what they call in rarer cases. */
export function workflowNeeds(subject: Subject): Need[] {
  const { names, workload } = subject;
  const retrain = { role: names.ofWorkload(workload, "retrain") };
  const rollout = { role: names.ofWorkload(workload, "rollout") };
  const execution = someExecution(subject);
  const processingJob = names.arn("sagemaker", `processing-job/${execution}-prepare-0`);
  const trainingJob = names.arn("sagemaker", `training-job/${execution}-train-0`);
  const collected = (action: string, resource: string): Need => ({
    by: rollout,
    actions: [action],
    resources: [resource],
    why: "only where a rollout is discarded, or an earlier one is superseded",
    source: "statemachines/rollout.asl.json",
  });
  return [
    ...[retrain, rollout].map((by) => ({
      by,
      actions: [
        ...of("logs", "CreateLogDelivery GetLogDelivery UpdateLogDelivery"),
        ...of("logs", "DeleteLogDelivery ListLogDeliveries PutResourcePolicy"),
        ...of("logs", "DescribeResourcePolicies DescribeLogGroups"),
      ],
      resources: ["*"],
      why: "Step Functions sets the delivery of a workflow's log up; locally there is none",
      source: SOURCE.workflowLogs,
    })),
    {
      by: retrain,
      actions: ["events:DescribeRule", "events:PutRule", "events:PutTargets"],
      resources: ["Processing", "Training"].map((kind) =>
        names.arn("events", `rule/StepFunctionsGetEventsForSageMaker${kind}JobsRule`),
      ),
      why: "a .sync task hears of the job's end by a rule of Step Functions; locally it asks for its state",
      source: SOURCE.workflowJobs,
    },
    {
      by: retrain,
      actions: ["sagemaker:ListTags"],
      resources: [processingJob, trainingJob],
      why: "a .sync task looks at the tags of the job that it waits for",
      source: SOURCE.workflowJobs,
    },
    {
      by: retrain,
      actions: ["sagemaker:StopProcessingJob"],
      resources: [processingJob],
      why: "only where an execution is stopped while the job runs",
      source: SOURCE.workflowJobs,
    },
    {
      by: retrain,
      actions: ["sagemaker:StopTrainingJob"],
      resources: [trainingJob],
      why: "only where an execution is stopped while the job runs",
      source: SOURCE.workflowJobs,
    },
    {
      by: rollout,
      actions: ["sagemaker:UpdateEndpoint"],
      resources: [names.arn("sagemaker", `endpoint-config/${names.ofWorkload(workload, "baseline")}`)],
      why: "only where the first model in service isn't verified, and the baseline is put back",
      source: "statemachines/rollout.asl.json",
    },
    collected("sagemaker:DeleteModel", names.arn("sagemaker", `model/${execution}`)),
    collected("sagemaker:DeleteEndpointConfig", names.arn("sagemaker", `endpoint-config/${execution}`)),
  ];
}

/** What SageMaker does with the role of a job that was interrupted. */
export function jobNeeds(subject: Subject): Need[] {
  const { names, workload } = subject;
  return [
    {
      by: { role: names.ofWorkload(workload, "training") },
      actions: ["s3:GetObject"],
      resources: [`arn:aws:s3:::${names.artifactBucket}/checkpoints/${workload}/any/0.json`],
      why: "only where an interrupted training is resumed",
      source: SOURCE.checkpoints,
    },
    ...transformNeeds(subject),
  ];
}

/** What SageMaker does with the serving role where a person has files scored by a transform job. */
function transformNeeds({ names, workload }: Subject): Need[] {
  const by = { role: names.ofWorkload(workload, "serving") };
  const lake = `arn:aws:s3:::${names.lakeBucket}`;
  const needed = { by, why: "only a person starts transform jobs", source: SOURCE.sageMakerRoles };
  const logs = names.arn("logs", "log-group:/aws/sagemaker/TransformJobs");
  return [
    { ...needed, actions: ["s3:GetObject", "s3:PutObject"], resources: [`${lake}/batch/${workload}/any`] },
    {
      ...needed,
      actions: ["s3:ListBucket"],
      resources: [lake],
      context: { "s3:prefix": `batch/${workload}/any` },
    },
    {
      ...needed,
      actions: of("logs", "CreateLogGroup DescribeLogStreams"),
      resources: [`${logs}:*`],
    },
    {
      ...needed,
      actions: of("logs", "CreateLogStream PutLogEvents"),
      resources: [`${logs}:log-stream:any`],
    },
  ];
}

/** What SageMaker does with its roles in a network of the account. */
export function networkNeeds({ names, workload, network }: Subject): Need[] {
  if (network === undefined) return [];
  const { subnetIds, securityGroupIds } = network;
  return ["processing", "training", "serving"].flatMap((purpose) => {
    const by = { role: names.ofWorkload(workload, purpose) };
    const why = "SageMaker joins the network with an interface of its own; locally there is none";
    return [
      {
        by,
        actions: [
          ...of("ec2", "CreateNetworkInterface CreateNetworkInterfacePermission"),
          ...of("ec2", "DeleteNetworkInterface DeleteNetworkInterfacePermission"),
        ],
        resources: [names.arn("ec2", "network-interface/eni-0")],
        why,
        source: SOURCE.sageMakerRoles,
      },
      {
        by,
        actions: ["ec2:CreateNetworkInterface"],
        resources: [
          ...subnetIds.map((id) => names.arn("ec2", `subnet/${id}`)),
          ...securityGroupIds.map((id) => names.arn("ec2", `security-group/${id}`)),
        ],
        why,
        source: SOURCE.sageMakerRoles,
      },
      {
        by,
        actions: [
          ...of("ec2", "DescribeDhcpOptions DescribeNetworkInterfaces"),
          ...of("ec2", "DescribeSecurityGroups DescribeSubnets DescribeVpcs"),
        ],
        resources: ["*"],
        why,
        source: SOURCE.sageMakerRoles,
      },
    ];
  });
}
