import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { mockClient } from "aws-sdk-client-mock";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createHandler } from "../../functions/answer-http/handler.ts";
import { predictByEndpoint } from "../../functions/answer-http/predict.ts";
import { RecordedTelemetry } from "../support/telemetry.ts";

const runtime = mockClient(SageMakerRuntimeClient);
const ANSWER = '{"predictions":[{"probability":0.25,"flagged":false}]}';
const MODEL = { workload: "churn", version: 3, artifact: "a" };

beforeEach(() => {
  runtime.on(InvokeEndpointCommand).resolves({
    // The SDK's body has further methods, which nobody calls here.
    Body: Buffer.from(ANSWER) as never,
    ContentType: "application/json",
    InvokedProductionVariant: "primary",
  });
});
afterEach(() => runtime.reset());

const telemetry = new RecordedTelemetry();

function handlerWith({ corsOrigins = [] as string[] } = {}) {
  return createHandler({
    targets: { churn: { kind: "endpoint", endpointName: "perennial-dev-churn", maxBodyKiB: 1 } },
    predict: {
      endpoint: predictByEndpoint(new SageMakerRuntimeClient({ region: "eu-central-1" }), 1000),
      function: () => Promise.reject(new Error("no workload here is answered by a function")),
    },
    sticky: { variantFor: () => Promise.resolve(undefined), forget: () => {} },
    documents: {
      openApi: { openapi: "3.1.0", servers: [{ url: "/" }] },
      page: "<p>page</p>",
      pagePolicy: "default-src 'none'",
      schemas: { churn: { type: "object" } },
    },
    corsOrigins,
    telemetry,
  });
}

interface Asked {
  resource?: string;
  httpMethod?: string;
  headers?: Record<string, string>;
  body?: string | null;
  path?: string;
  isBase64Encoded?: boolean;
}

const event = ({ resource = "/v1/churn/predict", path, ...asked }: Asked = {}) => ({
  resource,
  httpMethod: "POST",
  headers: { "Content-Type": "application/json" },
  body: '{"age":40}',
  isBase64Encoded: false,
  ...asked,
  requestContext: {
    requestId: "gateway-id",
    path: path ?? `/live${resource}`,
    domainName: "api.example.com",
  },
});

async function ask(asked: Asked = {}, options: Parameters<typeof handlerWith>[0] = {}) {
  const { statusCode, headers, body } = await handlerWith(options)(event(asked));
  return { status: statusCode, headers, body: body.startsWith("{") ? (JSON.parse(body) as unknown) : body };
}

const get = (resource: string): Asked => ({ resource, httpMethod: "GET", body: null });
const sent = () => runtime.commandCalls(InvokeEndpointCommand).map(({ args }) => args[0].input);
const failing = (name: string, members: object = {}) =>
  runtime.on(InvokeEndpointCommand).rejects(Object.assign(new Error("secret detail"), { name, ...members }));

