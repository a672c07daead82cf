import { Agent, request as openRequest } from "node:http";
import type { WireAnswer, WireRequest } from "../journal/journal.ts";
import { ApiError, type Caller } from "./interfaces.ts";

/** Prefix of X-Amz-Target for the services that the emulator holds and that speak JSON. */
const TARGETS: Record<string, string> = {
  dynamodb: "DynamoDB_20120810",
  kms: "TrentService",
  secretsmanager: "secretsmanager",
  sqs: "AmazonSQS",
  ssm: "AmazonSSM",
};

/** Services that the emulator answers. */
export const EMULATED: ReadonlySet<string> = new Set(["s3", "sns", ...Object.keys(TARGETS)]);

/** Hop-by-hop headers (RFC 9110, section 7.6.1), and what Node writes itself. */
const OWN_HEADERS = new Set(["connection", "keep-alive", "transfer-encoding", "content-length", "expect"]);

/** Speaks HTTP to the emulator. */
export class MotoClient {
  private readonly port: number;
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 32 });

  constructor(port: number) {
    this.port = port;
  }

  send({ method, path, headers, body }: WireRequest): Promise<WireAnswer> {
    const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !OWN_HEADERS.has(name)));
    return new Promise((resolve, reject) => {
      const outgoing = openRequest(
        {
          agent: this.agent,
          host: "127.0.0.1",
          port: this.port,
          method,
          path,
          headers: { ...kept, "content-length": body.length },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
          incoming.on("error", reject);
          incoming.on("end", () => {
            const answered = Object.entries(incoming.headers).flatMap(([name, value]) =>
              value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value] as const],
            );
            resolve({
              status: incoming.statusCode ?? 502,
              headers: Object.fromEntries(answered),
              body: Buffer.concat(chunks),
            });
          });
        },
      );
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

/**
 * The request that an SDK would send for a call from inside this process.
 *
 * @throws {ApiError} for S3, whose operations have no common form: use its SDK.
 */
export function encodeCall(
  call: { service: string; action: string; input: Record<string, unknown>; caller: Caller },
  host: string,
  region: string,
): WireRequest {
  const { service, action, input, caller } = call;
  const headers = {
    host,
    authorization: `AWS4-HMAC-SHA256 Credential=${caller.accessKeyId}/20260101/${region}/${service}/aws4_request`,
  };
  const target = TARGETS[service];
  if (target !== undefined) {
    return {
      method: "POST",
      path: "/",
      headers: {
        ...headers,
        "content-type": service === "dynamodb" ? "application/x-amz-json-1.0" : "application/x-amz-json-1.1",
        "x-amz-target": `${target}.${action}`,
      },
      body: Buffer.from(JSON.stringify(input)),
    };
  }
  if (service === "sns") {
    const body = new URLSearchParams([["Action", action], ["Version", "2010-03-31"], ...flatten("", input)]);
    return {
      method: "POST",
      path: "/",
      headers: { ...headers, "content-type": "application/x-www-form-urlencoded" },
      body: Buffer.from(body.toString()),
    };
  }
  throw new ApiError(
    "NotEmulatedException",
    `Calls of ${service} inside the local cloud go through its SDK.`,
  );
}

/**
 * The value in an answer to such a request.
 *
 * @throws {ApiError} where it is an error.
 */
export function decodeAnswer(service: string, { status, body }: WireAnswer): Record<string, unknown> {
  const text = body.toString("utf8");
  const value = service === "sns" ? leaves(text) : readObject(text);
  if (status < 300) return value;
  const [type, message] = [firstText(value, "__type", "Code"), firstText(value, "message", "Message")];
  const code = type?.split("#").at(-1);
  const { CancellationReasons } = value;
  throw new ApiError(
    code ?? "InternalFailure",
    message ?? text,
    status,
    CancellationReasons === undefined ? {} : { CancellationReasons },
  );
}

function firstText(value: Record<string, unknown>, ...names: string[]): string | undefined {
  return names.map((name) => value[name]).find((member) => typeof member === "string");
}

function readObject(text: string): Record<string, unknown> {
  if (text === "") return {};
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { message: text };
  }
}

/** Names and texts of the elements that hold only text. */
function leaves(xml: string): Record<string, string> {
  return Object.fromEntries(
    [...xml.matchAll(/<(\w+)>([^<]*)<\/\1>/g)].map(([, name = "", value = ""]) => [name, value] as const),
  );
}

/** The query protocol's names: `MessageAttributes.entry.1.Name`, `Tags.member.1.Key`. */
function flatten(prefix: string, value: unknown): [string, string][] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => flatten(`${prefix}.member.${index + 1}`, item));
  }
  if (typeof value !== "object") return [[prefix, typeof value === "string" ? value : JSON.stringify(value)]];
  if (prefix === "MessageAttributes" || prefix === "Attributes") {
    return Object.entries(value).flatMap(([name, member], index) => {
      const entry = `${prefix}.entry.${index + 1}`;
      const [key, content] = prefix === "Attributes" ? ["key", "value"] : ["Name", "Value"];
      return [[`${entry}.${key}`, name] as [string, string], ...flatten(`${entry}.${content}`, member)];
    });
  }
  return Object.entries(value).flatMap(([name, member]) =>
    flatten(prefix === "" ? name : `${prefix}.${name}`, member),
  );
}
