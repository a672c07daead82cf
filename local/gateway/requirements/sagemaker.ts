import type { Identity, Requirement } from "../../identity/identity.ts";
import { listed, object, records, scalars, text, type Question } from "./question.ts";

/** Type of resource and the member of the input that names it, by what the operation's name ends in. */
const NAMED: readonly (readonly [RegExp, string, string])[] = [
  [/TrainingJob$/, "training-job", "TrainingJobName"],
  [/HyperParameterTuningJob$/, "hyper-parameter-tuning-job", "HyperParameterTuningJobName"],
  [/TransformJob$/, "transform-job", "TransformJobName"],
  [/ModelCard$/, "model-card", "ModelCardName"],
  [/ProcessingJob$/, "processing-job", "ProcessingJobName"],
  [/EndpointConfig$/, "endpoint-config", "EndpointConfigName"],
  [/Endpoint$|EndpointWeightsAndCapacities$/, "endpoint", "EndpointName"],
  [/ModelPackageGroup$/, "model-package-group", "ModelPackageGroupName"],
  [/ModelPackage$/, "model-package", "ModelPackageName"],
  [/Model$/, "model", "ModelName"],
];

export function requirementsOfSageMaker({ action, input, identity }: Question): Requirement[] {
  const main = resourcesOf(action, input, identity).map((resource) => ({
    action: `sagemaker:${action}`,
    resource,
    context: contextOf(input),
  }));
  return [
    ...main,
    ...passedRole(action, input, main),
    ...addedTags(action, input, main),
    ...encryptedVolumes(action, input, identity),
  ];
}

function resourcesOf(action: string, input: Record<string, unknown>, identity: Identity): string[] {
  const at = (kind: string, name: string): string =>
    name.startsWith("arn:")
      ? name
      : `arn:aws:sagemaker:${identity.region}:${identity.accountId}:${kind}/${name}`;
  const group = text(input, "ModelPackageGroupName");
  switch (action) {
    case "CreateEndpoint":
    case "UpdateEndpoint":
      return [
        at("endpoint", text(input, "EndpointName") ?? ""),
        at("endpoint-config", text(input, "EndpointConfigName") ?? ""),
      ];
    case "CreateModelPackage":
    case "ListModelPackages":
      // The version isn't known yet, or it is about all of them.
      return group === undefined ? ["*"] : [at("model-package", `${lastPart(group)}/*`)];
    case "UpdateModelPackage":
      return [at("model-package", text(input, "ModelPackageArn") ?? "")];
    case "BatchDescribeModelPackage":
      return listed(input["ModelPackageArnList"]).map((name) => at("model-package", name));
    case "AddTags":
    case "ListTags":
    case "DeleteTags":
      return [text(input, "ResourceArn") ?? "*"];
    default:
  }
  const [, kind, member] = NAMED.find(([ending]) => ending.test(action)) ?? [];
  if (kind === undefined || member === undefined) return ["*"];
  return [at(kind, text(input, member) ?? "")];
}

