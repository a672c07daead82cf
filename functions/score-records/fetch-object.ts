import type * as http from "node:http";
import type * as https from "node:https";
import { createRequire } from "node:module";
import { type Credentials, signedGet } from "./signature.ts";

export interface Bucket {
  region: string;
  /** Address that stands in for S3; undefined for S3 itself. */
  endpoint: string | undefined;
  credentials: Credentials;
  now: () => Date;
  sleep: (ms: number) => Promise<unknown>;
}

/** Required, not imported: an import reads all exports of `node:http`, and some of those load what `fetch` is made of (35 ms). */
const load = createRequire(import.meta.url);
const moduleOf = (protocol: string) =>
  protocol === "http:" ? (load("node:http") as typeof http) : (load("node:https") as typeof https);

const ATTEMPTS = 4;
const PAUSE_MS = 100;
const TIMEOUT_MS = 4_000;
/** Of S3's answer to a refused request: it says why in XML of some hundred characters. */
const LONGEST_REASON = 300;

/** An object in S3 could not be read. */
export class ObjectUnread extends Error {
  readonly isPassing: boolean;

  constructor(uri: string, reason: string, isPassing: boolean, options?: ErrorOptions) {
    super(`${uri} can't be read (${reason}); expected an object that this function's role may read`, options);
    this.name = "ObjectUnread";
    this.isPassing = isPassing;
  }
}

/**
 * Fetches an object. The SDK's client would do the same, and take longer to load than the model with its runtime
 * (bench/lambda-zip.ts): a cold function has callers waiting.
 *
 * @throws {ObjectUnread} once it was refused, or was tried four times.
 */
export async function fetchObject(uri: string, bucket: Bucket): Promise<Buffer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await getOnce(uri, bucket);
    } catch (error) {
      if (!(error instanceof ObjectUnread) || !error.isPassing || attempt === ATTEMPTS) throw error;
      await bucket.sleep(PAUSE_MS * 2 ** (attempt - 1));
    }
  }
}

async function getOnce(uri: string, { region, endpoint, credentials, now }: Bucket): Promise<Buffer> {
  const [, name = "", key = ""] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  const path = key.split("/").map(encode).join("/");
  const url = new URL(
    endpoint === undefined
      ? `https://${name}.s3.${region}.amazonaws.com/${path}`
      : `${endpoint}/${name}/${path}`,
  );
  const headers = signedGet({ host: url.host, path: url.pathname, region, now: now() }, credentials);
  const { get } = moduleOf(url.protocol);
  let status: number;
  let body: Buffer;
  try {
    const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const request = get(url, { headers, timeout: TIMEOUT_MS }, resolve);
      request.on("timeout", () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
      request.on("error", reject);
    });
    status = answer.statusCode ?? 0;
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer) chunks.push(chunk as Uint8Array);
    body = Buffer.concat(chunks);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ObjectUnread(uri, reason, true, { cause: error });
  }
  if (status === 200) return body;
  const reason = `status ${status}: ${body.toString("utf8").slice(0, LONGEST_REASON)}`;
  throw new ObjectUnread(uri, reason, status >= 500 || status === 429);
}

/** As S3 wants it in a signature: what `encodeURIComponent` leaves as it is beside letters, digits and -._~ is encoded too. */
const encode = (part: string): string =>
  encodeURIComponent(part).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
