import type { S3Client } from "@aws-sdk/client-s3";
import type { Bus } from "../events/bus.ts";
import type { QueueSources } from "../functions/queue-sources.ts";
import type { Functions } from "../functions/service.ts";
import type { EventSink } from "../gateway/interfaces.ts";
import type { WebAcl } from "../http-api/firewall.ts";
import type { HttpApis } from "../http-api/http-apis.ts";
import type { Identity } from "../identity/identity.ts";
import type { AlarmWatch } from "../monitoring/alarm-watch.ts";
import type { Account, RecordedResource } from "../program/resource.ts";
import type { TrackingApps } from "../sagemaker/tracking-apps.ts";
import type { Workflows } from "../workflows/service.ts";

export type Json = Record<string, unknown>;

/** A resource while the program is evaluated: it has inputs and no outputs yet. */
export interface Planned {
  type: string;
  name: string;
  inputs: Json;
}

/** What counterparts create things in. */
export interface Cloud {
  account: Account;
  identity: Identity;
  functions: Functions;
  queueSources: QueueSources;
  tracking: TrackingApps;
  httpApis: HttpApis;
  /** Web ACLs by their ARN, until they are put before something. */
  webAcls: Map<string, WebAcl>;
  /** Milliseconds since 1970, as the local cloud's clock tells them. */
  now: () => number;
  workflows: Workflows;
  bus: Bus;
  alarms: AlarmWatch;
  s3: S3Client;
  putEvent: EventSink;
  /** Calls an API as the person at the machine. */
  call: (service: string, action: string, input: Json) => Promise<Json>;
  /** Folder that functions' code is unpacked under. */
  codeFolder: string;
  /** Tells the person what would reach somebody outside. */
  say: (message: string) => void;
}

/** The local stand-in for one type of resource. */
export interface Counterpart {
  /** Identifier and outputs, from the inputs alone: the same inputs give the same outputs. */
  outputs(resource: Planned, account: Account): { id: string; outputs?: Json };
  /** Creates it, or brings it up to date where it exists; or the reason why it has no effect here. */
  create: ((resource: RecordedResource, cloud: Cloud) => Promise<void>) | { none: string };
}

export type Counterparts = Record<string, Counterpart>;

/** A member of the inputs that must be text. */
export function text(inputs: Json, member: string): string {
  const value = inputs[member];
  if (typeof value !== "string") throw new Error(`${member} is ${JSON.stringify(value)}; expected text.`);
  return value;
}

export function arn({ accountId, region }: Account, service: string, resource: string): string {
  return `arn:aws:${service}:${region}:${accountId}:${resource}`;
}

/** Whether something exists already, asked by describing it. */
export async function exists(describe: Promise<unknown>): Promise<boolean> {
  try {
    await describe;
    return true;
  } catch {
    return false;
  }
}

/** Inputs as the API's members: `EndpointConfigName` for `endpointConfigName`, tags as a list. */
export function membersOf(inputs: Json): Json {
  const { tags, tagsAll, ...members } = inputs;
  const Tags = Object.entries((tagsAll ?? tags ?? {}) as Record<string, string>).map(([Key, Value]) => ({
    Key,
    Value,
  }));
  return { ...(pascal(members) as Json), ...(Tags.length === 0 ? {} : { Tags }) };
}

function pascal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pascal);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.charAt(0).toUpperCase() + key.slice(1), pascal(item)]),
  );
}
