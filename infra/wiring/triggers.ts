import * as pulumi from "@pulumi/pulumi";
import { DriftAlarm } from "../components/monitoring/drift-alarm.ts";
import * as forms from "../components/triggers/forms.ts";
import * as patterns from "../components/triggers/patterns.ts";
import { Trigger } from "../components/triggers/trigger.ts";
import type { Doors } from "./doors.ts";
import { hasEndpoint } from "./endpoints.ts";
import type { Foundation } from "./foundation.ts";
import type { Stack } from "./stack.ts";
import type { Loop } from "./workflows.ts";

/** How often what was held back is looked at again. */
const SWEEP = "rate(15 minutes)";

/** What starts the loop, and what ends it: schedules, drift, requests, approvals, and the ends of executions. */
export function setTriggers(
  { settings, names, opts }: Stack,
  { alerts }: Foundation,
  loops: Loop[],
  doors: Doors,
): void {
  const { stack } = settings;
  const admitRetraining = listener("admit-retraining", doors.admitRetraining);
  const admitRollout = listener("admit-rollout", doors.admitRollout);
  const releaseLease = listener("release-lease", doors.releaseLease);
  const trigger = (
    name: string,
    description: string,
    args: Pick<ConstructorParameters<typeof Trigger>[1], "on" | "listeners">,
  ) => new Trigger(name, { ruleName: names.shared(name), description, ...args }, opts);

  for (const loop of loops) {
    const { spec } = loop;
    const { name } = spec;
    trigger(`${name}-schedule`, `Asks for a retraining of ${name} now and then`, {
      on: { schedule: spec.retraining.schedule },
      listeners: [{ ...admitRetraining, form: forms.scheduled(name) }],
    });
    if (!hasEndpoint(loop)) {
      // Nothing captures what a function is asked, so that no drift is seen, either.
      trigger(`${name}-code`, `Rolls what is live of ${name} out anew when its function's code changes`, {
        on: { pattern: patterns.parameterChanged(names.scoringCodeParameter(name)) },
        listeners: [{ ...admitRollout, form: forms.imageChanged(stack, name) }],
      });
      continue;
    }
    const alarm = new DriftAlarm(
      name,
      {
        alarmName: names.ofWorkload(name, "drift"),
        stack,
        workload: name,
        tags: names.tags(name),
        driftedShare: spec.monitoring.driftedShare,
        alertTopicArn: alerts.topicArn,
      },
      opts,
    );
    trigger(`${name}-drift`, `Asks for a retraining of ${name} when its features drift`, {
      on: { pattern: alarm.alarmName.apply(patterns.alarmWentOff) },
      listeners: [{ ...admitRetraining, form: forms.drifted(name) }],
    });
    trigger(`${name}-image`, `Rolls what is live of ${name} out anew when the serving image changes`, {
      on: { pattern: patterns.parameterChanged(names.servingImageParameter) },
      listeners: [{ ...admitRollout, form: forms.imageChanged(stack, name) }],
    });
  }
  trigger("retraining-requested", "Somebody asks for a retraining", {
    on: { pattern: patterns.retrainingRequested(stack) },
    listeners: [{ ...admitRetraining, form: forms.requestedByHand() }],
  });
  trigger("rollout-requested", "Somebody asks for a rollback or a promotion", {
    on: { pattern: patterns.rolloutRequested(stack) },
    listeners: [{ ...admitRollout, form: forms.rolloutRequested() }],
  });
  trigger("freeze-requested", "Somebody asks for a freeze, or for its end", {
    on: { pattern: patterns.freezeRequested(stack) },
    listeners: [
      { ...admitRetraining, form: forms.freezeRequested() },
      { ...admitRollout, form: forms.freezeRequested() },
    ],
  });
  trigger("version-approved", "A version was approved, by the gate or by a person", {
    on: {
      pattern: pulumi.all(loops.map(({ registry }) => registry.groupName)).apply(patterns.versionApproved),
    },
    listeners: [{ ...admitRollout, form: forms.approved() }],
  });
  trigger("sweep", "Looks again at what was held back", {
    on: { schedule: SWEEP },
    listeners: [
      { ...admitRetraining, form: forms.swept() },
      { ...admitRollout, form: forms.swept() },
    ],
  });
  trigger("execution-ended", "An execution ended, however it ended", {
    on: {
      pattern: pulumi
        .all(loops.flatMap(({ retrain, rollout }) => [retrain.stateMachineArn, rollout.stateMachineArn]))
        .apply(patterns.executionEnded),
    },
    listeners: [releaseLease],
  });
}

const listener = (name: string, { listener, deadLetters }: Doors[keyof Doors]) => ({
  name,
  function: listener.function,
  deadLetterQueueArn: deadLetters.queueArn,
});
