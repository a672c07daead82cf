import { text, type Counterparts } from "./counterpart.ts";

const ONE_PROCESS =
  "a variant is one process here, however many instances it stands for; what a rollout keeps of a scaled endpoint shows by " +
  "UpdateEndpointWeightsAndCapacities";

/** Autoscaling of endpoints. */
export const SCALING: Counterparts = {
  "aws:appautoscaling/target:Target": {
    outputs: ({ inputs }) => ({
      id: text(inputs, "resourceId"),
      outputs: { resourceId: text(inputs, "resourceId") },
    }),
    create: { none: ONE_PROCESS },
  },
  "aws:appautoscaling/policy:Policy": {
    outputs: ({ inputs }) => ({ id: text(inputs, "name") }),
    create: { none: ONE_PROCESS },
  },
  "aws:appautoscaling/scheduledAction:ScheduledAction": {
    outputs: ({ inputs }) => ({ id: text(inputs, "name") }),
    create: { none: ONE_PROCESS },
  },
};
