import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { moreThan } from "../../infra/components/firewall/more-than.ts";
import type { Answer } from "../../local/functions/sandbox.ts";
import { type AclInputs, WebAcl } from "../../local/http-api/firewall.ts";
import { HttpApis } from "../../local/http-api/http-apis.ts";
import { type ApiMethod, RestApi } from "../../local/http-api/rest-api.ts";

const ARN = "arn:aws:execute-api:eu-central-1:123456789012:api";
const OPEN: ApiMethod = {
  httpMethod: "GET",
  authorization: "NONE",
  authorizerId: null,
  isKeyRequired: false,
  validatorId: null,
  models: {},
};

let folder: string;
let now: number;
let apis: HttpApis;
let api: RestApi;
let events: Record<string, unknown>[];
let answers: Record<string, (event: Record<string, unknown>) => unknown>;
let logged: string[];
let signers: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "perennial-http-"));
  now = Date.parse("2026-06-01T12:00:00Z");
  events = [];
  logged = [];
  signers = ["AKIAALLOWED"];
  answers = { answer: () => ({ statusCode: 200, headers: { "X-Made": "1" }, body: '{"ok":true}' }) };
  apis = new HttpApis({
    folder,
    port: 0,
    now: () => now,
    patience: { headersTimeout: 300, requestTimeout: 600 },
    invoke: async (name, payload, sourceArn): Promise<Answer> => {
      const event = { ...(JSON.parse(payload) as Record<string, unknown>), sourceArn };
      events.push(event);
      try {
        return { payload: JSON.stringify(answers[name]?.(event)) };
      } catch (error) {
        return { error: true, payload: JSON.stringify({ errorMessage: (error as Error).message }) };
      }
    },
    mayInvoke: async (key) => signers.includes(key),
    mayLog: async () => true,
    log: (group, _, line) => void logged.push(`${group} ${line}`),
    metric: () => undefined,
    warn: (message) => void logged.push(message),
  });
  api = new RestApi({ id: "api", name: "test", executionArn: ARN, rootId: "root" });
  api.stage = {
    name: "live",
    arn: "stage",
    log: { group: "access", format: '{"status":"$context.status","error":"$context.error.responseType"}' },
  };
  for (const [type, status] of Object.entries({
    MISSING_AUTHENTICATION_TOKEN: 404,
    INVALID_API_KEY: 403,
    THROTTLED: 429,
    BAD_REQUEST_BODY: 400,
    REQUEST_TOO_LARGE: 413,
    UNAUTHORIZED: 401,
    ACCESS_DENIED: 403,
    AUTHORIZER_FAILURE: 500,
    INVALID_SIGNATURE: 403,
    DEFAULT_5XX: 500,
  })) {
    api.responses.set(type, {
      status,
      template: JSON.stringify({ type, requestId: "$context.requestId" }),
      headers: { "gatewayresponse.header.Content-Type": "'application/problem+json'" },
    });
  }
  api.addResource("things", "root", "things");
  api.addIntegration("things", "GET", "answer");
  api.addMethod("things", OPEN);
  apis.create(api);
  await apis.open();
});
afterEach(async () => {
  await apis.close();
  rmSync(folder, { recursive: true });
});

async function ask(path: string, init: RequestInit = {}) {
  const response = await fetch(`${apis.url}${path}`, init);
  const body = (await response.json()) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, body };
}

