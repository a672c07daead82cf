import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { AT_FIRST_FAILURE } from "../../alarms.ts";
import type { Naming } from "../../naming.ts";
import { allow, document, joinNetwork, type Network } from "../../policies.ts";

export interface ModelEndpointArgs {
  workload: string;
  names: Naming;
  /** Role of the serving containers. */
  role: aws.iam.Role;
  imageUri: pulumi.Input<string>;
  /** Artifact of the baseline, in service until the first rollout. */
  baselineUri: pulumi.Input<string>;
  instanceType: string;
  instanceCount: number;
  /**
   * Memory and most requests at a time of an endpoint without instances: it knows no capture, no network of ours and no
   * isolation. Null for one with instances.
   */
  serverless: { memoryMiB: number; maxConcurrency: number } | null;
  /** Folder of the captured requests and answers. */
  captureUri: pulumi.Input<string>;
  /** Share of requests that is captured, 0 to 100. */
  capturePercent: number;
  maxBodyKiB: number;
  maxRecords: number;
  /** ARN of the table that the containers look states up in; null keeps them off the network. */
  onlineTable: pulumi.Input<string> | null;
  logRetentionDays: number;
  keyArn: pulumi.Input<string>;
  alertTopicArn: pulumi.Input<string>;
  /** Network that the endpoint runs in; without one it runs in SageMaker's own. */
  network: Network | undefined;
}

/** Content types that are captured as they are: of any other SageMaker keeps base64. */
const CAPTURED = {
  jsonContentTypes: ["application/json", "application/jsonlines"],
  csvContentTypes: ["text/csv"],
};

/**
 * A workload's endpoint, in service with the baseline from the first deployment on. From then on the rollout workflow owns
 * which configuration is live; the program goes on owning that there is an endpoint.
 */
export class ModelEndpoint extends pulumi.ComponentResource {
  readonly endpointName: pulumi.Output<string>;
  readonly baselineModelName: pulumi.Output<string>;
  readonly baselineConfigName: pulumi.Output<string>;
  private readonly name: string;
  private readonly args: ModelEndpointArgs;

  constructor(name: string, args: ModelEndpointArgs, opts?: pulumi.ComponentResourceOptions) {
    super("perennial:endpoint:ModelEndpoint", name, {}, opts);
    this.name = name;
    this.args = args;
    const { workload, names, network, role } = args;
    const tags = names.tags(workload);
    const logGroup = new aws.cloudwatch.LogGroup(
      name,
      {
        name: names.endpointLogGroup(workload),
        retentionInDays: args.logRetentionDays,
        kmsKeyId: args.keyArn,
        tags,
      },
      { parent: this },
    );
    const report = new aws.iam.RolePolicy(
      `${name}-report`,
      {
        role: role.id,
        // What SageMaker itself does with the role: https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
        policy: document(
          allow(
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            pulumi.interpolate`${logGroup.arn}:*`,
          ),
          // The group that all transform jobs share; SageMaker makes it for the first of them.
          allow(
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            `${names.arn("logs", "log-group:/aws/sagemaker/TransformJobs")}:*`,
          ),
          // PutMetricData knows no resources; the namespaces are those that SageMaker writes to.
          allow("cloudwatch:PutMetricData", "*", {
            StringLike: { "cloudwatch:namespace": "/aws/sagemaker/*" },
          }),
          ...(network === undefined || args.serverless !== null ? [] : joinNetwork(network, names.arn)),
        ),
      },
      { parent: this },
    );
    const { model, configuration } = this.createBaseline(report);
    const endpoint = new aws.sagemaker.Endpoint(
      name,
      { name: names.endpoint(workload), endpointConfigName: configuration.name, tags },
      // The rollout owns both from its first run on; a deployment configuration here would be sent back with any change.
      { parent: this, ignoreChanges: ["endpointConfigName", "deploymentConfig"], dependsOn: [logGroup] },
    );
    this.watchErrors(endpoint);

    this.endpointName = endpoint.name;
    this.baselineModelName = model.name;
    this.baselineConfigName = configuration.name;
    this.registerOutputs({ endpointName: this.endpointName });
  }

