import { expect, it } from "vitest";
import { EndpointScaling } from "../../../infra/components/endpoint/endpoint-scaling.ts";
import { deploy } from "../../support/deploy.ts";

it("follows the requests of each instance, within bounds that follow the clock", async () => {
  const resources = await deploy(
    () =>
      new EndpointScaling("churn-scaling", {
        endpointName: "perennial-dev-churn",
        capacity: {
          minInstances: 2,
          maxInstances: 6,
          invocationsPerInstance: 600,
          schedules: [{ name: "night", schedule: "cron(0 20 * * ? *)", minInstances: 1, maxInstances: 2 }],
        },
        tags: { "perennial:workload": "churn" },
      }),
  );
  const variant = {
    serviceNamespace: "sagemaker",
    scalableDimension: "sagemaker:variant:DesiredInstanceCount",
    resourceId: "endpoint/perennial-dev-churn/variant/primary",
  };
  // What depends on the target registers after it has got its id.
  const scaling = ["target:Target", "policy:Policy", "scheduledAction:ScheduledAction"].flatMap((kind) =>
    resources.filter(({ type }) => type === `aws:appautoscaling/${kind}`),
  );
  expect(scaling).toHaveLength(resources.filter(({ type }) => type.startsWith("aws:")).length);
  expect(scaling.map(({ type, name, inputs }) => [type.split(":").at(-1), name, inputs])).toEqual([
    [
      "Target",
      "churn-scaling",
      { ...variant, minCapacity: 2, maxCapacity: 6, tags: { "perennial:workload": "churn" } },
    ],
    [
      "Policy",
      "churn-scaling",
      {
        ...variant,
        name: "perennial-dev-churn-requests",
        policyType: "TargetTrackingScaling",
        targetTrackingScalingPolicyConfiguration: {
          predefinedMetricSpecification: { predefinedMetricType: "SageMakerVariantInvocationsPerInstance" },
          targetValue: 600,
          scaleOutCooldown: 60,
          scaleInCooldown: 300,
        },
      },
    ],
    [
      "ScheduledAction",
      "churn-scaling-night",
      {
        ...variant,
        name: "perennial-dev-churn-night",
        schedule: "cron(0 20 * * ? *)",
        timezone: "UTC",
        scalableTargetAction: { minCapacity: 1, maxCapacity: 2 },
      },
    ],
  ]);
});
