import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { startMoto, type Moto } from "../emulators/moto.ts";
import { CallLog } from "../identity/call-log.ts";
import type { Identity, Requirement } from "../identity/identity.ts";
import { Journal, type WireAnswer, type WireRequest } from "../journal/journal.ts";
import { asApiError, writeAnswer, writeError } from "./answer.ts";
import { EmulatedServices } from "./emulated-services.ts";
import { Faults } from "./faults.ts";
import { ApiError, type Caller, type Credentials, type Gateway, type ServiceHandler } from "./interfaces.ts";
import { decodeAnswer, EMULATED, encodeCall, MotoClient } from "./moto-client.ts";
import { notEmulated, readRequest, readSignature, type Protocol } from "./request.ts";
import { requirementsOf } from "./requirements/index.ts";
import { text } from "./requirements/question.ts";

export interface GatewayOptions {
  /** TCP port on 127.0.0.1; 0 takes a free one. */
  port: number;
  /** Folder of the state that outlives the process. */
  stateFolder: string;
  /** Python with moto installed. */
  python: string;
  identity: Identity;
  /**
   * How long a message that was put off for `ms` stays out of sight here.
   *
   * @default as long as it says
   */
  patience?: (ms: number) => number;
}

/** Largest body accepted: the largest single upload that an SDK makes of a file before it goes over to parts. */
const MAX_BODY_BYTES = 512 * 1024 * 1024;

/** @throws where the port is in use or the emulator doesn't start, saying what to do. */
export async function openGateway(options: GatewayOptions): Promise<LocalGateway> {
  const { port, stateFolder, python, identity, patience = (ms) => ms } = options;
  const server = createServer();
  await listen(server, port);
  let moto: Moto | undefined;
  try {
    moto = await startMoto({ python, accountId: identity.accountId, region: identity.region });
    const journal = new Journal(join(stateFolder, "journal"));
    const client = new MotoClient(moto.port);
    const emulated = new EmulatedServices(client, journal, identity);
    await emulated.restore();
    return new LocalGateway({ server, moto, client, emulated, identity, stateFolder, patience });
  } catch (error) {
    server.close();
    await moto?.close();
    throw error;
  }
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code !== "EADDRINUSE") return reject(cause);
      reject(
        new Error(
          `Port ${port} of 127.0.0.1 is in use: stop the local cloud that runs there, or choose another port with --port.`,
          { cause },
        ),
      );
    });
    server.listen(port, "127.0.0.1", resolve);
  });
}

/** The one door: finds the caller, authorises what the call needs, and hands it to its service. */
export class LocalGateway implements Gateway {
  readonly url: string;
  readonly identity: Identity;
  readonly faults = new Faults();
  private readonly server: Server;
  private readonly moto: Moto;
  private readonly client: MotoClient;
  private readonly emulated: EmulatedServices;
  private readonly patience: (ms: number) => number;
  private readonly calls: CallLog;
  private readonly handlers = new Map<string, ServiceHandler>();

  constructor(parts: {
    server: Server;
    moto: Moto;
    client: MotoClient;
    emulated: EmulatedServices;
    identity: Identity;
    stateFolder: string;
    patience: (ms: number) => number;
  }) {
    const { server, moto, client, emulated, identity, stateFolder, patience } = parts;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.identity = identity;
    this.server = server;
    this.moto = moto;
    this.client = client;
    this.emulated = emulated;
    this.patience = patience;
    this.calls = new CallLog(join(stateFolder, "calls.jsonl"));
    server.on("request", (request, response) => {
      void this.serve(request, response);
    });
    this.register("sts", async ({ action, caller }) => {
      if (action !== "GetCallerIdentity") throw notEmulated(`sts ${action}`);
      return { Arn: caller.principalArn, UserId: caller.accessKeyId, Account: identity.accountId };
    });
  }

  register(service: string, handler: ServiceHandler): void {
    this.handlers.set(service, handler);
  }

  credentialsFor(roleName: string): Credentials {
    return this.identity.credentialsFor(roleName);
  }

  async call(
    as: Caller | string,
    service: string,
    action: string,
    input: Record<string, unknown>,
  ): Promise<unknown> {
    const caller = typeof as === "string" ? this.identity.callerAs(as) : as;
    await this.admit(caller, service, action, input);
    const handler = this.handlers.get(service);
    if (handler !== undefined) return handler({ service, action, input, caller });
    if (!EMULATED.has(service)) throw notEmulated(`${service} ${action}`);
    const request = encodeCall(
      { service, action, input, caller },
      new URL(this.url).host,
      this.identity.region,
    );
    return decodeAnswer(service, await this.emulated.send(request, { service, action, input }));
  }

  /**
   * Authorises something that a service does with a role and that is no call: writing a job's log, drawing its image.
   *
   * @throws {ApiError} AccessDenied, naming role, action and resource.
   */
  async authorize(
    caller: Caller,
    service: string,
    action: string,
    input: Record<string, unknown>,
  ): Promise<void> {
    for (const requirement of requirementsOf(service, action, input, this.identity)) {
      await this.require(caller, service, requirement);
    }
  }