/** Condition keys of the Service Authorization Reference that a request states. */
function contextOf(input: Record<string, unknown>): Requirement["context"] {
  const vpc = { ...object(input, "VpcConfig"), ...object(object(input, "NetworkConfig"), "VpcConfig") };
  const cluster = {
    ...object(input, "ResourceConfig"),
    ...object(object(input, "ProcessingResources"), "ClusterConfig"),
  };
  const instanceTypes = [
    text(cluster, "InstanceType"),
    ...["ProductionVariants", "ShadowProductionVariants"].flatMap((member) =>
      records(input[member]).map((variant) => text(variant, "InstanceType")),
    ),
  ].filter((type) => type !== undefined);
  const output = { ...object(input, "OutputDataConfig"), ...object(input, "ProcessingOutputConfig") };
  const isolation =
    input["EnableNetworkIsolation"] ?? object(input, "NetworkConfig")["EnableNetworkIsolation"];
  const single: Record<string, string | undefined> = {
    "sagemaker:ModelApprovalStatus": text(input, "ModelApprovalStatus"),
    "sagemaker:VolumeKmsKeyArn": text(cluster, "VolumeKmsKeyId"),
    "sagemaker:OutputKmsKeyArn": text(output, "KmsKeyId"),
    "sagemaker:NetworkIsolation": typeof isolation === "boolean" ? String(isolation) : undefined,
  };
  const many: Record<string, string[]> = {
    "sagemaker:InstanceTypes": instanceTypes,
    "sagemaker:VpcSubnets": listed(vpc["Subnets"]),
    "sagemaker:VpcSecurityGroupIds": listed(vpc["SecurityGroupIds"]),
  };
  const metadata = Object.entries(scalars(input["CustomerMetadataProperties"])).map(
    ([key, value]) => [`sagemaker:CustomerMetadataProperties/${key}`, value] as const,
  );
  return Object.fromEntries([
    ...Object.entries(single).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
    ...Object.entries(many).filter(([, values]) => values.length > 0),
    ...metadata,
    ...tagKeys(input),
  ]);
}

/** Whoever hands a role to SageMaker must be allowed to pass it. */
function passedRole(action: string, input: Record<string, unknown>, main: Requirement[]): Requirement[] {
  if (!action.startsWith("Create")) return [];
  const role = text(input, "RoleArn") ?? text(input, "ExecutionRoleArn");
  if (role === undefined) return [];
  const context = {
    "iam:PassedToService": "sagemaker.amazonaws.com",
    "iam:AssociatedResourceArn": main[0]?.resource ?? "*",
  };
  return [{ action: "iam:PassRole", resource: role, context }];
}

/** Creating something with tags is also tagging it. */
function addedTags(action: string, input: Record<string, unknown>, main: Requirement[]): Requirement[] {
  const resource = main[0]?.resource;
  if (!action.startsWith("Create") || resource === undefined || records(input["Tags"]).length === 0)
    return [];
  return [
    {
      action: "sagemaker:AddTags",
      resource,
      context: { "sagemaker:TaggingAction": action, ...Object.fromEntries(tagKeys(input)) },
    },
  ];
}

function encryptedVolumes(action: string, input: Record<string, unknown>, identity: Identity): Requirement[] {
  const key =
    text(object(input, "ResourceConfig"), "VolumeKmsKeyId") ??
    text(object(object(input, "ProcessingResources"), "ClusterConfig"), "VolumeKmsKeyId") ??
    (action === "CreateEndpointConfig" ? text(input, "KmsKeyId") : undefined);
  return key === undefined || !action.startsWith("Create") ? [] : volumeKeyUse(key, identity);
}

/**
 * Whoever has SageMaker encrypt volumes lets it use the key by a grant: the caller, and the role that a job or a model
 * runs with (SageMaker developer guide, "How to use SageMaker AI execution roles").
 */
export function volumeKeyUse(key: string, { region, accountId }: Identity): Requirement[] {
  const context = {
    "kms:GrantIsForAWSResource": "true",
    "kms:ViaService": `sagemaker.${region}.amazonaws.com`,
    "kms:CallerAccount": accountId,
  };
  return ["kms:CreateGrant", "kms:DescribeKey"].map((action) => ({ action, resource: key, context }));
}

function tagKeys(input: Record<string, unknown>): (readonly [string, string | string[]])[] {
  const tags = records(input["Tags"]).flatMap((tag) => {
    const key = text(tag, "Key");
    return key === undefined ? [] : [[key, text(tag, "Value") ?? ""] as const];
  });
  if (tags.length === 0) return [];
  return [
    ...tags.map(([key, value]) => [`aws:RequestTag/${key}`, value] as const),
    ["aws:TagKeys", tags.map(([key]) => key)],
  ];
}

function lastPart(nameOrArn: string): string {
  return nameOrArn.split("/").at(-1) ?? nameOrArn;
}