describe("a request", () => {
  it("reaches the function of its route as API Gateway hands it over, and comes back as it answered", async () => {
    const { status, headers, body } = await ask("/things?a=1", { headers: { "X-Mine": "yes" } });
    expect([status, headers.get("x-made"), body]).toEqual([200, "1", { ok: true }]);
    expect(events).toMatchObject([
      {
        resource: "/things",
        path: "/things",
        httpMethod: "GET",
        headers: { "x-mine": "yes", "X-Forwarded-Proto": "http" },
        queryStringParameters: { a: "1" },
        body: null,
        isBase64Encoded: false,
        requestContext: { stage: "live", path: "/things", domainName: new URL(apis.url ?? "").host },
        sourceArn: `${ARN}/live/GET/things`,
      },
    ]);
    expect(logged).toEqual(['access {"status":"200","error":"-"}']);
  });

  it("to no route, or by no method of it, is answered by the gateway", async () => {
    for (const [path, method] of [
      ["/nothing", "GET"],
      ["/things", "POST"],
    ] as const) {
      const { status, headers, body } = await ask(path, { method });
      expect([status, headers.get("content-type")]).toEqual([404, "application/problem+json"]);
      expect(body).toEqual({
        type: "MISSING_AUTHENTICATION_TOKEN",
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      });
    }
    expect(events).toEqual([]);
  });

  it("that ANY takes goes to it only where the method has none of its own", async () => {
    api.addMethod("things", { ...OPEN, httpMethod: "ANY" });
    api.addIntegration("things", "ANY", "any");
    answers["any"] = () => ({ statusCode: 405, body: "{}" });
    expect([(await ask("/things")).status, (await ask("/things", { method: "PUT" })).status]).toEqual([
      200, 405,
    ]);
  });

  it.each([
    ["throws", () => Promise.reject(new Error("x"))],
    ["answers nothing that HTTP knows", () => ({ body: "no status" })],
  ])("to a function that %s fails", async (_, answer) => {
    answers["answer"] = () => {
      const made = answer();
      if (made instanceof Promise) {
        void made.catch(() => undefined);
        throw new Error("x");
      }
      return made;
    };
    expect((await ask("/things")).status).toBe(500);
  });
});

describe("a body", () => {
  beforeEach(() => {
    api.addValidator("validator", true);
    api.addModel("Thing", {
      $schema: "http://json-schema.org/draft-04/schema#",
      type: "object",
      required: ["a"],
    });
    api.addMethod("things", {
      ...OPEN,
      httpMethod: "POST",
      validatorId: "validator",
      models: { "application/json": "Thing" },
    });
    api.addIntegration("things", "POST", "answer");
  });
  const post = (body: string, type = "application/json") =>
    ask("/things", { method: "POST", body, headers: { "content-type": type } });

  it.each([
    ['{"a":1}', "application/json", 200],
    ['{"a":1}', "application/json; charset=utf-8", 200],
    ["{}", "application/json", 400],
    ["[1", "application/json", 400],
    ["", "application/json", 400],
    // A model is of one content type; a body of another isn't looked at.
    ["a,b", "text/csv", 200],
  ])("%j as %s: %i", async (body, type, status) => {
    expect((await post(body, type)).status).toBe(status);
  });

  it("over 10 MB is refused, whether its length was said or not", async () => {
    const large = "x".repeat(10 * 1024 * 1024 + 1);
    const body = new Blob([large]).stream();
    const chunked = { method: "POST", body, duplex: "half" } as RequestInit;
    expect((await ask("/things", chunked)).status).toBe(413);
    expect(events).toEqual([]);
  });
});

describe("keys", () => {
  beforeEach(() => {
    api.addMethod("things", { ...OPEN, isKeyRequired: true });
    apis.keys.create("key", "first");
    apis.keys.createPlan("plan", { stages: ["api:live"], throttle: { perSecond: 1, burst: 2 } });
  });
  const withKey = (key: string) => ask("/things", { headers: { "x-api-key": key } });
  const value = () => readFileSync(join(folder, "api-keys/first"), "utf8");

  it("lie in a file for their owner alone, drawn once", () => {
    expect(apis.keys.files).toEqual([join(folder, "api-keys/first")]);
    expect(statSync(join(folder, "api-keys/first")).mode & 0o777).toBe(0o600);
    const drawn = value();
    expect(drawn).toMatch(/^[\w-]{40}$/);
    apis.keys.create("key", "first");
    expect(value()).toBe(drawn);
  });

  it("open the stages of their plan", async () => {
    expect((await withKey(value())).status).toBe(403);
    apis.keys.join("key", "plan");
    expect([
      (await withKey(value())).status,
      (await withKey(`${value()}x`)).status,
      (await withKey("")).status,
      (await ask("/things")).status,
    ]).toEqual([200, 403, 403, 403]);
  });

  it("are held to their rate", async () => {
    apis.keys.join("key", "plan");
    const statuses = async (times: number) => {
      const all = [];
      for (let time = 0; time < times; time += 1) all.push((await withKey(value())).status);
      return all;
    };
    expect(await statuses(3)).toEqual([200, 200, 429]);
    now += 1000;
    expect(await statuses(2)).toEqual([200, 429]);
  });
});

