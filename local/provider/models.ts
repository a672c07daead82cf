import { createHash } from "node:crypto";
import { arn, exists, membersOf, text, type Counterparts, type Json } from "./counterpart.ts";

/** The unit is spelt differently by the provider and by SageMaker. */
function variant({ serverlessConfig, ...others }: Json): Json {
  if (serverlessConfig === undefined) return membersOf(others);
  const { memorySizeInMb: MemorySizeInMB, maxConcurrency: MaxConcurrency } = serverlessConfig as Json;
  return { ...membersOf(others), ServerlessConfig: { MemorySizeInMB, MaxConcurrency } };
}

/** The registry, what is served, and the images that serve and train. */
export const MODELS: Counterparts = {
  "aws:sagemaker/modelPackageGroup:ModelPackageGroup": {
    outputs: ({ inputs }, account) => {
      const name = text(inputs, "modelPackageGroupName");
      return { id: name, outputs: { arn: arn(account, "sagemaker", `model-package-group/${name}`) } };
    },
    create: async ({ inputs }, { call }) => {
      const ModelPackageGroupName = text(inputs, "modelPackageGroupName");
      if (await exists(call("sagemaker", "DescribeModelPackageGroup", { ModelPackageGroupName }))) return;
      await call("sagemaker", "CreateModelPackageGroup", membersOf(inputs));
    },
  },
  "aws:sagemaker/model:Model": {
    outputs: ({ inputs }, account) => {
      const name = text(inputs, "name");
      return { id: name, outputs: { name, arn: arn(account, "sagemaker", `model/${name}`) } };
    },
    create: async ({ inputs }, { call }) => {
      const { name, primaryContainer, ...rest } = inputs;
      if (await exists(call("sagemaker", "DescribeModel", { ModelName: name }))) return;
      const { environment, ...container } = primaryContainer as Json;
      await call("sagemaker", "CreateModel", {
        ...membersOf(rest),
        ModelName: name,
        // The names of variables are not names of members.
        PrimaryContainer: { ...membersOf(container), Environment: environment ?? {} },
      });
    },
  },
  "aws:sagemaker/endpointConfiguration:EndpointConfiguration": {
    outputs: ({ inputs }, account) => {
      const name = text(inputs, "name");
      return { id: name, outputs: { name, arn: arn(account, "sagemaker", `endpoint-config/${name}`) } };
    },
    create: async ({ inputs }, { call }) => {
      const { name, kmsKeyArn, productionVariants, ...rest } = inputs;
      if (await exists(call("sagemaker", "DescribeEndpointConfig", { EndpointConfigName: name }))) return;
      await call("sagemaker", "CreateEndpointConfig", {
        ...membersOf(rest),
        EndpointConfigName: name,
        ProductionVariants: (productionVariants as Json[]).map(variant),
        ...(kmsKeyArn === undefined ? {} : { KmsKeyId: kmsKeyArn }),
      });
    },
  },
  "aws:sagemaker/endpoint:Endpoint": {
    outputs: ({ inputs }, account) => {
      const name = text(inputs, "name");
      return { id: name, outputs: { name, arn: arn(account, "sagemaker", `endpoint/${name}`) } };
    },
    create: async ({ inputs }, { call }) => {
      const EndpointName = text(inputs, "name");
      if (await exists(call("sagemaker", "DescribeEndpoint", { EndpointName }))) return;
      await call("sagemaker", "CreateEndpoint", {
        EndpointName,
        EndpointConfigName: text(inputs, "endpointConfigName"),
      });
    },
  },
  "aws:sagemaker/mlflowApp:MlflowApp": {
    outputs: ({ inputs }, account) => {
      // On AWS the last part is an id of SageMaker's making.
      const appArn = arn(account, "sagemaker", `mlflow-app/app-${text(inputs, "name")}`);
      return { id: appArn, outputs: { arn: appArn } };
    },
    create: async ({ inputs, outputs }, { tracking }) => {
      tracking.put({
        arn: text(outputs, "arn"),
        roleName: text(inputs, "roleArn").split("/").at(-1) ?? "",
        artifactRoot: text(inputs, "artifactStoreUri"),
      });
    },
  },
  "aws:ecr/repository:Repository": {
    outputs: ({ inputs }, account) => {
      const name = text(inputs, "name");
      const repositoryUrl = `${account.accountId}.dkr.ecr.${account.region}.amazonaws.com/${name}`;
      return { id: name, outputs: { arn: arn(account, "ecr", `repository/${name}`), repositoryUrl, name } };
    },
    create: { none: "images aren't built here: their entry points run from the working copy" },
  },
  "aws:ecr/lifecyclePolicy:LifecyclePolicy": {
    outputs: ({ inputs }) => ({ id: text(inputs, "repository") }),
    create: { none: "there are no images to expire" },
  },
  "docker-build:index:Image": {
    outputs: ({ inputs }) => {
      const [tag = ""] = (inputs["tags"] as string[] | undefined) ?? [];
      const digest = `sha256:${createHash("sha256").update(tag).digest("hex")}`;
      return { id: digest, outputs: { digest, ref: `${tag}@${digest}` } };
    },
    create: { none: "images aren't built here: local/sagemaker knows the program behind each repository" },
  },
};