  /** Lets `role` ask for predictions. */
  grantInvoke(grantee: string, role: aws.iam.Role): aws.iam.RolePolicy {
    const { workload, names } = this.args;
    const endpoint = names.arn("sagemaker", `endpoint/${names.endpoint(workload)}`);
    return new aws.iam.RolePolicy(
      `${this.name}-${grantee}-invoke`,
      { role: role.id, policy: document(allow("sagemaker:InvokeEndpoint", endpoint)) },
      { parent: this },
    );
  }

  /** Lets `role` see what is behind the endpoint. */
  grantDescribe(grantee: string, role: aws.iam.Role): aws.iam.RolePolicy {
    const { workload, names } = this.args;
    const endpoint = names.arn("sagemaker", `endpoint/${names.endpoint(workload)}`);
    return new aws.iam.RolePolicy(
      `${this.name}-${grantee}-describe`,
      { role: role.id, policy: document(allow("sagemaker:DescribeEndpoint", endpoint)) },
      { parent: this },
    );
  }

  /** Lets `role`, a workflow's, put another model in service behind the endpoint, and collect those that were. */
  grantRollOut(grantee: string, role: aws.iam.Role): aws.iam.RolePolicy {
    const { workload, names, alertTopicArn } = this.args;
    const execution = names.anyExecution(workload);
    const model = names.arn("sagemaker", `model/${execution}`);
    const configuration = names.arn("sagemaker", `endpoint-config/${execution}`);
    const endpoint = names.arn("sagemaker", `endpoint/${names.endpoint(workload)}`);
    const alarms = names.arn("cloudwatch", `alarm:${names.prefix}-${execution}-*`);
    // The first rollout replaces the baseline and drops alarms that it would have, had a rollout brought it.
    const baselineAlarms = names.arn("cloudwatch", `alarm:${names.prefix}-${this.baselineName()}-*`);
    return new aws.iam.RolePolicy(
      `${this.name}-${grantee}-roll-out`,
      {
        role: role.id,
        policy: document(
          allow(["sagemaker:CreateModel", "sagemaker:DeleteModel"], model),
          allow(["sagemaker:CreateEndpointConfig", "sagemaker:DeleteEndpointConfig"], configuration),
          allow("sagemaker:AddTags", [model, configuration]),
          // To a new configuration, and back: to the baseline's where that was in service before.
          allow("sagemaker:UpdateEndpoint", [
            endpoint,
            configuration,
            names.arn("sagemaker", `endpoint-config/${this.baselineName()}`),
          ]),
          allow("sagemaker:DescribeEndpoint", endpoint),
          allow("iam:PassRole", this.args.role.arn, {
            StringEquals: { "iam:PassedToService": "sagemaker.amazonaws.com" },
          }),
          allow("cloudwatch:PutMetricAlarm", alarms, {
            "ForAllValues:StringEquals": { "cloudwatch:AlarmActions": [alertTopicArn] },
          }),
          allow("cloudwatch:DeleteAlarms", [alarms, baselineAlarms]),
          allow("cloudwatch:TagResource", alarms),
          // SageMaker looks at the alarms that guard an update with the permissions of who asked for it.
          allow("cloudwatch:DescribeAlarms", alarms),
        ),
      },
      { parent: this },
    );
  }

