import * as pulumi from "@pulumi/pulumi";
import type { Foundation } from "./foundation.ts";
import { type Bundles, deployListener } from "./functions.ts";
import type { Stack } from "./stack.ts";
import { perWorkload } from "./steps.ts";
import type { Loop } from "./workflows.ts";

/** How much longer than an execution its lease lives. */
const LEASE_MARGIN_MINUTES = 15;

export type Doors = ReturnType<typeof openDoors>;

/** The functions that events reach: who may start a workflow, and what frees its lease. */
export function openDoors(stack: Stack, foundation: Foundation, loops: Loop[], code: Bundles) {
  const { ledger, lake, key } = foundation;
  const LEDGER_TABLE = ledger.table.name;

  const admitRetraining = deployListener(stack, foundation, code, "admit-retraining", {
    description: "The one door to a retraining",
    environment: {
      LEDGER_TABLE,
      WORKLOADS: perWorkload(loops, ({ spec, retrain }) => ({
        rawUri: pulumi.interpolate`s3://${lake.bucket.bucket}/raw/${spec.name}/`,
        snapshotsUri: pulumi.interpolate`s3://${lake.bucket.bucket}/snapshots/${spec.name}/`,
        search: spec.search?.run === "always",
        stateMachineArn: retrain.stateMachineArn,
        coolDownMinutes: spec.retraining.coolDownMinutes,
        dailyBudget: spec.retraining.dailyBudget,
        leaseMinutes: spec.retraining.timeoutMinutes + LEASE_MARGIN_MINUTES,
      })),
    },
    grants: (grantee, role) => [
      ledger.grantWrite(grantee, role),
      key.grantDecrypt(grantee, role, ["dynamodb"]),
      ...loops.map(({ retrain }) => retrain.grantStart(grantee, role)),
    ],
  });
  const admitRollout = deployListener(stack, foundation, code, "admit-rollout", {
    description: "The one door to an endpoint",
    environment: {
      LEDGER_TABLE,
      WORKLOADS: perWorkload(loops, ({ registry, baseline, rollout, rolloutMinutes }) => ({
        stateMachineArn: rollout.stateMachineArn,
        modelPackageGroup: registry.groupName,
        leaseMinutes: rolloutMinutes + LEASE_MARGIN_MINUTES,
        baselineSha256: baseline.sha256,
      })),
    },
    grants: (grantee, role) => [
      ledger.grantWrite(grantee, role),
      key.grantDecrypt(grantee, role, ["dynamodb"]),
      ...loops.map(({ rollout }) => rollout.grantStart(grantee, role)),
      ...loops.map(({ registry }) => registry.grantRead(grantee, role)),
    ],
  });
  const releaseLease = deployListener(stack, foundation, code, "release-lease", {
    description: "Frees the lease of an execution that ended, however it ended",
    environment: {
      LEDGER_TABLE,
      STATE_MACHINES: stateMachinesOf(loops),
    },
    grants: (grantee, role) => [
      ledger.grantWrite(grantee, role),
      key.grantDecrypt(grantee, role, ["dynamodb"]),
    ],
  });
  return { admitRetraining, admitRollout, releaseLease };
}

/** An environment variable that says which workload's workflow each state machine is, as JSON. */
export const stateMachinesOf = (loops: Loop[]): pulumi.Output<string> =>
  pulumi
    .all(loops.flatMap(({ retrain, rollout }) => [retrain.stateMachineArn, rollout.stateMachineArn]))
    .apply((arns) =>
      JSON.stringify(
        Object.fromEntries(
          loops.flatMap(({ spec }, index) => [
            [arns[2 * index], { workload: spec.name, kind: "retrain" }],
            [arns[2 * index + 1], { workload: spec.name, kind: "rollout" }],
          ]),
        ),
      ),
    );