  /** Authorises one thing, and records that a role needed it. */
  async require(caller: Caller, service: string, requirement: Requirement): Promise<void> {
    const decision = await this.identity.authorize(caller, requirement);
    if (caller.role !== null) {
      this.calls.record({ role: caller.role, ...requirement, allowed: decision.allowed });
    }
    if (decision.allowed) return;
    throw denied(
      service,
      `User: ${caller.principalArn} is not authorized to perform: ${requirement.action} on resource: ` +
        `${requirement.resource}, because ${decision.reason}`,
    );
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    this.client.close();
    await this.moto.close();
  }

  /** What every call passes before its handler: injected faults, then authorization. */
  private async admit(
    caller: Caller,
    service: string,
    action: string,
    input: Record<string, unknown>,
  ): Promise<void> {
    const failure = this.faults.takeFailure(service, action);
    if (failure !== undefined) throw failure;
    await this.authorize(caller, service, action, input);
  }

  private async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: WireAnswer;
    try {
      answer = await this.answer(await read(incoming));
    } catch (error) {
      answer = writeError("json", asApiError(error));
    }
    const { status, headers, body } = answer;
    const isHead = incoming.method === "HEAD";
    const { "transfer-encoding": _chunked, connection: _connection, ...kept } = headers;
    const length = isHead ? (headers["content-length"] ?? "0") : String(body.length);
    response.writeHead(status, { ...kept, "content-length": length });
    response.end(isHead ? undefined : body);
  }

  private async answer(request: WireRequest): Promise<WireAnswer> {
    let protocol: Protocol = "json";
    try {
      const signature = readSignature(request);
      protocol = signature.protocol;
      const { service, action, input, accessKeyId } = readRequest(request, signature);
      const caller = this.identity.callerWith(accessKeyId);
      await this.admit(caller, service, action, input);
      const handler = this.handlers.get(service);
      if (handler !== undefined) {
        return writeAnswer(protocol, service, action, await handler({ service, action, input, caller }));
      }
      if (!EMULATED.has(service)) throw notEmulated(`${service} ${action}`);
      const sent =
        action === "ChangeMessageVisibility" ? withPatience(request, input, this.patience) : request;
      const answer = await this.emulated.send(sent, { service, action, input });
      const hidden = await this.hidesMissing(answer, caller, service, input);
      return hidden ?? answer;
    } catch (error) {
      return writeError(protocol, asApiError(error));
    }
  }

  /** S3 tells only those who may list a bucket that an object is missing; to others it is forbidden. */
  private async hidesMissing(
    { status }: WireAnswer,
    caller: Caller,
    service: string,
    input: Record<string, unknown>,
  ): Promise<WireAnswer | undefined> {
    const [bucket, key] = [text(input, "Bucket"), text(input, "Key")];
    if (status !== 404 || service !== "s3" || bucket === undefined || key === undefined) return undefined;
    const resource = `arn:aws:s3:::${bucket}`;
    const decision = await this.identity.authorize(caller, {
      action: "s3:ListBucket",
      resource,
      context: {},
    });
    if (decision.allowed) return undefined;
    const message =
      `${caller.principalArn} asked for s3://${bucket}/${key}, which doesn't exist; ` +
      `without s3:ListBucket on ${resource} S3 answers that with AccessDenied`;
    return writeError("rest-xml", new ApiError("AccessDenied", message, 403));
  }
}

/** A message that is put off comes back sooner here, as waits of workflows are shorter. */
function withPatience(
  request: WireRequest,
  input: Record<string, unknown>,
  patience: (ms: number) => number,
): WireRequest {
  const seconds = input["VisibilityTimeout"];
  if (typeof seconds !== "number") return request;
  const VisibilityTimeout = Math.ceil(patience(seconds * 1000) / 1000);
  const body = Buffer.from(JSON.stringify({ ...input, VisibilityTimeout }));
  return { ...request, body, headers: { ...request.headers, "content-length": String(body.length) } };
}

/** A denial, as the service writes it. */
function denied(service: string, message: string): ApiError {
  if (service === "s3" || service === "monitoring") return new ApiError("AccessDenied", message, 403);
  if (service === "sns") return new ApiError("AuthorizationError", message, 403);
  return new ApiError("AccessDeniedException", message, service === "lambda" ? 403 : 400);
}

async function read(incoming: IncomingMessage): Promise<WireRequest> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) {
      throw new ApiError(
        "EntityTooLarge",
        `The body is over ${MAX_BODY_BYTES} bytes, the most that the local cloud takes in one request.`,
        413,
      );
    }
    chunks.push(chunk);
  }
  const headers = Object.entries(incoming.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value] as const],
  );
  return {
    method: incoming.method ?? "GET",
    path: incoming.url ?? "/",
    headers: Object.fromEntries(headers),
    body: Buffer.concat(chunks),
  };
}
