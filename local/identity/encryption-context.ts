import type { Policy, Requirement } from "./identity.ts";

const KEY = /^kms:EncryptionContext:/i;

/**
 * The simulator takes every `kms:EncryptionContext:<name>` for one and the same key, so that no condition on one holds. It
 * keeps tags of principals apart: these keys are told to it as such tags, in calls and in policies alike.
 */
const known = (key: string): string =>
  KEY.test(key) ? `aws:PrincipalTag/encryption-context-${key.replace(KEY, "")}` : key;

/** The context of a call with its encryption context under names that the simulator tells apart. */
export const knownContext = (context: Requirement["context"]): Requirement["context"] =>
  Object.fromEntries(Object.entries(context).map(([key, value]) => [known(key), value]));

/** A policy whose conditions ask for those names. */
export function knownPolicy(policy: Policy): Policy {
  if (!JSON.stringify(policy).toLowerCase().includes("kms:encryptioncontext:")) return policy;
  const statements = [policy["Statement"]].flat() as Record<string, unknown>[];
  return {
    ...policy,
    Statement: statements.map(({ Condition, ...statement }) =>
      Condition === undefined ? statement : { ...statement, Condition: knownCondition(Condition) },
    ),
  };
}

function knownCondition(condition: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(condition as Record<string, Record<string, unknown>>).map(([operator, keys]) => [
      operator,
      Object.fromEntries(Object.entries(keys).map(([key, value]) => [known(key), value])),
    ]),
  );
}
