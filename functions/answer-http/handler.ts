import {
  FUNCTIONS,
  type HttpAnswer,
  type HttpRequest,
  parse,
  type PredictionTarget,
} from "@perennial/contracts";
import { problem, PROBLEM_TYPE, type ProblemKind, PROBLEMS, type Route, routesOf } from "@perennial/http-api";
import type { Telemetry } from "@perennial/telemetry";
import { corsHeaders, preflight } from "./cors.ts";
import type { Documents } from "./documents.ts";
import type { Predict, PredictionAnswer } from "./predict.ts";
import { Refusal } from "./refusal.ts";
import type { StickyVariants } from "./sticky-variants.ts";

export interface Dependencies {
  /** What answers for each workload. */
  targets: Readonly<Record<string, PredictionTarget>>;
  predict: { readonly [Kind in PredictionTarget["kind"]]: Predict<Kind> };
  sticky: Pick<StickyVariants, "variantFor" | "forget">;
  documents: Documents;
  corsOrigins: readonly string[];
  telemetry: Telemetry;
}

/** A name that a caller gives a request or a prediction: SageMaker takes it as an inference id. */
const IDENTIFIER = /^[\w-]{1,64}$/;
/** What the gateway or a client leaves of bytes that aren't UTF-8; no record holds it for any other reason. */
const REPLACEMENT = "\uFFFD";
const SAFETY = {
  "strict-transport-security": "max-age=31536000",
  "x-content-type-options": "nosniff",
};

/** Answers the HTTP API: predictions by what is in service, and what there is to know about them. */
export const createHandler = (dependencies: Dependencies) => {
  const { targets, corsOrigins, telemetry } = dependencies;
  const routes = new Map(
    routesOf(Object.keys(targets).map((name) => ({ name }))).map((route) => [route.path, route]),
  );
  return async (event: unknown): Promise<HttpAnswer> => {
    const request = parse(FUNCTIONS["answer-http"].event, event, "event of answer-http");
    const headers = lowerCased(request.headers);
    const requestId = identifierIn(headers, "x-request-id") ?? request.requestContext.requestId;
    const always = { ...SAFETY, ...corsHeaders(corsOrigins, headers["origin"]), "x-request-id": requestId };
    const route = routes.get(request.resource);
    try {
      const answer = await answerTo(dependencies, route, { request, headers, requestId });
      return { ...answer, headers: { ...always, ...answer.headers } };
    } catch (error) {
      const refusal =
        error instanceof Refusal
          ? error
          : new Refusal("platform-failed", "The platform failed; its log says where.", { cause: error });
      const answer = refused(refusal, requestId);
      if (answer.statusCode >= 500) {
        const { name, message } = (refusal.cause ?? refusal) as Error;
        const workload = route?.workload ?? null;
        // What a service says about a failed call holds names of resources; what a model says may quote a record.
        telemetry.log("not answered", {
          requestId,
          workload,
          status: answer.statusCode,
          error: name,
          reason: ["ModelError", "ScoringFunctionFailed"].includes(name) ? refusal.message : message,
        });
      }
      return { ...answer, headers: { ...always, ...answer.headers } };
    }
  };
};

interface Asked {
  request: HttpRequest;
  headers: Readonly<Record<string, string>>;
  requestId: string;
}

async function answerTo(
  dependencies: Dependencies,
  route: Route | undefined,
  asked: Asked,
): Promise<HttpAnswer> {
  const { documents, corsOrigins } = dependencies;
  const { request } = asked;
  if (route === undefined) throw new Refusal("no-such-path", "GET /openapi.json for what there is.");
  if (request.httpMethod === "OPTIONS" && corsOrigins.length > 0) return preflight(route.method);
  if (request.httpMethod !== route.method) {
    const headers = { allow: route.method };
    throw new Refusal("method-not-allowed", `This path knows ${route.method} alone.`, { headers });
  }
  switch (route.operation) {
    case "health":
      return json({ status: "ok" }, "no-store");
    case "schema":
      return json(documents.schemas[route.workload ?? ""], CACHED);
    case "document":
      return json({ ...documents.openApi, servers: [{ url: baseOf(asked) }] }, CACHED);
    case "page":
      return {
        statusCode: 200,
        headers: {
          "content-type": "text/html; charset=utf-8",
          "cache-control": CACHED,
          "content-security-policy": documents.pagePolicy,
        },
        body: documents.page,
      };
    case "predict":
      return await answerPrediction(dependencies, route.workload ?? "", asked);
  }
}