describe("a request for predictions", () => {
  it("is the endpoint's answer, byte for byte, with the request's id", async () => {
    const { statusCode, headers, body } = await handlerWith()(event());
    expect([statusCode, body]).toEqual([200, ANSWER]);
    expect(headers).toEqual({
      "content-type": "application/json",
      "cache-control": "no-store",
      "strict-transport-security": "max-age=31536000",
      "x-content-type-options": "nosniff",
      "x-request-id": "gateway-id",
      "x-inference-id": "gateway-id",
      "x-variant": "primary",
    });
    expect(sent()).toEqual([
      {
        EndpointName: "perennial-dev-churn",
        Body: Buffer.from('{"age":40}'),
        ContentType: "application/json",
        InferenceId: "gateway-id",
      },
    ]);
  });

  it("hands on form, names and the wish for a variant", async () => {
    const { headers } = await ask({
      headers: {
        "content-type": "text/csv",
        ACCEPT: "text/csv",
        "X-Request-Id": "mine",
        "X-Inference-Id": "patient-7",
        "X-Target-Variant": "challenger",
      },
      body: "age\n40\n",
    });
    expect(sent()[0]).toMatchObject({
      ContentType: "text/csv",
      Accept: "text/csv",
      InferenceId: "patient-7",
      TargetVariant: "challenger",
    });
    expect([headers["x-request-id"], headers["x-inference-id"]]).toEqual(["mine", "patient-7"]);
  });

  it.each(["", "with space", "x".repeat(65), "<script>", "a\r\nb"])(
    "is given an id of its own where the caller's is %j",
    async (id) => {
      const { headers } = await ask({ headers: { "x-request-id": id, "x-inference-id": id } });
      expect([headers["x-request-id"], headers["x-inference-id"]]).toEqual(["gateway-id", "gateway-id"]);
    },
  );

  it("reads a body that the gateway hands over as base64", async () => {
    await ask({ body: Buffer.from('{"age":41}').toString("base64"), isBase64Encoded: true });
    expect(Buffer.from(sent()[0]?.Body as Uint8Array).toString()).toBe('{"age":41}');
  });

  it.each<[string, Asked, number, string]>([
    ["no body", { body: null }, 400, "malformed-request"],
    ["an empty body", { body: "" }, 400, "malformed-request"],
    ["what isn't UTF-8", { body: '{"a":"\uFFFD"}' }, 422, "records-refused"],
    ["too large a body", { body: `{"a":"${"x".repeat(1024)}"}` }, 413, "body-too-large"],
    ["a path that isn't there", { resource: "/v1/other/predict" }, 404, "no-such-path"],
  ])("with %s is refused without asking the endpoint", async (_, asked, status, kind) => {
    const answer = await ask(asked);
    expect([answer.status, answer.headers["content-type"]]).toEqual([status, "application/problem+json"]);
    expect(answer.body).toMatchObject({
      type: `urn:perennial:problem:${kind}`,
      status,
      requestId: "gateway-id",
    });
    expect(sent()).toEqual([]);
  });

  it("by a method that the path doesn't know is told the one it does", async () => {
    const { status, headers } = await ask({ httpMethod: "DELETE" });
    expect([status, headers["allow"]]).toEqual([405, "POST"]);
  });
});

describe("when the endpoint doesn't answer", () => {
  const FAULTS = [{ record: 0, field: "age", message: "given 400; expected a whole number from 0 to 120" }];
  const container = (status: number, faults: unknown[] = []) => ({
    OriginalStatusCode: status,
    OriginalMessage: JSON.stringify({ error: "words of the container", faults, model: MODEL }),
  });

  it("a caller hears every fault of every record", async () => {
    failing("ModelError", container(400, FAULTS));
    const { status, body } = await ask();
    expect([status, body]).toEqual([
      422,
      {
        type: "urn:perennial:problem:records-refused",
        title: "The model doesn't answer these records",
        status: 422,
        detail: "words of the container",
        requestId: "gateway-id",
        faults: FAULTS,
        model: MODEL,
      },
    ]);
  });

  it.each<[string, object, number, string, string | undefined]>([
    ["ModelError", container(400), 422, "records-refused", undefined],
    ["ModelError", container(406), 406, "no-such-form", undefined],
    ["ModelError", container(413), 413, "body-too-large", undefined],
    ["ModelError", container(415), 415, "unknown-form", undefined],
    ["ModelError", container(503), 503, "not-available", "1"],
    ["ModelError", { OriginalStatusCode: 503, OriginalMessage: "" }, 503, "not-available", "1"],
    ["ModelError", container(500), 500, "model-failed", undefined],
    ["ModelError", { OriginalStatusCode: 500, OriginalMessage: "<html>" }, 500, "model-failed", undefined],
    ["ThrottlingException", {}, 429, "too-many-requests", "1"],
    ["ServiceUnavailable", {}, 503, "not-available", "1"],
    ["ModelNotReadyException", {}, 503, "not-available", "1"],
    ["ValidationError", {}, 503, "not-available", "1"],
    ["AbortError", {}, 504, "too-slow", undefined],
    ["AccessDeniedException", {}, 500, "platform-failed", undefined],
  ])("%s %j is answered with %i", async (name, members, status, kind, retryAfter) => {
    failing(name, members);
    const answer = await ask();
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ type: `urn:perennial:problem:${kind}`, status });
    expect(answer.headers["retry-after"]).toBe(retryAfter);
    expect(JSON.stringify(answer.body)).not.toContain("secret detail");
  });

  it("a variant that doesn't exist is the caller's fault", async () => {
    failing("ValidationError");
    expect((await ask({ headers: { "x-target-variant": "nobody" } })).status).toBe(422);
  });

  it("is given up after the time that it may take, and then the request is aborted", async () => {
    const silent = {
      send: async (_: unknown, { abortSignal }: { abortSignal: AbortSignal }) =>
        await new Promise<never>((_resolve, reject) => {
          abortSignal.addEventListener("abort", () => reject(abortSignal.reason as Error));
        }),
    };
    const predict = predictByEndpoint(silent as unknown as SageMakerRuntimeClient, 10);
    const asked = predict({
      target: { kind: "endpoint", endpointName: "e", maxBodyKiB: 1 },
      body: Buffer.from("{}"),
      contentType: "application/json",
      accept: undefined,
      inferenceId: "i",
      targetVariant: undefined,
    });
    await expect(asked).rejects.toMatchObject({ kind: "too-slow" });
  });

  it("an answer that Lambda can't hand on is too large a request", async () => {
    runtime.on(InvokeEndpointCommand).resolves({ Body: Buffer.alloc(4 * 1024 * 1024 + 1) as never });
    expect((await ask()).status).toBe(413);
  });

  it("the log says what failed and for which request, never what a container said", async () => {
    telemetry.lines.length = 0;
    failing("ModelError", { OriginalStatusCode: 500, OriginalMessage: "age 40 of patient 7" });
    await ask();
    expect(telemetry.lines).toEqual([
      [
        "not answered",
        {
          requestId: "gateway-id",
          workload: "churn",
          status: 500,
          error: "ModelError",
          reason: "The model failed on this request.",
        },
      ],
    ]);
  });
});

