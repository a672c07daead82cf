import { existsSync } from "node:fs";
import grpc from "@grpc/grpc-js";
import type { IEngineServer } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineService from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineMessages from "@pulumi/pulumi/proto/engine_pb.js";
import type { IResourceMonitorServer } from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import monitorService from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/resource_pb.js";
import rpc from "@pulumi/pulumi/runtime/rpc.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import { outputsOf } from "./outputs.ts";

export type Inputs = Record<string, unknown>;

/** What stands in a preview for a value that only the cloud knows. */
export const UNKNOWN = rpc.unknownValue;

const STACK_TYPE = "pulumi:pulumi:Stack";
/** The options of a resource that need no call back into the program. */
const FEATURES = [
  messages.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_SECRETS,
  messages.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
  messages.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
  messages.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
  messages.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
  messages.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
  messages.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
];

/** A resource as the program asked for it, in the wire's own form. */
export interface Registration {
  urn: string;
  type: string;
  name: string;
  isCustom: boolean;
  /** `<URN>::<id>` of the provider that the program chose; empty where the engine is to choose. */
  provider: string;
  /** Of the provider's plugin, where the engine is to choose. */
  version: string;
  inputs: Inputs;
}

/** What was said between program and engine. */
export interface Conversation {
  registrations: Registration[];
  /** Of components and the stack, by URN. */
  outputs: Map<string, Inputs>;
  /** Warnings and errors. */
  diagnostics: string[];
  /** Calls by which a program asks the cloud for something that it didn't make. */
  lookups: string[];
}

export interface Engine {
  address: string;
  conversation: Conversation;
  stop(): void;
}

/**
 * The engine's side of the protocol that a program is run by, on 127.0.0.1. In an update each resource gets an id and
 * outputs; in a preview they are unknown. A request that the engine refuses is refused here too: a resource named twice, a
 * parent, dependency or provider that is not there yet, a type without a package, a file that doesn't exist.
 */
export async function startEngine(project: string, stack: string, isPreview: boolean): Promise<Engine> {
  const conversation: Conversation = {
    registrations: [],
    outputs: new Map(),
    diagnostics: [],
    lookups: [],
  };
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1 });
  server.addService(monitorService.ResourceMonitorService, {
    ...monitor(conversation, { project, stack, isPreview }),
    ...lookups(conversation),
  });
  server.addService(engineService.EngineService, diagnostics(conversation));
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    ),
  );
  return { address: `127.0.0.1:${port}`, conversation, stop: () => server.forceShutdown() };
}

interface Deployment {
  project: string;
  stack: string;
  isPreview: boolean;
}

const monitor = ({ registrations, outputs }: Conversation, { project, stack, isPreview }: Deployment) =>
  ({
    getDeploymentInfo: (_, answer) =>
      answer(null, new messages.DeploymentInfo().setSupportedfeaturesList(FEATURES)),

    registerResource: ({ request }, answer) => {
      const [type, name, isCustom] = [request.getType(), request.getName(), request.getCustom()];
      const parent = registrations.find(({ urn }) => urn === request.getParent());
      const within = parent === undefined || parent.type === STACK_TYPE ? "" : `${typesOf(parent.urn)}$`;
      const registration: Registration = {
        urn: `urn:pulumi:${stack}::${project}::${within}${type}::${name}`,
        type,
        name,
        isCustom,
        provider: request.getProvider(),
        version: request.getVersion(),
        inputs: fromWire(request.getObject()),
      };
      const named = [request.getParent(), ...request.getDependenciesList()].filter((urn) => urn !== "");
      const fault = faultOf(registration, named, registrations);
      if (fault !== undefined) {
        answer({
          code: grpc.status.INVALID_ARGUMENT,
          details: `the engine refuses ${registration.urn}: ${fault}`,
        });
        return;
      }
      registrations.push(registration);
      const response = new messages.RegisterResourceResponse().setUrn(registration.urn);
      if (isCustom) response.setId(idOf(registration, isPreview));
      const state = isCustom ? stateOf(registration, isPreview) : {};
      answer(null, response.setObject(toWire(state)));
    },

    registerResourceOutputs: ({ request }, answer) => {
      const owner = registrations.find(({ urn }) => urn === request.getUrn());
      if (owner === undefined || owner.isCustom || outputs.has(request.getUrn())) {
        answer({
          code: grpc.status.INVALID_ARGUMENT,
          details:
            `the engine refuses outputs of ${request.getUrn()}: expected them once, of a component that was ` +
            "registered before",
        });
        return;
      }
      outputs.set(owner.urn, fromWire(request.getOutputs()));
      answer(null, new empty.Empty());
    },

    signalAndWaitForShutdown: (_, answer) => answer(null, new empty.Empty()),
  }) satisfies Pick<
    IResourceMonitorServer,
    "getDeploymentInfo" | "registerResource" | "registerResourceOutputs" | "signalAndWaitForShutdown"
  >;

