import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createHash, createHmac, type BinaryLike } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignatureV4 } from "@smithy/signature-v4";
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readWorkloads } from "../../infra/workloads.ts";
import { type LocalCloud } from "../../local/cloud.ts";
import { openTestCloud } from "../support/test-cloud.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const specs = (await readWorkloads(join(REPOSITORY, "workloads"), [])).map(({ spec }) => spec);
// Any will do: nothing is trained.
const spec = specs.at(-1)!;
const BODY = JSON.stringify(spec.examples[0]);

let folder: string;
let cloud: LocalCloud;

async function open(settings: Record<string, string>): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), "perennial-credentials-"));
  cloud = await openTestCloud(folder, {
    workloads: [spec.name],
    settings,
  });
  await cloud.sageMaker.settled();
}

async function close(): Promise<void> {
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
}

async function ask(headers: Record<string, string>) {
  const response = await fetch(`${cloud.httpApis.url}/v1/${spec.name}/predict`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: BODY,
  });
  const { type } = (await response.json()) as { type?: string };
  return [response.status, type?.split(":").at(-1)];
}

describe("with tokens of an issuer", () => {
  let server: Server;
  let issuer: string;
  let key: CryptoKey;

  beforeAll(async () => {
    const pair = await generateKeyPair("RS256");
    key = pair.privateKey;
    const keys = [{ ...(await exportJWK(pair.publicKey)), kid: "one", alg: "RS256" }];
    server = createServer((request, response) => {
      const isKeys = request.url === "/keys";
      response.end(JSON.stringify(isKeys ? { keys } : { issuer, jwks_uri: `${issuer}/keys` }));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await open({
      "perennial:apiAuth": "jwt",
      "perennial:jwtIssuer": issuer,
      "perennial:jwtAudience": "perennial",
    });
  });
  afterAll(async () => {
    await close();
    server.closeAllConnections();
    server.close();
  });

  const bearer = async (claims: { aud?: string; exp?: number } = {}) => {
    const { aud = "perennial", exp = Math.floor(Date.now() / 1000) + 600 } = claims;
    const token = new SignJWT({ iss: issuer, sub: "caller", aud, exp });
    return `Bearer ${await token.setProtectedHeader({ alg: "RS256", kid: "one" }).sign(key)}`;
  };

  it("answers who has one, through the function that the program deploys for it", async () => {
    expect(await ask({ authorization: await bearer() })).toEqual([200, undefined]);
    expect(cloud.httpApis.keys.files).toEqual([]);
  });

  it("answers nobody else", async () => {
    const longAgo = Math.floor(Date.now() / 1000) - 60;
    const unauthenticated = [401, "not-authenticated"];
    expect([
      await ask({}),
      await ask({ authorization: "Bearer a.b.c" }),
      await ask({ authorization: await bearer({ aud: "other" }) }),
      await ask({ authorization: await bearer({ exp: longAgo }) }),
    ]).toEqual([unauthenticated, unauthenticated, unauthenticated, unauthenticated]);
  });
});

describe("with signatures", () => {
  beforeAll(async () => {
    await open({ "perennial:apiAuth": "iam" });
  });
  afterAll(close);

  class Sha256 {
    private readonly hash;
    constructor(secret?: BinaryLike) {
      this.hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret);
    }
    update(data: BinaryLike): void {
      this.hash.update(data);
    }
    async digest(): Promise<Uint8Array> {
      return this.hash.digest();
    }
  }

  async function signedBy(
    credentials: { accessKeyId: string; secretAccessKey: string },
    signingDate = new Date(),
  ): Promise<Record<string, string>> {
    const { host, hostname, pathname } = new URL(`${cloud.httpApis.url}/v1/${spec.name}/predict`);
    const signer = new SignatureV4({
      credentials,
      region: cloud.account.region,
      service: "execute-api",
      sha256: Sha256 as never,
    });
    const { headers } = await signer.sign(
      {
        method: "POST",
        protocol: "http:",
        hostname,
        path: pathname,
        query: {},
        headers: { host, "content-type": "application/json" },
        body: BODY,
      },
      { signingDate },
    );
    const { host: _, ...sent } = headers;
    return sent;
  }

  const person = { accessKeyId: "test", secretAccessKey: "test" };

  it("answers the account's people, and roles that may", async () => {
    expect(await ask(await signedBy(person))).toEqual([200, undefined]);
  });

  it("answers no role that the program doesn't let", async () => {
    const role = cloud.gateway.credentialsFor("perennial-dev-record-outcome");
    expect(await ask(await signedBy(role))).toEqual([403, "not-allowed"]);
  });

  it("answers nothing unsigned, or signed by a clock that is off", async () => {
    const early = new Date(Date.now() - 6 * 60_000);
    expect([await ask({}), await ask(await signedBy(person, early))]).toEqual([
      [403, "not-allowed"],
      [403, "not-allowed"],
    ]);
  });
});