describe("what the API says about itself", () => {
  it("names the address that it was asked at, with its stage", async () => {
    expect((await ask(get("/openapi.json"))).body).toEqual({
      openapi: "3.1.0",
      servers: [{ url: "https://api.example.com/live" }],
    });
    const atRoot = await ask({ ...get("/openapi.json"), path: "/openapi.json" });
    expect(atRoot.body).toMatchObject({ servers: [{ url: "https://api.example.com" }] });
  });

  it("is a schema, a page under a policy, and that it answers", async () => {
    expect((await ask(get("/v1/churn/schema"))).body).toEqual({ type: "object" });
    const page = await ask(get("/docs"));
    expect([page.body, page.headers["content-type"], page.headers["content-security-policy"]]).toEqual([
      "<p>page</p>",
      "text/html; charset=utf-8",
      "default-src 'none'",
    ]);
    expect((await ask(get("/healthz"))).body).toEqual({ status: "ok" });
  });
});

describe("pages of other origins", () => {
  const origin = { headers: { origin: "https://app.example.com" } };

  it("get no header where none may call", async () => {
    const { headers } = await ask(origin);
    expect(
      Object.keys(headers).filter((name) => name.startsWith("access-control") || name === "vary"),
    ).toEqual([]);
    expect((await ask({ ...origin, httpMethod: "OPTIONS" })).status).toBe(405);
  });

  it.each([
    [["https://app.example.com"], "https://app.example.com"],
    [["*"], "https://app.example.com"],
    [["https://other.example.com"], undefined],
  ])("of %j: %j", async (corsOrigins, allowed) => {
    const { headers } = await ask(origin, { corsOrigins });
    expect([headers["access-control-allow-origin"], headers["vary"]]).toEqual([allowed, "origin"]);
    const preflight = await ask({ ...origin, httpMethod: "OPTIONS", body: null }, { corsOrigins });
    expect([preflight.status, preflight.headers["access-control-allow-methods"]]).toEqual([204, "POST"]);
    expect(preflight.headers["access-control-allow-origin"]).toBe(allowed);
  });
});

it("refuses an event that is none of API Gateway's", async () => {
  await expect(handlerWith()({})).rejects.toThrow("event of answer-http is refused, 6 faults:");
});
