import { InvalidInput, parse } from "@perennial/contracts";
import { z } from "zod";
import { type Signer, unsigned } from "./signing.ts";
import { TrackingAway, TrackingRefused } from "./tracking-fault.ts";

export interface TransportOptions {
  /** Address of the tracking server, without a final slash. */
  url: string;
  /** @default none: a server on one machine lets everybody in */
  sign?: Signer;
  /**
   * Longest wait for an answer, in milliseconds.
   *
   * @default 15000
   */
  timeoutMs?: number;
}

type Query = Readonly<Record<string, string>>;
type Body = Readonly<Record<string, unknown>>;

/** MLflow's own refusal, or that of AWS in front of it. */
const Refusal = z
  .object({
    error_code: z.string().optional(),
    __type: z.string().optional(),
    message: z.string().default(""),
  })
  .transform(({ error_code, __type, message }) => ({ code: error_code ?? __type, message }));
/** How much of an answer that nobody expected is worth showing. */
const SHOWN = 200;

/** Speaks MLflow's REST API: https://mlflow.org/docs/latest/rest-api.html. */
export class Transport {
  private readonly url: string;
  private readonly sign: Signer;
  private readonly timeoutMs: number;

  constructor({ url, sign = unsigned, timeoutMs = 15_000 }: TransportOptions) {
    this.url = url;
    this.sign = sign;
    this.timeoutMs = timeoutMs;
  }

  /** Asks for something. @throws as {@link send} */
  async get<Schema extends z.ZodType>(path: string, query: Query, schema: Schema): Promise<z.output<Schema>> {
    return await this.ask("GET", path, query, undefined, schema);
  }

  /** Changes something. @throws as {@link send} */
  async change<Schema extends z.ZodType>(
    method: "POST" | "PATCH" | "DELETE",
    path: string,
    body: Body,
    schema: Schema,
  ): Promise<z.output<Schema>> {
    return await this.ask(method, path, {}, body, schema);
  }

  /** Uploads bytes by way of the server. @throws as {@link send} */
  async upload(path: string, bytes: Uint8Array): Promise<void> {
    await this.send(
      "PUT",
      `api/2.0/mlflow-artifacts/artifacts/${path}`,
      {},
      bytes,
      "application/octet-stream",
    );
  }

  private async ask<Schema extends z.ZodType>(
    method: string,
    path: string,
    query: Query,
    body: Body | undefined,
    schema: Schema,
  ): Promise<z.output<Schema>> {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const text = await this.send(method, `api/2.0/mlflow/${path}`, query, sent, "application/json");
    const request = `${method} ${path}`;
    try {
      return parse(schema, JSON.parse(text === "" ? "{}" : text), `MLflow's answer to ${request}`);
    } catch (error) {
      if (error instanceof InvalidInput) throw error;
      // A proxy's page in the server's place, say, while that is being started.
      throw new TrackingAway(
        request,
        `answered ${JSON.stringify(text.slice(0, SHOWN))} instead of JSON`,
        error,
      );
    }
  }

  /**
   * @throws {TrackingAway} for what passes: no connection, no answer in time, a status of 5xx, 408 or 429.
   * @throws {TrackingRefused} for any other refusal.
   */
  private async send(
    method: string,
    path: string,
    query: Query,
    body: Uint8Array | string | undefined,
    contentType: string,
  ): Promise<string> {
    const url = new URL(`${this.url}/${path}`);
    // Signatures are made over %20; URLSearchParams would write a space as +.
    url.search = Object.entries(query)
      .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
      .join("&");
    const request = `${method} ${path}`;
    const given = body === undefined ? {} : { "content-type": contentType };
    const headers = await this.sign({ method, url, headers: given, body });
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method,
        headers,
        redirect: "error",
        signal: AbortSignal.timeout(this.timeoutMs),
        ...(body === undefined ? {} : { body }),
      });
      text = await response.text();
    } catch (error) {
      throw new TrackingAway(request, this.describe(error), error);
    }
    if (response.ok) return text;
    const { status } = response;
    const { code, message } = refusalIn(text, status);
    if (status >= 500 || status === 408 || status === 429) {
      throw new TrackingAway(request, `answered ${status} ${code}: ${message}`);
    }
    throw new TrackingRefused(request, code, message);
  }

  private describe(error: unknown): string {
    if (!(error instanceof Error)) return String(error);
    if (error.name === "TimeoutError") return `no answer of ${this.url} in ${this.timeoutMs} ms`;
    const reason = error.cause instanceof Error ? error.cause.message : error.message;
    return `no answer of ${this.url} (${reason})`;
  }
}

function refusalIn(text: string, status: number): { code: string; message: string } {
  try {
    const { code = String(status), message } = Refusal.parse(JSON.parse(text));
    return { code, message: message.slice(0, SHOWN) };
  } catch {
    // Written by something in front of the server: its own words must do.
    return { code: String(status), message: text.slice(0, SHOWN) };
  }
}
