import { z } from "zod";
import { ResourceName, Tags } from "./requests.ts";

const S3DataSource = z.object({ S3DataType: z.literal("S3Prefix"), S3Uri: z.string() });

/** The part of CreateTrainingJob that is emulated. A job that asks for another part is refused. */
export const TrainingJobRequest = z.looseObject({
  TrainingJobName: ResourceName,
  RoleArn: z.string(),
  AlgorithmSpecification: z.looseObject({
    TrainingImage: z.string(),
    TrainingInputMode: z.literal("File"),
    MetricDefinitions: z
      .array(z.object({ Name: z.string(), Regex: z.string() }))
      .max(40)
      .optional(),
    ContainerEntrypoint: z.array(z.string()).optional(),
    ContainerArguments: z.array(z.string()).optional(),
  }),
  HyperParameters: z.record(z.string().max(256), z.string().max(2500)).default({}),
  InputDataConfig: z
    .array(
      z.looseObject({
        ChannelName: z.string().regex(/^[\w.-]+$/),
        DataSource: z.object({ S3DataSource: z.looseObject(S3DataSource.shape) }),
      }),
    )
    .max(20)
    .default([]),
  OutputDataConfig: z.looseObject({ S3OutputPath: z.string() }),
  CheckpointConfig: z
    .object({ S3Uri: z.string(), LocalPath: z.string().default("/opt/ml/checkpoints") })
    .optional(),
  ResourceConfig: z.looseObject({ InstanceCount: z.literal(1), InstanceType: z.string() }),
  EnableManagedSpotTraining: z.boolean().default(false),
  EnableNetworkIsolation: z.boolean().default(false),
  StoppingCondition: z.object({
    MaxRuntimeInSeconds: z.int().min(1).max(2_419_200).default(86_400),
    MaxWaitTimeInSeconds: z.int().min(1).optional(),
  }),
  Environment: z.record(z.string(), z.string()).optional(),
  Tags: Tags.optional(),
});
export type TrainingJobRequest = z.output<typeof TrainingJobRequest>;

/** The part of CreateProcessingJob that is emulated. */
export const ProcessingJobRequest = z.looseObject({
  ProcessingJobName: ResourceName,
  RoleArn: z.string(),
  AppSpecification: z.object({
    ImageUri: z.string(),
    ContainerEntrypoint: z.array(z.string()).optional(),
    ContainerArguments: z.array(z.string()).optional(),
  }),
  ProcessingInputs: z
    .array(
      z.looseObject({
        InputName: z.string(),
        S3Input: z.looseObject({
          S3Uri: z.string(),
          LocalPath: z.string(),
          S3DataType: z.literal("S3Prefix"),
          S3InputMode: z.literal("File").default("File"),
        }),
      }),
    )
    .default([]),
  ProcessingOutputConfig: z
    .looseObject({
      Outputs: z.array(
        z.looseObject({
          OutputName: z.string(),
          S3Output: z.object({
            S3Uri: z.string(),
            LocalPath: z.string(),
            S3UploadMode: z.literal("EndOfJob"),
          }),
        }),
      ),
    })
    .default({ Outputs: [] }),
  ProcessingResources: z.object({ ClusterConfig: z.looseObject({ InstanceCount: z.literal(1) }) }),
  StoppingCondition: z
    .object({ MaxRuntimeInSeconds: z.int().min(1).max(777_600) })
    .default({ MaxRuntimeInSeconds: 86_400 }),
  NetworkConfig: z.looseObject({ EnableNetworkIsolation: z.boolean().default(false) }).optional(),
  Environment: z.record(z.string().max(256), z.string().max(256)).optional(),
  Tags: Tags.optional(),
});
export type ProcessingJobRequest = z.output<typeof ProcessingJobRequest>;