  /** Lets `role`, a workflow's that may roll out, put a second model beside the one in service, and end that. */
  grantTry(grantee: string, role: aws.iam.Role): aws.iam.RolePolicy {
    const { workload, names } = this.args;
    const configuration = names.arn("sagemaker", `endpoint-config/${names.anyExecution(workload)}-trial`);
    return new aws.iam.RolePolicy(
      `${this.name}-${grantee}-try`,
      {
        role: role.id,
        policy: document(
          allow(
            [
              "sagemaker:CreateEndpointConfig",
              "sagemaker:AddTags",
              "sagemaker:UpdateEndpoint",
              "sagemaker:DeleteEndpointConfig",
            ],
            configuration,
          ),
        ),
      },
      { parent: this },
    );
  }

  private baselineName(): string {
    return this.args.names.ofWorkload(this.args.workload, "baseline");
  }

  private createBaseline(report: pulumi.Resource) {
    const { args } = this;
    // A rollback target stays as it was, and stays: the rollout's history refers to it.
    const kept = { parent: this, retainOnDelete: true };
    const model = new aws.sagemaker.Model(
      `${this.name}-baseline`,
      {
        name: this.baselineName(),
        executionRoleArn: args.role.arn,
        enableNetworkIsolation: args.onlineTable === null && args.serverless === null,
        tags: args.names.tags(args.workload),
        primaryContainer: {
          image: args.imageUri,
          modelDataUrl: args.baselineUri,
          environment: {
            PERENNIAL_MODEL_VERSION: "0",
            PERENNIAL_MAX_BODY_KIB: String(args.maxBodyKiB),
            PERENNIAL_MAX_RECORDS: String(args.maxRecords),
            ...(args.onlineTable === null ? {} : { PERENNIAL_ONLINE_TABLE: args.onlineTable }),
          },
        },
        ...(args.network === undefined || args.serverless !== null
          ? {}
          : {
              vpcConfig: { subnets: args.network.subnetIds, securityGroupIds: args.network.securityGroupIds },
            }),
      },
      { ...kept, ignoreChanges: ["primaryContainer", "vpcConfig", "executionRoleArn"], dependsOn: [report] },
    );
    const configuration = new aws.sagemaker.EndpointConfiguration(
      `${this.name}-baseline`,
      {
        name: this.baselineName(),
        kmsKeyArn: args.keyArn,
        tags: args.names.tags(args.workload),
        productionVariants: [
          {
            variantName: "primary",
            modelName: model.name,
            initialVariantWeight: 1,
            ...(args.serverless === null
              ? { instanceType: args.instanceType, initialInstanceCount: args.instanceCount }
              : {
                  serverlessConfig: {
                    memorySizeInMb: args.serverless.memoryMiB,
                    maxConcurrency: args.serverless.maxConcurrency,
                  },
                }),
          },
        ],
        ...(args.serverless === null ? { dataCaptureConfig: this.capture() } : {}),
      },
      { ...kept, ignoreChanges: ["productionVariants", "dataCaptureConfig", "kmsKeyArn"] },
    );
    return { model, configuration };
  }

  private capture() {
    const { args } = this;
    return {
      enableCapture: true,
      initialSamplingPercentage: args.capturePercent,
      destinationS3Uri: args.captureUri,
      kmsKeyId: args.keyArn,
      captureOptions: [{ captureMode: "Input" }, { captureMode: "Output" }],
      captureContentTypeHeader: CAPTURED,
    };
  }

  private watchErrors(endpoint: aws.sagemaker.Endpoint): void {
    const { names, workload, alertTopicArn } = this.args;
    new aws.cloudwatch.MetricAlarm(
      `${this.name}-errors`,
      {
        name: names.ofWorkload(workload, "errors"),
        alarmDescription:
          `The endpoint ${names.endpoint(workload)} answered with a server error. ` +
          "Runbook: docs/runbooks/endpoint-errors.md",
        namespace: "AWS/SageMaker",
        metricName: "Invocation5XXErrors",
        dimensions: { EndpointName: endpoint.name, VariantName: "primary" },
        ...AT_FIRST_FAILURE,
        alarmActions: [alertTopicArn],
        tags: names.tags(workload),
      },
      { parent: this },
    );
  }
}