const LOOKUPS = ["invoke", "call", "readResource", "existsResource"] as const;

/** Refuses every question about what the program didn't make, and remembers that it was asked. */
function lookups({ lookups }: Conversation): grpc.UntypedServiceImplementation {
  const handlers = LOOKUPS.map((method) => {
    const refuse: grpc.handleUnaryCall<unknown, unknown> = (_, answer) => {
      lookups.push(method);
      answer({
        code: grpc.status.FAILED_PRECONDITION,
        details: `the test's engine has no answer to ${method}`,
      });
    };
    return [method, refuse] as const;
  });
  return Object.fromEntries(handlers);
}

const diagnostics = ({ diagnostics }: Conversation) =>
  ({
    log: ({ request }, answer) => {
      const severity = request.getSeverity();
      if (severity >= engineMessages.LogSeverity.WARNING) diagnostics.push(request.getMessage());
      answer(null, new empty.Empty());
    },
    setRootResource: (_, answer) => answer(null, new engineMessages.SetRootResourceResponse()),
  }) satisfies Pick<IEngineServer, "log" | "setRootResource">;

/** Why the engine wouldn't take a registration; undefined where it does. */
function faultOf(
  { urn, type, provider, inputs }: Registration,
  named: readonly string[],
  earlier: readonly Registration[],
): string | undefined {
  if (!/^[^:]+:[^:]*:[^:]+$/.test(type)) return `its type is ${type}, expected package:module:Type`;
  if (earlier.some((other) => other.urn === urn)) return "it is registered twice";
  const stranger = named.find((name) => !earlier.some(({ urn }) => urn === name));
  if (stranger !== undefined) return `it is given ${stranger}, which is not registered`;
  const [, providerUrn, id] = /^(.*)::(.*)$/.exec(provider) ?? [];
  const isRegistered = earlier.some((other) => other.urn === providerUrn && id !== "");
  if (provider !== "" && !isRegistered) return `its provider is ${provider}, which is not registered`;
  const missing = filesOf(inputs).find((path) => !existsSync(path));
  return missing === undefined ? undefined : `it is given ${missing}, where there is no file`;
}

/** The engine doesn't know ids before an update; a provider gets a mark that says so, everything else none. */
function idOf({ type, name }: Registration, isPreview: boolean): string {
  if (!isPreview) return `${name}-id`;
  return type.startsWith("pulumi:providers:") ? UNKNOWN : "";
}

function stateOf({ type, name, inputs }: Registration, isPreview: boolean): Inputs {
  const computed = outputsOf(type, name, inputs);
  if (!isPreview) return { ...computed, ...inputs };
  return { ...Object.fromEntries(Object.keys(computed).map((key) => [key, UNKNOWN])), ...inputs };
}

const toWire = (state: Inputs) =>
  struct.Struct.fromJavaScript(state as Parameters<typeof struct.Struct.fromJavaScript>[0]);
const fromWire = (object: { toJavaScript(): object } | undefined): Inputs =>
  (object?.toJavaScript() ?? {}) as Inputs;

/** `<type of the grandparent>$<type of the parent>` */
const typesOf = (urn: string): string => urn.split("::")[2] ?? "";

/** Paths of all files that an input holds. */
function filesOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const marked = value as { [rpc.specialSigKey]?: string; path?: string };
  const isFile = [rpc.specialAssetSig, rpc.specialArchiveSig].includes(marked[rpc.specialSigKey] ?? "");
  if (isFile && typeof marked.path === "string") return [marked.path];
  return Object.values(value).flatMap(filesOf);
}
