import type { Identity, Requirement } from "../../identity/identity.ts";

/** A call whose requirements are asked for. */
export interface Question {
  action: string;
  input: Record<string, unknown>;
  identity: Identity;
}

/** A member of `input` that is text; undefined where it is absent or something else. */
export function text(input: unknown, name: string): string | undefined {
  if (typeof input !== "object" || input === null) return undefined;
  const value: unknown = Reflect.get(input, name);
  return typeof value === "string" ? value : undefined;
}

/** The texts of a list; nothing where it is none. */
export function listed(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** The objects of a list; nothing where it is none. */
export function records(value: unknown): Record<string, unknown>[] {
  if (!Array.isArray(value)) return [];
  return value.filter((item) => typeof item === "object" && item !== null) as Record<string, unknown>[];
}

/** The members of an object that are text. */
export function scalars(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) =>
      typeof member === "string" ? [[name, member] as const] : [],
    ),
  );
}

/** A member that is an object, as such; an empty one where it is none. */
export function object(input: unknown, name: string): Record<string, unknown> {
  if (typeof input !== "object" || input === null) return {};
  const value: unknown = Reflect.get(input, name);
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

export function arn({ region, accountId }: Identity, service: string, resource: string): string {
  return `arn:aws:${service}:${region}:${accountId}:${resource}`;
}

/** What a service that keeps `resource` encrypted does with its key in the caller's name. */
export function keyUse(
  actions: string[],
  resource: string,
  service: string,
  identity: Identity,
  encryptionContext: Record<string, string> = {},
): Requirement[] {
  const key = identity.encryptionKeyOf(resource);
  if (key === undefined) return [];
  const context = {
    "kms:ViaService": `${service}.${identity.region}.amazonaws.com`,
    "kms:CallerAccount": identity.accountId,
    ...encryptionContext,
  };
  return actions.map((action) => ({ action, resource: key, context }));
}
