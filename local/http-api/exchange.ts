import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { z } from "zod";
import type { GatewayResponse, RestApi } from "./rest-api.ts";

/** A request on its way through the API. */
export interface Exchange {
  requestId: string;
  method: string;
  /** Path with its query, as it was asked for. */
  url: string;
  headers: IncomingHttpHeaders;
  /** Where the listener answers: `127.0.0.1:4601`. */
  host: string;
  address: string;
  startedAt: number;
  /** For the access log: what is found out on the way. */
  resource: string | null;
  keyId: string | null;
  principal: string | null;
  error: string | null;
  integrationMs: number | null;
}

export interface HttpReply {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

export const openExchange = (
  from: Pick<Exchange, "method" | "url" | "headers" | "host" | "address" | "startedAt">,
): Exchange => ({
  ...from,
  requestId: randomUUID(),
  resource: null,
  keyId: null,
  principal: null,
  error: null,
  integrationMs: null,
});

const UNDESCRIBED: GatewayResponse = {
  status: 500,
  template: '{"message":"$context.error.message"}',
  headers: {},
};

/** API Gateway's own answer of a kind, as the program words it; the default of its class where it doesn't. */
export function gatewayReply(api: RestApi, exchange: Exchange, responseType: string): HttpReply {
  exchange.error = responseType;
  const response = api.responses.get(responseType) ?? api.responses.get("DEFAULT_5XX") ?? UNDESCRIBED;
  const fill = (text: string): string => filled(text, api, exchange, response.status);
  const headers = Object.entries(response.headers).map(([name, value]) => [
    name.replace("gatewayresponse.header.", "").toLowerCase(),
    value.startsWith("'") ? value.slice(1, -1) : fill(`$${value}`),
  ]);
  return {
    status: response.status,
    headers: {
      "content-type": "application/json",
      ...(Object.fromEntries(headers) as Record<string, string>),
    },
    body: Buffer.from(fill(response.template)),
  };
}

/** A line of the access log in the form that the stage asks for. */
export const accessLine = (
  format: string,
  api: RestApi,
  exchange: Exchange,
  reply: HttpReply,
  now: number,
): string =>
  filled(format, api, exchange, reply.status, {
    length: reply.body.length,
    latencyMs: now - exchange.startedAt,
  });

function filled(
  text: string,
  api: RestApi,
  exchange: Exchange,
  status: number,
  { length = 0, latencyMs = 0 }: { length?: number; latencyMs?: number } = {},
): string {
  const known: Record<string, string | number | null> = {
    requestId: exchange.requestId,
    requestTimeEpoch: exchange.startedAt,
    httpMethod: exchange.method,
    resourcePath: exchange.resource,
    stage: api.stage?.name ?? null,
    status,
    responseLength: length,
    responseLatency: Math.round(latencyMs),
    "integration.latency": exchange.integrationMs,
    "identity.sourceIp": exchange.address,
    "identity.apiKeyId": exchange.keyId,
    "authorizer.principalId": exchange.principal,
    "error.responseType": exchange.error,
  };
  // A name ends where its letters do: the dot after a variable in a sentence is no part of it.
  return text.replaceAll(/\$context((?:\.[A-Za-z]+)+)/g, (_, path: string) =>
    String(known[path.slice(1)] ?? "-"),
  );
}

/** The event that a function behind a proxy integration gets. */
export function proxyEvent(api: RestApi, exchange: Exchange, body: Buffer): string {
  const [path = "/", query = ""] = exchange.url.split("?", 2);
  const headers = Object.fromEntries(
    Object.entries(exchange.headers).map(([name, value]) => [name, [value].flat().at(-1) ?? ""]),
  );
  const parameters = Object.fromEntries(new URLSearchParams(query));
  return JSON.stringify({
    resource: exchange.resource,
    path,
    httpMethod: exchange.method,
    headers: { ...headers, "X-Forwarded-For": exchange.address, "X-Forwarded-Proto": "http" },
    queryStringParameters: query === "" ? null : parameters,
    pathParameters: null,
    stageVariables: null,
    requestContext: {
      apiId: api.id,
      resourcePath: exchange.resource,
      httpMethod: exchange.method,
      path,
      stage: api.stage?.name,
      protocol: "HTTP/1.1",
      requestId: exchange.requestId,
      requestTimeEpoch: exchange.startedAt,
      domainName: exchange.host,
      identity: { sourceIp: exchange.address, userAgent: headers["user-agent"] ?? null },
    },
    // No type of body is declared binary: bytes become text, and what isn't UTF-8 is lost.
    body: body.length === 0 ? null : body.toString("utf8"),
    isBase64Encoded: false,
  });
}

const ProxyAnswer = z.object({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/** What a function answered, as HTTP; undefined where that is no answer to a proxy integration. */
export function proxyReply(payload: string): HttpReply | undefined {
  const { data } = ProxyAnswer.safeParse(JSON.parse(payload));
  if (data === undefined) return undefined;
  const headers = Object.entries(data.headers ?? {}).map(([name, value]) => [
    name.toLowerCase(),
    String(value),
  ]);
  return {
    status: data.statusCode,
    headers: {
      "content-type": "application/json",
      ...(Object.fromEntries(headers) as Record<string, string>),
    },
    body: Buffer.from(data.body ?? "", data.isBase64Encoded === true ? "base64" : "utf8"),
  };
}
