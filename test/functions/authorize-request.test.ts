import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHandler } from "../../functions/authorize-request/handler.ts";
import { issuerKeys } from "../../functions/authorize-request/issuer-keys.ts";
import { RecordedTelemetry } from "../support/telemetry.ts";

const NOW = new Date("2026-06-01T12:00:00Z");
const AT = NOW.getTime() / 1000;
const METHOD = "arn:aws:execute-api:eu-central-1:123456789012:api/live/POST/v1/churn/predict";

let server: Server;
let issuer: string;
let configuration: () => unknown;
let keyPair: Awaited<ReturnType<typeof generateKeyPair>>;
let asked: string[] = [];

beforeAll(async () => {
  keyPair = await generateKeyPair("ES256");
  const rsa = await generateKeyPair("RS256");
  const keys = [
    { ...(await exportJWK(keyPair.publicKey)), kid: "one", alg: "ES256" },
    { ...(await exportJWK(rsa.publicKey)), kid: "rsa", alg: "RS256" },
  ];
  rsaKey = rsa.privateKey;
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const body = request.url === "/keys" ? { keys } : configuration();
    response.writeHead(body === undefined ? 503 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(body ?? {}));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  configuration = () => ({ issuer, jwks_uri: `${issuer}/keys` });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

let rsaKey: CryptoKey;

interface Token {
  claims?: Record<string, unknown>;
  header?: Partial<JWTHeaderParameters>;
  key?: CryptoKey | Uint8Array;
}

async function token({ claims = {}, header = {}, key = keyPair.privateKey }: Token = {}): Promise<string> {
  const payload = { iss: issuer, aud: "perennial", sub: "caller-1", exp: AT + 600, iat: AT, ...claims };
  const signed = new SignJWT(JSON.parse(JSON.stringify(payload)) as Record<string, unknown>);
  return await signed.setProtectedHeader({ alg: "ES256", kid: "one", ...header }).sign(key);
}

const handler = (keys = issuerKeys(issuer)) =>
  createHandler({
    expected: { issuer, audience: "perennial" },
    keys,
    telemetry: new RecordedTelemetry(),
    clock: () => NOW,
  });
const event = (authorizationToken: string) => ({ type: "TOKEN", authorizationToken, methodArn: METHOD });

describe("a valid token", () => {
  it.each([
    ["ES256", {}],
    ["RS256", { header: { alg: "RS256", kid: "rsa" } }],
  ])("signed by %s opens every route of the stage", async (alg, made) => {
    const key = alg === "RS256" ? { key: rsaKey } : {};
    expect(await handler()(event(`Bearer ${await token({ ...made, ...key })}`))).toEqual({
      principalId: "caller-1",
      policyDocument: {
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Action: "execute-api:Invoke",
            Resource: "arn:aws:execute-api:eu-central-1:123456789012:api/live/*",
          },
        ],
      },
    });
  });

  it("has the keys asked for once", async () => {
    const decide = handler();
    asked = [];
    for (let time = 0; time < 3; time += 1) await decide(event(`Bearer ${await token()}`));
    expect(asked).toEqual(["/.well-known/openid-configuration", "/keys"]);
  });

  it.each([
    ["expired 29 s ago", { exp: AT - 29 }],
    ["is valid in 29 s", { nbf: AT + 29 }],
  ])("that %s passes: clocks differ", async (_, claims) => {
    expect((await handler()(event(`Bearer ${await token({ claims })}`))).principalId).toBe("caller-1");
  });
});

describe("any other", () => {
  const unsigned = () =>
    [{ alg: "none" }, { iss: issuer, aud: "perennial", sub: "x", exp: AT + 9 }]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");

  it.each<[string, () => string | Promise<string>]>([
    ["nothing", () => ""],
    ["no bearer token", () => "Basic dXNlcjpwYXNz"],
    ["no token", () => "Bearer x.y"],
    ["nonsense", () => "Bearer a.b.c"],
    ["no signature", () => `Bearer ${unsigned()}.`],
    [
      "a shared secret",
      async () => `Bearer ${await token({ header: { alg: "HS256" }, key: Buffer.alloc(32) })}`,
    ],
    ["a key that the issuer doesn't have", async () => `Bearer ${await token({ header: { kid: "two" } })}`],
    [
      "somebody else's key",
      async () => `Bearer ${await token({ key: (await generateKeyPair("ES256")).privateKey })}`,
    ],
    ["another issuer", async () => `Bearer ${await token({ claims: { iss: "https://other.example" } })}`],
    ["another audience", async () => `Bearer ${await token({ claims: { aud: "other" } })}`],
    ["no end", async () => `Bearer ${await token({ claims: { exp: undefined } })}`],
    ["nobody it is about", async () => `Bearer ${await token({ claims: { sub: undefined } })}`],
    ["an end 31 s ago", async () => `Bearer ${await token({ claims: { exp: AT - 31 } })}`],
    ["a beginning in 31 s", async () => `Bearer ${await token({ claims: { nbf: AT + 31 } })}`],
    ["two tokens", async () => `Bearer ${await token()} ${await token()}`],
  ])("with %s is unauthorized", async (_, made) => {
    await expect(handler()(event(await made()))).rejects.toThrow(/^Unauthorized$/);
  });
});

describe("an issuer that can't be asked", () => {
  it("is no fault of the token, and is asked again", async () => {
    const right = configuration;
    const decide = handler();
    configuration = () => undefined;
    const bearer = event(`Bearer ${await token()}`);
    await expect(decide(bearer)).rejects.toThrow(
      `${issuer}/.well-known/openid-configuration answered 503; expected the issuer's configuration.`,
    );
    configuration = right;
    expect((await decide(bearer)).principalId).toBe("caller-1");
  });

  it.each([
    [
      () => ({ issuer: "https://other.example", jwks_uri: `${issuer}/keys` }),
      "is of the issuer https://other.example",
    ],
    [() => ({ issuer, jwks_uri: "http://keys.example/keys" }), "expected https."],
    [() => ({ issuer }), "jwks_uri: given nothing"],
  ])("or answers for somebody else opens nothing", async (answer, message) => {
    const right = configuration;
    configuration = answer;
    await expect(handler()(event(`Bearer ${await token()}`))).rejects.toThrow(message);
    configuration = right;
  });
});
