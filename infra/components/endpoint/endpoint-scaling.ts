import type { Capacity } from "@perennial/contracts";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface EndpointScalingArgs {
  endpointName: pulumi.Input<string>;
  capacity: Capacity;
  tags: Record<string, string>;
}

/** What AWS calls the instances of an endpoint's variant, and the one variant that ours have. */
const DIMENSION = {
  serviceNamespace: "sagemaker",
  scalableDimension: "sagemaker:variant:DesiredInstanceCount",
} as const;
const VARIANT = "primary";

/** More instances soon, fewer with patience: a fleet that was just made smaller answers the next crowd late. */
const SCALE_OUT_COOLDOWN_SECONDS = 60;
const SCALE_IN_COOLDOWN_SECONDS = 300;

/**
 * As many instances behind an endpoint as the requests need, within bounds that may follow the clock. A rollout keeps what
 * it finds, since it retains the properties of variants.
 *
 * A change of the instance type is refused by SageMaker while the variant is registered here: take `capacity` out of the
 * spec first, and put it back afterwards.
 */
export class EndpointScaling extends pulumi.ComponentResource {
  constructor(name: string, args: EndpointScalingArgs, opts?: pulumi.ComponentResourceOptions) {
    super("perennial:endpoint:EndpointScaling", name, {}, opts);
    const { capacity, tags } = args;
    const { minInstances, maxInstances, invocationsPerInstance, schedules } = capacity;
    const target = new aws.appautoscaling.Target(
      name,
      {
        ...DIMENSION,
        resourceId: pulumi.interpolate`endpoint/${args.endpointName}/variant/${VARIANT}`,
        minCapacity: minInstances,
        maxCapacity: maxInstances,
        tags,
      },
      { parent: this },
    );
    new aws.appautoscaling.Policy(
      name,
      {
        ...DIMENSION,
        name: pulumi.interpolate`${args.endpointName}-requests`,
        resourceId: target.resourceId,
        policyType: "TargetTrackingScaling",
        targetTrackingScalingPolicyConfiguration: {
          predefinedMetricSpecification: {
            predefinedMetricType: "SageMakerVariantInvocationsPerInstance",
          },
          targetValue: invocationsPerInstance,
          scaleOutCooldown: SCALE_OUT_COOLDOWN_SECONDS,
          scaleInCooldown: SCALE_IN_COOLDOWN_SECONDS,
        },
      },
      { parent: this },
    );
    for (const scheduled of schedules) {
      new aws.appautoscaling.ScheduledAction(
        `${name}-${scheduled.name}`,
        {
          ...DIMENSION,
          name: pulumi.interpolate`${args.endpointName}-${scheduled.name}`,
          resourceId: target.resourceId,
          schedule: scheduled.schedule,
          timezone: "UTC",
          scalableTargetAction: {
            minCapacity: scheduled.minInstances,
            maxCapacity: scheduled.maxInstances,
          },
        },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}