const CACHED = "private, max-age=300";

async function answerPrediction(
  dependencies: Dependencies,
  workload: string,
  { request, headers, requestId }: Asked,
): Promise<HttpAnswer> {
  const { targets, predict } = dependencies;
  const target = targets[workload];
  if (target === undefined) throw new Error(`no target of ${workload} is known`);
  const inferenceId =
    identifierIn(headers, "x-inference-id") ?? (IDENTIFIER.test(requestId) ? requestId : "none");
  const question = {
    body: bodyOf(request, target.maxBodyKiB),
    contentType: headers["content-type"] ?? "application/json",
    accept: headers["accept"],
    inferenceId,
    targetVariant: identifierIn(headers, "x-target-variant"),
  };
  const answer =
    target.kind === "endpoint"
      ? await askEndpoint(dependencies, workload, { target, ...question })
      : await predict.function({ target, ...question });
  return {
    statusCode: 200,
    headers: {
      "content-type": answer.contentType,
      "cache-control": "no-store",
      "x-inference-id": inferenceId,
      ...(answer.variant === undefined ? {} : { "x-variant": answer.variant }),
    },
    body: answer.body,
  };
}

type EndpointQuestion = Parameters<Dependencies["predict"]["endpoint"]>[0];

/** Asks the variant that the caller names, or else the one that the caller always meets while there are two. */
async function askEndpoint(
  { predict, sticky }: Dependencies,
  workload: string,
  question: EndpointQuestion,
): Promise<PredictionAnswer> {
  if (question.targetVariant !== undefined) return await predict.endpoint(question);
  const targetVariant = await sticky.variantFor(workload, question.body, question.contentType);
  try {
    return await predict.endpoint({ ...question, targetVariant });
  } catch (error) {
    const isGone = error instanceof Refusal && error.kind === "no-such-variant";
    if (targetVariant === undefined || !isGone) throw error;
    sticky.forget(workload);
    return await predict.endpoint(question);
  }
}

function bodyOf({ body, isBase64Encoded }: HttpRequest, maxBodyKiB: number): Uint8Array {
  if (body === null || body === "") {
    throw new Refusal("malformed-request", "The body is empty; expected at least one record.");
  }
  if (!isBase64Encoded && body.includes(REPLACEMENT)) {
    throw new Refusal("records-refused", "The body isn't UTF-8, or holds U+FFFD, which stands for that.");
  }
  const bytes = Buffer.from(body, isBase64Encoded ? "base64" : "utf8");
  if (bytes.length > maxBodyKiB * 1024) {
    throw new Refusal(
      "body-too-large",
      `The body is larger than ${maxBodyKiB} KiB; send fewer records at a time.`,
    );
  }
  return bytes;
}

/** Address that the API was asked at, with its stage or base path. */
function baseOf({ request: { resource, requestContext }, headers }: Asked): string {
  const { domainName, path } = requestContext;
  const prefix = path.endsWith(resource) ? path.slice(0, -resource.length) : "";
  // Set by API Gateway, whatever a caller sends.
  return `${headers["x-forwarded-proto"] ?? "https"}://${domainName}${prefix === "" ? "" : prefix}`;
}

const json = (body: unknown, cache: string): HttpAnswer => ({
  statusCode: 200,
  headers: { "content-type": "application/json", "cache-control": cache },
  body: JSON.stringify(body),
});

function refused({ kind, message, more, headers }: Refusal, requestId: string): HttpAnswer {
  return {
    statusCode: PROBLEMS[kind satisfies ProblemKind].status,
    headers: { "content-type": PROBLEM_TYPE, "cache-control": "no-store", ...headers },
    body: JSON.stringify(problem(kind, message, requestId, more)),
  };
}

const lowerCased = (headers: HttpRequest["headers"]): Record<string, string> =>
  Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));

function identifierIn(headers: Readonly<Record<string, string>>, name: string): string | undefined {
  const value = headers[name];
  return value !== undefined && IDENTIFIER.test(value) ? value : undefined;
}
