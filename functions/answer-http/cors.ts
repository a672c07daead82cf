import type { HttpAnswer } from "@perennial/contracts";

const MAX_AGE_SECONDS = 600;
const ASKED = "authorization, content-type, x-api-key, x-inference-id, x-request-id, x-target-variant";
const SHOWN = "retry-after, x-inference-id, x-request-id, x-variant";

/** Headers that let a page of an allowed origin read the answer. */
export function corsHeaders(origins: readonly string[], origin: string | undefined): Record<string, string> {
  if (origins.length === 0) return {};
  const isAllowed = origin !== undefined && (origins.includes("*") || origins.includes(origin));
  return {
    vary: "origin",
    ...(isAllowed ? { "access-control-allow-origin": origin, "access-control-expose-headers": SHOWN } : {}),
  };
}

/** Answer to a browser that asks beforehand what it may send. */
export const preflight = (method: string): HttpAnswer => ({
  statusCode: 204,
  headers: {
    "access-control-allow-methods": method,
    "access-control-allow-headers": ASKED,
    "access-control-max-age": String(MAX_AGE_SECONDS),
  },
  body: "",
});
