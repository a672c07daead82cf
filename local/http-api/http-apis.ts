import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import type { Answer } from "../functions/sandbox.ts";
import type { LogSink, MetricSink } from "../gateway/interfaces.ts";
import { AccessControl } from "./access.ts";
import { ApiKeys } from "./api-keys.ts";
import {
  accessLine,
  type Exchange,
  gatewayReply,
  type HttpReply,
  openExchange,
  proxyEvent,
  proxyReply,
} from "./exchange.ts";
import type { RestApi } from "./rest-api.ts";
import { Bucket } from "./throttle.ts";

export interface HttpApiSurroundings {
  /** Folder for the keys' values. */
  folder: string;
  /** TCP port on 127.0.0.1; 0 takes a free one. */
  port: number;
  now: () => number;
  /**
   * Longest that a client may take to send its headers, and its whole request, milliseconds.
   *
   * @default 10000 and 30000
   */
  patience?: { headersTimeout: number; requestTimeout: number };
  invoke: (functionArn: string, payload: string, sourceArn: string) => Promise<Answer>;
  mayInvoke: (accessKeyId: string, methodArn: string) => Promise<boolean>;
  /** Whether a role may write to a log group. */
  mayLog: (roleArn: string, group: string) => Promise<boolean>;
  log: LogSink;
  metric: MetricSink;
  warn: (message: string) => void;
}

/** API Gateway's limits. */
const LARGEST_BODY = 10 * 1024 * 1024;
const LARGEST_HEADERS = 10_240;
const INTEGRATION_MS = 29_000;
const PATIENCE = { headersTimeout: 10_000, requestTimeout: 30_000 };

/** API Gateway: the program's REST API behind a listener on 127.0.0.1, with the firewall before it. */
export class HttpApis {
  readonly keys: ApiKeys;
  /** Role that the account's APIs keep their logs with; null where another stack says which. */
  logRole: string | null = null;
  private mayLog: Promise<boolean> | null = null;
  private readonly around: HttpApiSurroundings;
  private readonly access: AccessControl;
  private readonly apis = new Map<string, RestApi>();
  private readonly buckets = new Map<string, Bucket>();
  private server: Server | null = null;

  constructor(around: HttpApiSurroundings) {
    this.around = around;
    this.keys = new ApiKeys(join(around.folder, "api-keys"), around.now);
    this.access = new AccessControl({ ...around, keys: this.keys });
  }

  /** @throws for a second one: the listener has no stage in its paths to tell them apart by. */
  create(api: RestApi): void {
    if (this.apis.size > 0) throw new Error("a second REST API is not emulated.");
    this.apis.set(api.id, api);
  }

  find(id: string): RestApi {
    const api = this.apis.get(id);
    if (api === undefined) throw new Error(`restApi is ${id}; expected a REST API of the program.`);
    return api;
  }

  /** Finds the API whose stage has this ARN. */
  findByStage(stageArn: string): RestApi {
    const api = [...this.apis.values()].find(({ stage }) => stage?.arn === stageArn);
    if (api === undefined) throw new Error(`resourceArn is ${stageArn}; expected a stage of the program.`);
    return api;
  }

  /** Where the API answers; null where the program has none, or it doesn't listen yet. */
  get url(): string | null {
    const address = this.server?.address() as AddressInfo | null | undefined;
    return address === null || address === undefined ? null : `http://127.0.0.1:${address.port}`;
  }

