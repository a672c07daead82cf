import type { Account, RecordedResource } from "../program/resource.ts";
import type { Cloud, Counterparts, Json, Planned } from "./counterpart.ts";
import { EDGE } from "./edge.ts";
import { HTTP_API } from "./http-api.ts";
import { IDENTITY } from "./identity.ts";
import { LOOP } from "./loop.ts";
import { MESSAGING } from "./messaging.ts";
import { MODELS } from "./models.ts";
import { SCALING } from "./scaling.ts";
import { STORAGE } from "./storage.ts";

/** Every type of resource that the program may hold. */
export const COUNTERPARTS: Counterparts = {
  ...IDENTITY,
  ...STORAGE,
  ...MESSAGING,
  ...MODELS,
  ...LOOP,
  ...HTTP_API,
  ...EDGE,
  ...SCALING,
  "pulumi:providers:aws": {
    outputs: ({ name }) => ({ id: name }),
    create: { none: "account and region are those of the stack's settings" },
  },
};

/** @throws for a type without a counterpart: what AWS would get and this machine wouldn't must not go unseen. */
export function outputsOf(resource: Planned, account: Account): { id: string; outputs: Json } {
  const counterpart = COUNTERPARTS[resource.type];
  if (counterpart === undefined) {
    throw new Error(
      `${resource.type} "${resource.name}" has no counterpart on one machine: give it one in local/provider/, or list it ` +
        `there as having no effect, with the reason.`,
    );
  }
  try {
    const { id, outputs = {} } = counterpart.outputs(resource, account);
    return { id, outputs };
  } catch (cause) {
    throw new Error(`${resource.type} "${resource.name}": ${(cause as Error).message}`, { cause });
  }
}

/** Creates the recorded resources, in the order in which the program registered them. */
export async function createAll(resources: readonly RecordedResource[], cloud: Cloud): Promise<void> {
  for (const resource of resources) {
    const create = COUNTERPARTS[resource.type]?.create;
    if (typeof create !== "function") continue;
    try {
      await create(resource, cloud);
    } catch (cause) {
      throw new Error(`${resource.type} "${resource.name}": ${(cause as Error).message}`, { cause });
    }
  }
}
