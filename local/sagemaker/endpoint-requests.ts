import { z } from "zod";
import type { Fleet, Variant } from "./fleet.ts";
import { ResourceName, Tags } from "./requests.ts";

/** SageMaker counts a share of the fleet in instances, too; that isn't emulated. */
const shareOf = (from: number, to: number) =>
  z.looseObject({
    Type: z.literal("CAPACITY_PERCENT", "expected CAPACITY_PERCENT: INSTANCE_COUNT isn't emulated"),
    Value: z.int().min(from).max(to),
  });

const WaitIntervalInSeconds = z.int().min(0).max(3600).default(0);

/** How traffic moves to a new fleet: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TrafficRoutingConfig.html */
const TrafficRouting = z.discriminatedUnion("Type", [
  z.looseObject({ Type: z.literal("ALL_AT_ONCE"), WaitIntervalInSeconds }),
  z.looseObject({ Type: z.literal("CANARY"), WaitIntervalInSeconds, CanarySize: shareOf(1, 50) }),
  z.looseObject({ Type: z.literal("LINEAR"), WaitIntervalInSeconds, LinearStepSize: shareOf(10, 50) }),
]);
export type TrafficRouting = z.output<typeof TrafficRouting>;

const Deployment = z.looseObject({
  BlueGreenUpdatePolicy: z
    .looseObject({
      TrafficRoutingConfiguration: TrafficRouting,
      TerminationWaitInSeconds: z.int().min(0).max(3600).default(0),
      MaximumExecutionTimeoutInSeconds: z.int().min(600).max(14_400).optional(),
    })
    .optional(),
  AutoRollbackConfiguration: z
    .object({ Alarms: z.array(z.object({ AlarmName: z.string() })).max(10) })
    .optional(),
});
export type Deployment = z.output<typeof Deployment>;

export const CreateEndpoint = z.object({
  EndpointName: ResourceName,
  EndpointConfigName: z.string(),
  DeploymentConfig: Deployment.optional(),
  Tags: Tags.optional(),
});

export const UpdateEndpoint = z.object({
  EndpointName: z.string(),
  EndpointConfigName: z.string(),
  RetainAllVariantProperties: z.boolean().default(false),
  ExcludeRetainedVariantProperties: z
    .array(
      z.object({
        VariantPropertyType: z.enum(["DesiredInstanceCount", "DesiredWeight", "DataCaptureConfig"]),
      }),
    )
    .default([]),
  DeploymentConfig: Deployment.optional(),
});

export const UpdateWeightsAndCapacities = z.object({
  EndpointName: z.string(),
  DesiredWeightsAndCapacities: z
    .array(
      z.object({
        VariantName: z.string(),
        DesiredWeight: z.number().min(0).optional(),
        DesiredInstanceCount: z.int().min(1).optional(),
      }),
    )
    .min(1),
});

type Status = "Creating" | "Updating" | "RollingBack" | "InService" | "Deleting" | "Failed";

/** An endpoint as it is kept. Times are seconds since 1970. */
export interface StoredEndpoint {
  EndpointName: string;
  EndpointArn: string;
  EndpointConfigName: string;
  EndpointStatus: Status;
  FailureReason?: string;
  LastDeploymentConfig?: Deployment;
  PendingDeploymentSummary?: { EndpointConfigName: string; StartTime: number };
  CreationTime: number;
  LastModifiedTime: number;
}

export type UpdateEndpoint = z.output<typeof UpdateEndpoint>;

/** What DescribeEndpoint answers. */
export function describeEndpoint(
  endpoint: StoredEndpoint,
  fleet: Fleet | undefined,
): Record<string, unknown> {
  if (fleet === undefined) return { ...endpoint };
  const variants = {
    ProductionVariants: fleet.variants.map(summarizeVariant),
    ...(fleet.shadow === undefined ? {} : { ShadowProductionVariants: [summarizeVariant(fleet.shadow)] }),
  };
  const capture = fleet.config.DataCaptureConfig;
  if (capture === undefined) return { ...endpoint, ...variants };
  const DataCaptureConfig = {
    EnableCapture: capture.EnableCapture,
    CaptureStatus: capture.EnableCapture ? "Started" : "Stopped",
    CurrentSamplingPercentage: capture.InitialSamplingPercentage,
    DestinationS3Uri: capture.DestinationS3Uri,
    KmsKeyId: capture["KmsKeyId"] ?? "",
  };
  return { ...endpoint, ...variants, DataCaptureConfig };
}

const summarizeVariant = ({ name, weight, instanceCount }: Variant) => ({
  VariantName: name,
  CurrentWeight: weight,
  DesiredWeight: weight,
  CurrentInstanceCount: instanceCount,
  DesiredInstanceCount: instanceCount,
});

/** What ListEndpoints says of each. */
export function summarizeEndpoint({
  EndpointName,
  EndpointArn,
  EndpointStatus,
  CreationTime,
  LastModifiedTime,
}: StoredEndpoint) {
  return { EndpointName, EndpointArn, EndpointStatus, CreationTime, LastModifiedTime };
}

/** What ListEndpoints sorts and filters by. */
export function keyOf({
  EndpointName: name,
  EndpointStatus: status,
  CreationTime: createdAt,
}: StoredEndpoint) {
  return { name, status, createdAt };
}
