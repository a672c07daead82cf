/** Media type of RFC 9457. */
export const PROBLEM_TYPE = "application/problem+json";

interface Kind {
  status: number;
  title: string;
}

/** Everything that can be wrong with a request, by the last part of its type. */
export const PROBLEMS = {
  "malformed-request": { status: 400, title: "The request can't be read" },
  "misshapen-body": { status: 400, title: "The body doesn't have the shape of a request" },
  "not-authenticated": { status: 401, title: "The request doesn't say who makes it" },
  "not-allowed": { status: 403, title: "The request isn't allowed" },
  "no-such-path": { status: 404, title: "There is nothing at this path" },
  "method-not-allowed": { status: 405, title: "The path doesn't know this method" },
  "no-such-form": { status: 406, title: "Answers don't come in the form asked for" },
  "body-too-large": { status: 413, title: "The body is too large" },
  "unknown-form": { status: 415, title: "Bodies of this form aren't read" },
  "records-refused": { status: 422, title: "The model doesn't answer these records" },
  "no-such-variant": { status: 422, title: "No such variant answers" },
  "too-many-requests": { status: 429, title: "Too many requests" },
  "platform-failed": { status: 500, title: "The platform failed" },
  "model-failed": { status: 500, title: "The model failed" },
  "not-available": { status: 503, title: "The model can't answer now" },
  "too-slow": { status: 504, title: "The model took too long" },
} as const satisfies Record<string, Kind>;

export type ProblemKind = keyof typeof PROBLEMS;

export const problemType = (kind: ProblemKind): string => `urn:perennial:problem:${kind}`;

/** What is told of a request that wasn't answered (RFC 9457). */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  /** Absent where the firewall answered. */
  requestId?: string;
  /** What is wrong with which field of which record, where records were refused. */
  faults?: readonly unknown[];
  /** Which model refused. */
  model?: unknown;
}

export function problem(
  kind: ProblemKind,
  detail: string,
  requestId: string,
  more: Pick<Problem, "faults" | "model"> = {},
): Problem {
  const { status, title } = PROBLEMS[kind];
  return { type: problemType(kind), title, status, detail, requestId, ...more };
}

/** What API Gateway itself answers: its kind of answer, with the problem that it is. */
export interface GatewayResponse {
  responseType: string;
  statusCode: string;
  /** Of the body; API Gateway fills in what begins with `$context`. */
  template: string;
}

const BY_GATEWAY: Record<string, [kind: ProblemKind, detail: string]> = {
  ACCESS_DENIED: ["not-allowed", "These credentials may not make this request."],
  API_CONFIGURATION_ERROR: ["platform-failed", "The API is misconfigured."],
  AUTHORIZER_CONFIGURATION_ERROR: ["platform-failed", "Credentials can't be checked now."],
  AUTHORIZER_FAILURE: ["platform-failed", "Credentials can't be checked now."],
  BAD_REQUEST_BODY: [
    "misshapen-body",
    'Expected a JSON object: one record, or {"records": […]}. GET the schema of the workload for its fields.',
  ],
  BAD_REQUEST_PARAMETERS: ["malformed-request", "A header or parameter is missing or malformed."],
  DEFAULT_4XX: ["malformed-request", "The request can't be answered as it is."],
  DEFAULT_5XX: ["platform-failed", "The API failed; try again."],
  EXPIRED_TOKEN: ["not-allowed", "The signature has expired; sign the request anew."],
  INTEGRATION_FAILURE: ["not-available", "What answers could not be reached; try again."],
  INTEGRATION_TIMEOUT: ["too-slow", "The answer took longer than 29 seconds; send fewer records at a time."],
  INVALID_API_KEY: ["not-allowed", "Send a valid key in the header x-api-key."],
  INVALID_SIGNATURE: ["not-allowed", "The signature doesn't fit the request."],
  QUOTA_EXCEEDED: ["too-many-requests", "The key's quota is used up."],
  REQUEST_TOO_LARGE: ["body-too-large", "Send fewer records at a time."],
  RESOURCE_NOT_FOUND: ["no-such-path", "GET /openapi.json for what there is."],
  THROTTLED: ["too-many-requests", "Wait a second, then try again; wait longer each time."],
  UNAUTHORIZED: ["not-authenticated", "Send a valid token as Authorization: Bearer …"],
  UNSUPPORTED_MEDIA_TYPE: ["unknown-form", "Send application/json."],
  WAF_FILTERED: ["not-allowed", "The firewall refused the request."],
};

/**
 * API Gateway's own answers as problems.
 *
 * @param isSigned whether requests carry an AWS signature. Where they don't, API Gateway's complaint about a missing
 *   one only says that the path doesn't exist.
 */
export function gatewayResponses(isSigned: boolean): GatewayResponse[] {
  const missing: [ProblemKind, string] = isSigned
    ? ["not-allowed", "Sign the request (AWS Signature Version 4, service execute-api)."]
    : ["no-such-path", "GET /openapi.json for what there is."];
  return Object.entries({ ...BY_GATEWAY, MISSING_AUTHENTICATION_TOKEN: missing }).map(
    ([responseType, [kind, detail]]) => ({
      responseType,
      statusCode: String(PROBLEMS[kind].status),
      template: JSON.stringify(problem(kind, detail, "$context.requestId")),
    }),
  );
}