describe("tokens", () => {
  beforeEach(() => {
    api.authorizers.set("auth", {
      functionArn: "authorize",
      identityHeader: "authorization",
      keepSeconds: 60,
    });
    api.addMethod("things", { ...OPEN, authorization: "CUSTOM", authorizerId: "auth" });
    answers["authorize"] = ({ authorizationToken }) => {
      if (authorizationToken === "bad") throw new Error("Unauthorized");
      if (authorizationToken === "broken") throw new Error("no keys");
      const Resource = authorizationToken === "elsewhere" ? `${ARN}/live/GET/other` : `${ARN}/live/*`;
      const Statement = [{ Effect: "Allow", Action: "execute-api:Invoke", Resource }];
      return { principalId: "me", policyDocument: { Statement } };
    };
  });
  const withToken = (authorization: string) => ask("/things", { headers: { authorization } });

  it("are read by the authorizer, once a minute each", async () => {
    expect([(await withToken("good")).status, (await withToken("good")).status]).toEqual([200, 200]);
    const authorized = () => events.filter(({ type }) => type === "TOKEN");
    expect(authorized()).toEqual([
      {
        type: "TOKEN",
        authorizationToken: "good",
        methodArn: `${ARN}/live/GET/things`,
        sourceArn: `${ARN}/authorizers/auth`,
      },
    ]);
    now += 60_001;
    await withToken("good");
    expect(authorized()).toHaveLength(2);
  });

  it.each([
    ["bad", 401],
    ["elsewhere", 403],
    ["broken", 500],
  ])("%s: %i", async (token, status) => {
    expect((await withToken(token)).status).toBe(status);
    expect((await ask("/things")).status).toBe(401);
  });
});

