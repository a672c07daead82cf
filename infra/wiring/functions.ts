import { join } from "node:path";
import { type FunctionName, FUNCTIONS, type WorkloadSpec } from "@perennial/contracts";
import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { DeadLetters } from "../components/alerts/dead-letters.ts";
import { bundleFunctions } from "../components/function/bundle.ts";
import { type EnvironmentOf, Function } from "../components/function/function.ts";
import { ServiceRole } from "../components/identity/service-role.ts";
import type { Settings } from "../config.ts";
import type { Foundation } from "./foundation.ts";
import { isTried } from "./rollouts.ts";
import type { Stack } from "./stack.ts";

export type Bundles = Record<FunctionName, pulumi.asset.AssetArchive>;

/** Bundles every function of the contract. */
export const bundles = (): Bundles =>
  bundleFunctions(join(import.meta.dirname, "../../functions"), Object.keys(FUNCTIONS) as FunctionName[]);

/** Whether a stack has the function: those of the HTTP API only where it does, and what looks at trials where there are any. */
export function isDeployed(settings: Settings, specs: WorkloadSpec[], name: FunctionName): boolean {
  const { publicApi, apiAuth } = settings;
  if (name === "observe-trial") return specs.some((spec) => isTried(spec, settings));
  if (name === "answer-http") return publicApi;
  if (name === "authorize-request") return publicApi && apiAuth === "jwt";
  return true;
}

export interface FunctionPlan<Name extends FunctionName> {
  description: string;
  environment: EnvironmentOf<Name>;
  timeoutSeconds?: number;
  memoryMiB?: number;
  /** What the function may do besides writing its log. */
  grants: (grantee: Name, role: aws.iam.Role) => aws.iam.RolePolicy[];
}

/** Deploys a function that a workflow calls and waits for. */
export function deployStep<Name extends FunctionName>(
  stack: Stack,
  foundation: Foundation,
  code: Bundles,
  name: Name,
  plan: FunctionPlan<Name>,
): Function<Name> {
  return deploy(stack, foundation, code, name, plan, undefined);
}

/** Deploys a function that events reach, with a queue for those that fail for good. */
export function deployListener<Name extends FunctionName>(
  stack: Stack,
  foundation: Foundation,
  code: Bundles,
  name: Name,
  plan: FunctionPlan<Name>,
): { listener: Function<Name>; deadLetters: DeadLetters } {
  const { names, settings, opts } = stack;
  const deadLetters = new DeadLetters(
    `${name}-dead-letters`,
    {
      queueName: names.shared(`${name}-dead-letters`),
      keyArn: foundation.key.keyArn,
      accountId: settings.accountId,
      rulePattern: names.arn("events", `rule/${names.prefix}-*`),
      alertTopicArn: foundation.alerts.topicArn,
    },
    opts,
  );
  return { listener: deploy(stack, foundation, code, name, plan, deadLetters), deadLetters };
}

function deploy<Name extends FunctionName>(
  { names, settings, opts }: Stack,
  { key, alerts }: Foundation,
  code: Bundles,
  name: Name,
  { description, environment, timeoutSeconds, memoryMiB, grants }: FunctionPlan<Name>,
  deadLetters: DeadLetters | undefined,
): Function<Name> {
  const functionName = names.function(name);
  const { role } = new ServiceRole(
    name,
    {
      roleName: functionName,
      description: `Function ${functionName}`,
      service: "lambda.amazonaws.com",
      accountId: settings.accountId,
      sourceArn: names.arn("lambda", `function:${functionName}`),
    },
    opts,
  );
  const granted = grants(name, role);
  if (deadLetters !== undefined) {
    granted.push(deadLetters.grantSend(name, role), key.grantEncrypt(name, role, ["sqs"]));
  }
  return new Function<Name>(
    name,
    {
      functionName,
      description,
      code: code[name],
      environment,
      role,
      logGroupName: names.functionLogGroup(name),
      logRetentionDays: settings.logRetentionDays,
      keyArn: key.keyArn,
      alertTopicArn: alerts.topicArn,
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
      ...(memoryMiB === undefined ? {} : { memoryMiB }),
      ...(deadLetters === undefined ? {} : { deadLetterQueueArn: deadLetters.queueArn }),
    },
    // A function that is called before it may do its work fails on its first event.
    { ...opts, dependsOn: granted },
  );
}