  /** Opens the port, where there is something to answer behind it. */
  async open(): Promise<void> {
    const [api] = this.apis.values();
    if (api?.stage === undefined || api.stage === null) return;
    const patience = this.around.patience ?? PATIENCE;
    const server = createServer({
      ...patience,
      maxHeaderSize: LARGEST_HEADERS,
      connectionsCheckingInterval: Math.min(1000, patience.headersTimeout),
    });
    server.on("request", (request, response) => {
      void this.serve(api, request, response);
    });
    server.on("clientError", refuseUnreadable);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.around.port, "127.0.0.1", resolve);
    });
    this.server = server;
  }

  async close(): Promise<void> {
    const { server } = this;
    if (server === null) return;
    server.closeAllConnections();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  }

  private async serve(api: RestApi, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { now, metric, warn } = this.around;
    const exchange = openExchange({
      method: request.method ?? "GET",
      url: request.url ?? "/",
      headers: request.headers,
      host: `127.0.0.1:${request.socket.localPort}`,
      address: request.socket.remoteAddress ?? "127.0.0.1",
      startedAt: now(),
    });
    let reply: HttpReply;
    try {
      reply = await this.answer(api, exchange, request);
    } catch (error) {
      if (request.destroyed && !request.complete) return; // Whoever asked has gone.
      warn(`the HTTP API failed: ${(error as Error).message}`);
      reply = gatewayReply(api, exchange, "DEFAULT_5XX");
    }
    const headers = { ...reply.headers, "content-length": String(reply.body.length) };
    // What wasn't read of a refused request would be taken for the next one.
    if (!request.complete) response.shouldKeepAlive = false;
    response.writeHead(reply.status, headers).end(exchange.method === "HEAD" ? undefined : reply.body);
    await this.keepLog(api, exchange, reply);
    const { stage } = api;
    const dimensions = { ApiName: api.name, Stage: stage?.name ?? "" };
    const count = (name: string, value: number): void =>
      metric({ namespace: "AWS/ApiGateway", name, dimensions, value });
    count("Count", 1);
    count("4XXError", reply.status >= 400 && reply.status < 500 ? 1 : 0);
    count("5XXError", reply.status >= 500 ? 1 : 0);
    count("Latency", now() - exchange.startedAt);
  }

  private async keepLog(api: RestApi, exchange: Exchange, reply: HttpReply): Promise<void> {
    const { log, mayLog, now, warn } = this.around;
    const place = api.stage?.log;
    if (place === null || place === undefined) return;
    const { logRole } = this;
    this.mayLog ??= logRole === null ? Promise.resolve(true) : mayLog(logRole, place.group);
    if (await this.mayLog) log(place.group, "local", accessLine(place.format, api, exchange, reply, now()));
    else warn(`API Gateway may not write to ${place.group} with the role ${logRole}.`);
  }

  private async answer(api: RestApi, exchange: Exchange, request: IncomingMessage): Promise<HttpReply> {
    const refused = this.inspect(api, exchange);
    if (refused !== undefined) return refused;
    const [path = "/"] = exchange.url.split("?", 1);
    const found = api.find(exchange.method, path);
    if (found === undefined) return gatewayReply(api, exchange, "MISSING_AUTHENTICATION_TOKEN");
    exchange.resource = found.resource;
    const methodArn = `${api.executionArn}/${api.stage?.name}/${exchange.method}${path}`;
    const access = await this.access.decide(api, found.method, exchange.headers, methodArn);
    if (!access.allowed) return gatewayReply(api, exchange, access.responseType);
    exchange.keyId = access.keyId;
    exchange.principal = access.principal;
    if (!this.passes(api)) return gatewayReply(api, exchange, "THROTTLED");
    const body = await readBody(request);
    if (body === null) return gatewayReply(api, exchange, "REQUEST_TOO_LARGE");
    const contentType = (exchange.headers["content-type"] ?? "application/json")
      .split(";")[0]
      ?.trim()
      .toLowerCase();
    if (!api.accepts(found.method, contentType ?? "", body)) {
      return gatewayReply(api, exchange, "BAD_REQUEST_BODY");
    }
    return await this.integrate(api, exchange, found.functionArn, methodArn, body);
  }

  /** What the firewall answers in place of the API; undefined where it lets the request pass. */
  private inspect(api: RestApi, exchange: Exchange): HttpReply | undefined {
    const { webAcl } = api;
    const refused = webAcl?.inspect(exchange);
    if (refused === undefined) return undefined;
    if (webAcl?.log) {
      const { group, redacted } = webAcl.log;
      const headers = Object.entries(exchange.headers).map(([name, value]) => ({
        name,
        value: redacted.includes(name) ? "REDACTED" : value,
      }));
      const [uri] = exchange.url.split("?", 1);
      const httpRequest = { clientIp: exchange.address, headers, uri, httpMethod: exchange.method };
      const line = { action: "BLOCK", terminatingRuleId: refused.rule, httpRequest };
      this.around.log(group, "local", JSON.stringify(line));
    }
    if (refused.response === null) return gatewayReply(api, exchange, "WAF_FILTERED");
    const { status, headers, body } = refused.response;
    exchange.error = "WAF_FILTERED";
    return { status, headers: { "content-type": "application/json", ...headers }, body: Buffer.from(body) };
  }

  private passes(api: RestApi): boolean {
    if (api.throttle === null) return true;
    const bucket = this.buckets.get(api.id) ?? new Bucket(api.throttle, this.around.now);
    this.buckets.set(api.id, bucket);
    return bucket.take();
  }

  private async integrate(
    api: RestApi,
    exchange: Exchange,
    functionArn: string,
    methodArn: string,
    body: Buffer,
  ): Promise<HttpReply> {
    const began = performance.now();
    const late = Symbol("late");
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<typeof late>((resolve) => {
      timer = setTimeout(() => resolve(late), INTEGRATION_MS);
    });
    try {
      const invoked = this.around.invoke(functionArn, proxyEvent(api, exchange, body), methodArn);
      const answer = await Promise.race([invoked, patience]);
      exchange.integrationMs = Math.round(performance.now() - began);
      if (answer === late) return gatewayReply(api, exchange, "INTEGRATION_TIMEOUT");
      const reply = answer.error === true ? undefined : proxyReply(answer.payload);
      return reply ?? gatewayReply(api, exchange, "DEFAULT_5XX");
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Null for a body over the limit, of which nothing more is read. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  // The answer still has to go out after a body that is too large.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LARGEST_BODY) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A request that is no HTTP, comes too slowly, or has too large headers. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) return void socket.destroy();
  const [status, words] =
    error.code === "ERR_HTTP_REQUEST_TIMEOUT"
      ? [408, "Request Timeout"]
      : error.code === "HPE_HEADER_OVERFLOW"
        ? [431, "Request Header Fields Too Large"]
        : [400, "Bad Request"];
  const body = JSON.stringify({
    type: "urn:perennial:problem:malformed-request",
    title: "The request can't be read",
    status,
    detail: words,
  });
  socket.end(
    `HTTP/1.1 ${status} ${words}\r\nconnection: close\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
