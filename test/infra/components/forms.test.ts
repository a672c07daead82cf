import { FUNCTIONS, RetrainingTrigger, RolloutTrigger } from "@perennial/contracts";
import { expect, it } from "vitest";
import * as forms from "../../../infra/components/triggers/forms.ts";
import type { EventForm } from "../../../infra/components/triggers/forms.ts";

const HEAD = { id: "6a7e8feb-b491-4cf7-a9f1-bf3703467718", time: "2026-03-01T02:00:00Z" };

/** What EventBridge makes of an event: values by path, written into the template as JSON. */
function transformed({ inputPaths, inputTemplate }: EventForm, event: Record<string, unknown>): unknown {
  const at = (path: string) =>
    path
      .slice(2)
      .split(".")
      .reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], event);
  return JSON.parse(
    inputTemplate.replaceAll(/<(\w+)>/g, (_, name: string) => JSON.stringify(at(inputPaths[name] ?? "$."))),
  );
}

it.each([
  ["schedule", forms.scheduled("churn"), {}, { kind: "schedule", workload: "churn" }],
  [
    "drift",
    forms.drifted("churn"),
    { state: { reason: 'Threshold "crossed": 0.4 > 0.3', value: "ALARM" } },
    { kind: "drift", workload: "churn", reason: 'Threshold "crossed": 0.4 > 0.3' },
  ],
  [
    "manual",
    forms.requestedByHand(),
    { stack: "dev", workload: "churn", reason: "new data", requestedBy: "ada" },
    {
      kind: "manual",
      detail: { stack: "dev", workload: "churn", reason: "new data", requestedBy: "ada" },
    },
  ],
  [
    "manual",
    forms.requestedByHand(),
    { stack: "dev", workload: "churn", reason: "new data", requestedBy: "ada", search: true },
    {
      kind: "manual",
      detail: { stack: "dev", workload: "churn", reason: "new data", requestedBy: "ada", search: true },
    },
  ],
  ["re-entry", forms.swept(), {}, { kind: "re-entry" }],
])("a %s reaches admit-retraining in its form", (_, form, detail, expected) => {
  const event = transformed(form, { ...HEAD, detail });
  expect(event).toEqual({ ...HEAD, ...expected });
  expect(RetrainingTrigger.parse(event)).toEqual(event);
});

it.each([
  [
    "approval",
    forms.approved(),
    {
      ModelPackageGroupName: "perennial-dev-churn",
      ModelPackageVersion: 3,
      ModelPackageArn: "arn:aws:sagemaker:eu-central-1:123456789012:model-package/perennial-dev-churn/3",
      ModelApprovalStatus: "Approved",
    },
    {
      kind: "approval",
      modelPackageArn: "arn:aws:sagemaker:eu-central-1:123456789012:model-package/perennial-dev-churn/3",
      modelPackageGroup: "perennial-dev-churn",
      version: 3,
    },
  ],
  [
    "rollback",
    forms.rolloutRequested(),
    { stack: "dev", workload: "churn", kind: "rollback", version: 2, reason: "too slow", requestedBy: "ada" },
    {
      kind: "request",
      detail: {
        stack: "dev",
        workload: "churn",
        kind: "rollback",
        version: 2,
        reason: "too slow",
        requestedBy: "ada",
      },
    },
  ],
  [
    "changed image",
    forms.imageChanged("dev", "churn"),
    { name: "/perennial/dev/serving-image", operation: "Update" },
    {
      kind: "request",
      detail: {
        stack: "dev",
        workload: "churn",
        kind: "image",
        reason: "The serving image changed.",
        requestedBy: "deployment",
      },
    },
  ],
  ["re-entry", forms.swept(), {}, { kind: "re-entry" }],
])("a %s reaches admit-rollout in its form", (_, form, detail, expected) => {
  const event = transformed(form, { ...HEAD, detail });
  expect(event).toEqual({ ...HEAD, ...expected });
  expect(RolloutTrigger.parse(event)).toEqual(event);
});

it("the end of an execution is taken as it comes", () => {
  const detail = {
    executionArn: "arn:aws:states:eu-central-1:123456789012:execution:m:e",
    stateMachineArn: "arn:aws:states:eu-central-1:123456789012:stateMachine:m",
    name: "e",
    status: "ABORTED",
    startDate: 1,
    stopDate: 2,
    input: "{}",
    output: null,
    error: null,
    cause: null,
  };
  expect(FUNCTIONS["release-lease"].event.parse(detail).status).toBe("ABORTED");
});
