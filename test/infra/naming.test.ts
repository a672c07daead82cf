import * as fc from "fast-check";
import { expect, it } from "vitest";
import { FUNCTIONS, type FunctionName } from "@perennial/contracts";
import { LONGEST_STACK_NAME, naming } from "../../infra/naming.ts";

const stack = "s".repeat(LONGEST_STACK_NAME);
const workload = "w".repeat(32);
const names = naming({ stack, accountId: "123456789012", region: "ap-southeast-2" });

it.each([
  ["bucket", 63, names.artifactBucket],
  ["endpoint", 63, names.endpoint(workload)],
  ["model package group", 63, names.modelPackageGroup(workload)],
  ["baseline model and configuration", 63, names.ofWorkload(workload, "baseline")],
  ["role of processing jobs", 64, names.ofWorkload(workload, "processing")],
  ["role of a workflow", 64, names.ofWorkload(workload, "rollout")],
  ["rule of a schedule", 64, names.shared(`${workload}-schedule`)],
  ["state machine", 80, names.stateMachine(workload, "retrain")],
  ["queue", 80, names.shared("admit-retraining-dead-letters")],
  ["topic", 256, names.alertTopic],
  ["log group", 512, names.workflowLogGroup(workload, "rollout")],
])("the longest name of a %s fits its %i characters", (_, limit, name) => {
  expect(name.length).toBeLessThanOrEqual(limit);
});

it("the longest name of a function fits its 64 characters", () => {
  const longest = (Object.keys(FUNCTIONS) as FunctionName[]).map((name) => names.function(name));
  expect(longest.filter((name) => name.length > 64)).toEqual([]);
});

it("matches every execution of a workload and none of a workload whose name starts like it", () => {
  const matcher = (pattern: string) => new RegExp(`^${pattern.replaceAll("?", ".")}$`);
  const hex = fc.stringMatching(/^[0-9a-f]{12}$/);
  fc.assert(
    fc.property(hex, fc.constantFrom("-extended", "-2", "s"), (digits, longer) => {
      const pattern = matcher(names.anyExecution("match"));
      expect(pattern.test(`match-${digits}`)).toBe(true);
      expect(pattern.test(`match${longer}-${digits}`)).toBe(false);
    }),
  );
});
