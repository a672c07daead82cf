import { readBody } from "./reply.ts";
import type { PredictRequest, Reply, Transport } from "./transport.ts";

/** A request as it will be sent, for whoever signs it. */
export interface SignableRequest {
  method: "POST";
  url: string;
  headers: Record<string, string>;
  body: string;
}

export interface HttpOptions {
  /** Where the API is, with its stage where it has one: `https://predictions.example.com` or `https://….amazonaws.com/prod`. */
  url: string;
  /** Sent as `x-api-key`. */
  apiKey?: string;
  /** Sent as `authorization: Bearer …`; a function is asked anew for each attempt. */
  token?: string | (() => string | Promise<string>);
  /**
   * Answers with the headers to send instead of those given, signature included (SigV4). Asked anew for each attempt, since a
   * signature holds the time.
   */
  sign?: (request: SignableRequest) => Record<string, string> | Promise<Record<string, string>>;
  /** Instead of the global one. */
  fetch?: typeof globalThis.fetch;
}

// The API hands a request on inside a Lambda event of at most 6 MB, where each quotation mark of its body takes two bytes.
const MAX_BODY_BYTES = 3 * 1024 * 1024;

/**
 * Asks the HTTP API, by `fetch`: in Node, in Lambda and in the browser.
 *
 * @throws {TypeError} if the URL isn't one of http or https.
 */
export function http(options: HttpOptions): Transport {
  const base = baseOf(options.url);
  const address = (workload: string) => `${base}/v1/${encodeURIComponent(workload)}/predict`;

  async function send({
    workload,
    body,
    inferenceId,
    targetVariant,
    signal,
  }: PredictRequest): Promise<Reply> {
    const request = { method: "POST" as const, url: address(workload), body };
    const headers: Record<string, string> = {
      accept: "application/json",
      "content-type": "application/json",
      "x-inference-id": inferenceId,
    };
    if (targetVariant !== undefined) headers["x-target-variant"] = targetVariant;
    if (options.apiKey !== undefined) headers["x-api-key"] = options.apiKey;
    if (options.token !== undefined) headers["authorization"] = `Bearer ${await valueOf(options.token)}`;
    const signed = options.sign === undefined ? headers : await options.sign({ ...request, headers });
    const response = await (options.fetch ?? globalThis.fetch)(request.url, {
      method: request.method,
      headers: signed,
      body,
      signal,
      // Credentials travel in headers we set; a redirect would carry them to wherever it points.
      credentials: "omit",
      redirect: "error",
    });
    const text = await response.text();
    return {
      status: response.status,
      body: readBody(text),
      retryAfter: response.headers.get("retry-after") ?? undefined,
    };
  }

  return { maxBodyBytes: MAX_BODY_BYTES, address, send };
}

function baseOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (
    parsed === undefined ||
    !/^https?:$/.test(parsed.protocol) ||
    parsed.search !== "" ||
    parsed.hash !== ""
  ) {
    throw new TypeError(
      `http(): url is ${JSON.stringify(url)}, expected one such as "https://predictions.example.com"`,
    );
  }
  return url.replace(/\/+$/, "");
}

async function valueOf(token: string | (() => string | Promise<string>)): Promise<string> {
  return typeof token === "string" ? token : await token();
}