describe("signatures", () => {
  const signed = (key: string, date: string) =>
    ask("/things", {
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=${key}/20260601/eu-central-1/execute-api/aws4_request, Signature=0`,
        "x-amz-date": date,
      },
    });

  it.each([
    ["AKIAALLOWED", "20260601T120000Z", 200],
    ["AKIAOTHER", "20260601T120000Z", 403],
    ["AKIAALLOWED", "20260601T120501Z", 403],
    ["AKIAALLOWED", "20260601T115459Z", 403],
    ["AKIAALLOWED", "yesterday", 404],
  ])("of %s at %s: %i", async (key, date, status) => {
    api.addMethod("things", { ...OPEN, authorization: "AWS_IAM" });
    expect((await signed(key, date)).status).toBe(status);
    expect((await ask("/things")).status).toBe(404);
  });
});

describe("the firewall", () => {
  const acl = (rules: AclInputs["rules"]) =>
    new WebAcl(
      { name: "acl", rules, customResponseBodies: [{ key: "often", content: '{"status":429}' }] },
      () => now,
    );
  const rate = (limit: number): AclInputs["rules"][number] => ({
    name: "rate",
    priority: 0,
    action: {
      block: {
        customResponse: {
          responseCode: 429,
          customResponseBodyKey: "often",
          responseHeaders: [{ name: "retry-after", value: "300" }],
        },
      },
    },
    statement: { rateBasedStatement: { limit, aggregateKeyType: "IP", evaluationWindowSec: 300 } },
  });

  it("refuses an address that asks too often, until it has asked less for a while", async () => {
    api.webAcl = acl([rate(10)]);
    api.webAcl.log = { group: "aws-waf-logs-test", redacted: ["x-api-key"] };
    const headers = { "x-api-key": "secret" };
    for (let time = 0; time < 10; time += 1) expect((await ask("/things", { headers })).status).toBe(200);
    const refused = await ask("/things", { headers });
    expect([refused.status, refused.headers.get("retry-after"), refused.body]).toEqual([
      429,
      "300",
      { status: 429 },
    ]);
    expect(refused.headers.get("content-type")).toBe("application/json");
    const [line = ""] = logged.filter((one) => one.startsWith("aws-waf-logs-test"));
    expect(line).toContain('{"name":"x-api-key","value":"REDACTED"}');
    expect(line).not.toContain("secret");
    now += 299_000;
    expect((await ask("/things")).status).toBe(429);
    now += 301_000;
    expect((await ask("/things")).status).toBe(200);
  });

  it("refuses a body by the length that it states, before it reads any of it", async () => {
    api.webAcl = acl([
      {
        name: "body-size",
        priority: 0,
        action: { block: { customResponse: { responseCode: 413 } } },
        statement: {
          regexMatchStatement: {
            regexString: moreThan(100),
            fieldToMatch: { singleHeader: { name: "content-length" } },
          },
        },
      },
    ]);
    const post = async (length: number) =>
      (await fetch(`${apis.url}/things`, { method: "POST", body: "x".repeat(length) })).status;
    expect([await post(100), await post(101)]).toEqual([404, 413]);
  });

  it("holds the sizes that AWS's common rules hold, less what is only counted", async () => {
    const common = (counted: string[]): AclInputs["rules"][number] => ({
      name: "common",
      priority: 0,
      statement: {
        managedRuleGroupStatement: {
          name: "AWSManagedRulesCommonRuleSet",
          ruleActionOverrides: counted.map((name) => ({ name, actionToUse: { count: {} } })),
        },
      },
    });
    const query = `/things?${"a".repeat(2049)}`;
    api.responses.set("WAF_FILTERED", { status: 403, template: "{}", headers: {} });
    api.webAcl = acl([common([])]);
    expect((await ask(query)).status).toBe(403);
    api.webAcl = acl([common(["SizeRestrictions_QUERYSTRING"])]);
    expect((await ask(query)).status).toBe(200);
  });

  it("says of a rule that it doesn't know that it isn't emulated", () => {
    const rule = { name: "geo", priority: 0, statement: {} };
    expect(() => acl([rule])).toThrow("the rule geo of the web ACL is of a kind that is not emulated.");
  });
});

describe("a client that isn't well", () => {
  const raw = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(apis.url ?? "").port), "127.0.0.1", () => socket.write(text));
      let received = "";
      socket.on("data", (chunk: Buffer) => (received += chunk.toString()));
      socket.on("close", () => resolve(received));
      socket.on("error", reject);
    });

  it.each([
    ["no HTTP", "nonsense\r\n\r\n", "400 Bad Request"],
    [
      "headers over 10 KB",
      `GET /things HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(11_000)}\r\n\r\n`,
      "431 Request Header Fields Too Large",
    ],
  ])("and sends %s is told so, as a problem", async (_, text, status) => {
    const received = await raw(text);
    expect(received.split("\r\n")[0]).toBe(`HTTP/1.1 ${status}`);
    expect(received).toContain("content-type: application/problem+json");
  });

  it.each([
    ["its headers", "GET /things HTTP/1.1\r\nHost: a\r\nX-Slow: "],
    ["its body", "POST /things HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{"],
  ])("and takes forever over %s is let go, while others are answered", async (_, text) => {
    api.addMethod("things", { ...OPEN, httpMethod: "POST" });
    api.addIntegration("things", "POST", "answer");
    const slow = Array.from({ length: 20 }, () => raw(text));
    expect((await ask("/things")).status).toBe(200);
    const received = await Promise.all(slow);
    expect(new Set(received.map((answer) => answer.split("\r\n")[0]))).toEqual(
      new Set(["HTTP/1.1 408 Request Timeout"]),
    );
  });

  it("and leaves in the middle of its request disturbs nobody", async () => {
    const socket = connect(Number(new URL(apis.url ?? "").port), "127.0.0.1");
    await new Promise((resolve) => {
      socket.write("GET /things HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf", resolve);
    });
    socket.destroy();
    expect((await ask("/things")).status).toBe(200);
  });
});
