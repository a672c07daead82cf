import { errors, jwtVerify, type JWTVerifyGetKey } from "jose";

/** What a token has to say. */
export interface Expected {
  issuer: string;
  audience: string;
}

/** Clocks of issuer and platform may differ by so much: neither `exp` nor `nbf` counts within it. */
export const CLOCK_TOLERANCE_SECONDS = 30;
/** Signed with the issuer's private key. A shared secret, or no signature, is never one. */
const ALGORITHMS = ["RS256", "ES256"];

/**
 * Whom a bearer token is about; null where it is no valid one.
 *
 * @throws where the issuer's keys can't be had, which is no fault of the token.
 */
export async function verifyToken(
  authorization: string,
  { issuer, audience }: Expected,
  keys: JWTVerifyGetKey,
  now: Date,
): Promise<string | null> {
  const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization)?.[1];
  if (token === undefined) return null;
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: ALGORITHMS,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: now,
      requiredClaims: ["exp", "sub"],
    });
    return payload.sub ?? null;
  } catch (error) {
    if (error instanceof errors.JOSEError && !isOfKeys(error)) return null;
    throw error;
  }
}

/** Whether the issuer is at fault rather than the token. */
const isOfKeys = (error: errors.JOSEError): boolean =>
  error instanceof errors.JWKSTimeout ||
  error instanceof errors.JWKSInvalid ||
  error.code === "ERR_JOSE_GENERIC";
