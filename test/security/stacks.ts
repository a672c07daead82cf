import { join } from "node:path";
import { naming } from "../../infra/naming.ts";
import { evaluate } from "../../local/program/evaluate.ts";
import type { Account, RecordedResource } from "../../local/program/resource.ts";
import { readStack } from "../../local/program/settings.ts";
import { Permissions } from "./account.ts";
import type { Subject } from "./aws-needs/need.ts";

const REPOSITORY = join(import.meta.dirname, "../..");

/** The workload that the proofs are about: each has the same roles, and this one has states to look up as well. */
export const WORKLOAD = "match-outcome";
/** What its endpoint is asked: a record that leaves to it what it can look up. */
export const RECORD = { team: "Real Madrid", opponent: "Barcelona", venue: "home", date: "2026-08-30" };

export interface Stack {
  subject: Subject;
  permissions: Permissions;
}

/** Policies of a recorded program, with what the table of needs has to know of it. */
export function stackOf(
  stack: string,
  resources: readonly RecordedResource[],
  account: Account,
  network?: Subject["network"],
): Stack {
  const key = resources.find(({ type }) => type === "aws:kms/key:Key");
  const api = resources.find(({ type }) => type === "aws:apigateway/restApi:RestApi");
  const subject: Subject = {
    ...account,
    names: naming({ stack, ...account }),
    workload: WORKLOAD,
    keyArn: String(key?.outputs["arn"]),
    apiArn: String(api?.outputs["executionArn"]),
    ...(network === undefined ? {} : { network }),
  };
  return { subject, permissions: Permissions.of(resources, account) };
}

/** Evaluates the program with a stack's settings, with one workload and in a network of the account if one is given. */
export async function evaluateStack(stack: string, network?: Subject["network"]): Promise<Stack> {
  const settings = readStack(REPOSITORY, stack);
  Object.assign(settings.values, {
    "perennial:workloads": JSON.stringify([WORKLOAD]),
    ...(network === undefined
      ? {}
      : {
          "perennial:subnetIds": JSON.stringify(network.subnetIds),
          "perennial:securityGroupIds": JSON.stringify(network.securityGroupIds),
        }),
  });
  const { resources, account } = await evaluate(REPOSITORY, settings);
  return stackOf(stack, resources, account, network);
}
