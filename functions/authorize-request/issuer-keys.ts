import { parse } from "@perennial/contracts";
import { createRemoteJWKSet, type JWTVerifyGetKey } from "jose";
import { z } from "zod";

const TIMEOUT_MS = 5000;
/** Keys are asked for again when they are so old, or at once when a token names one that isn't among them. */
const KEEP_MS = 600_000;

const Discovered = z.object({ issuer: z.string(), jwks_uri: z.url() });

/**
 * The issuer's keys, found as OpenID Connect Discovery says and kept between requests.
 *
 * @throws from each call where the issuer doesn't answer, or answers for somebody else.
 */
export function issuerKeys(issuer: string, ask: typeof fetch = fetch): JWTVerifyGetKey {
  let found: Promise<JWTVerifyGetKey> | undefined;
  return async (header, token) => {
    found ??= discover(issuer, ask);
    try {
      return await (
        await found
      )(header, token);
    } catch (error) {
      // A discovery that failed is made anew by the next request.
      if (
        await found.then(
          () => false,
          () => true,
        )
      )
        found = undefined;
      throw error;
    }
  };
}

async function discover(issuer: string, ask: typeof fetch): Promise<JWTVerifyGetKey> {
  const place = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const response = await ask(place, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: "error" });
  if (!response.ok)
    throw new Error(`${place} answered ${response.status}; expected the issuer's configuration.`);
  const { issuer: named, jwks_uri } = parse(Discovered, await response.json(), place);
  if (named !== issuer) throw new Error(`${place} is of the issuer ${named}; expected ${issuer}.`);
  const keys = new URL(jwks_uri);
  if (keys.protocol !== "https:" && keys.hostname !== "127.0.0.1") {
    throw new Error(`${place} keeps its keys at ${jwks_uri}; expected https.`);
  }
  return createRemoteJWKSet(keys, { timeoutDuration: TIMEOUT_MS, cacheMaxAge: KEEP_MS });
}
