import type { WorkloadSpec } from "@perennial/contracts";
import { answerSchema } from "./answers.ts";
import { csvOf, jsonLinesOf } from "./examples.ts";
import { PROBLEM, problemResponse, reference } from "./problem-responses.ts";
import { pascal } from "./pascal.ts";
import { type ProblemKind, PROBLEMS } from "./problems.ts";
import { type JsonSchema, recordSchema, requestSchema } from "./record-schema.ts";
import { type Route, routesOf } from "./routes.ts";

/** An event of Lambda has 6 MB, in which each quotation mark of a body takes two bytes. */
const LARGEST_BODY_KIB = 3 * 1024;

/** Largest body that the API takes for a workload, KiB: the endpoint's own limit, as far as a Lambda event goes. */
export const bodyKiBOf = ({ serving }: Pick<WorkloadSpec, "serving">): number =>
  Math.min(serving.maxBodyKiB, LARGEST_BODY_KIB);

/** How callers show who they are: a key, a token of the organisation's own issuer, or an AWS signature. */
export type ApiAuth = "key" | "jwt" | "iam";

export interface ApiDescription {
  auth: ApiAuth;
  /** Whether the document, its page and the health check answer without credentials. */
  isOpen: boolean;
  /** Largest body of any request, KiB. */
  maxBodyKiB: number;
}

/** An OpenAPI 3.1 document. */
export interface OpenApiDocument {
  openapi: "3.1.0";
  info: { title: string; version: string; summary: string; description: string; license: object };
  servers: { url: string; description?: string }[];
  tags: { name: string; description: string }[];
  security: Record<string, []>[];
  paths: Record<string, Record<string, JsonSchema>>;
  components: {
    securitySchemes: object;
    schemas: Record<string, JsonSchema>;
    headers: object;
    responses: object;
  };
}

const SECURITY = {
  key: { type: "apiKey", in: "header", name: "x-api-key", description: "A key of the API's usage plan." },
  jwt: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "A token of the configured issuer.",
  },
  iam: {
    type: "apiKey",
    in: "header",
    name: "Authorization",
    description: "AWS Signature Version 4 for the service execute-api.",
    "x-amazon-apigateway-authtype": "awsSigv4",
  },
};

/** The API of these workloads, described: the one source of the gateway's routes, of documentation and of clients. */
export function openApiDocument(specs: readonly WorkloadSpec[], api: ApiDescription): OpenApiDocument {
  const paths: OpenApiDocument["paths"] = {};
  for (const route of routesOf(specs)) {
    const spec = specs.find(({ name }) => name === route.workload);
    paths[route.path] = { [route.method.toLowerCase()]: operation(route, spec, api) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Perennial predictions",
      version: "1.0.0",
      summary: "Calibrated predictions of models that renew themselves.",
      description:
        "A record goes in as it is, with codes, unknown levels and missing values; a calibrated prediction comes out, " +
        "with the version of the model that made it. The SageMaker endpoints give the same answers to the same records. " +
        `A body may have ${api.maxBodyKiB} KiB. Errors are problem details (RFC 9457).`,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/", description: "Where this document was read" }],
    tags: [
      ...specs.map(({ name, description }) => ({ name, description })),
      { name: "about", description: "What there is, and whether it answers." },
    ],
    security: [{ [api.auth]: [] }],
    paths,
    components: {
      securitySchemes: { [api.auth]: SECURITY[api.auth] },
      schemas: Object.assign({ Problem: PROBLEM }, ...specs.map(schemasOf)) as Record<string, JsonSchema>,
      headers: {
        RequestId: { description: "Names the request, in logs too.", schema: { type: "string" } },
        RetryAfter: { description: "Seconds to wait.", schema: { type: "integer", minimum: 0 } },
      },
      responses: Object.fromEntries(
        [...ofEveryRoute(api), ...OF_PREDICTIONS].map((kind) => [pascal(kind), problemResponse(kind)]),
      ),
    },
  };
}

const REQUEST_ID = {
  name: "x-request-id",
  in: "header",
  description:
    "Names the request: up to 64 letters, digits, - and _. Without one, or with another one, it is given one.",
  schema: { type: "string" },
};
const INFERENCE_ID = {
  ...REQUEST_ID,
  name: "x-inference-id",
  description:
    "Names the prediction in what is captured, so that outcomes can be joined to it: like a request id, which it is " +
    "without one.",
};
const STICKY = {
  ...REQUEST_ID,
  name: "x-target-variant",
  description: "Variant of the endpoint that is to answer, where it has several.",
};

function operation(route: Route, spec: WorkloadSpec | undefined, api: ApiDescription): JsonSchema {
  const open = api.isOpen ? { security: [] } : {};
  switch (route.operation) {
    case "page":
      return {
        ...about("readDocs", "This document as a page"),
        ...open,
        responses: { 200: html, ...errors(api) },
      };
    case "health":
      return {
        ...about("checkHealth", "Whether the API answers"),
        ...open,
        responses: { 200: json("It does.", HEALTH), ...errors(api) },
      };
    case "document":
      return {
        ...about("readOpenApi", "This document"),
        ...open,
        responses: { 200: json("The document.", { type: "object" }), ...errors(api) },
      };
    case "schema":
      return {
        tags: [route.workload],
        operationId: `${camel(spec)}Schema`,
        summary: `${spec?.title ?? ""}: what a record may hold`,
        description: "A JSON Schema (draft 2020-12) with examples.",
        responses: { 200: json("The schema.", { type: "object" }), ...errors(api) },
      };
    case "predict":
      if (spec === undefined) throw new Error(`${route.path} is about no workload`);
      return predict(spec, api);
  }
}

/** A body that isn't JSON. */
const TEXT = { type: "string", minLength: 1 };

const about = (operationId: string, summary: string) => ({ tags: ["about"], operationId, summary });

function predict(spec: WorkloadSpec, api: ApiDescription): JsonSchema {
  const name = pascal(spec.name);
  const [first, ...others] = spec.examples;
  return {
    tags: [spec.name],
    operationId: `${camel(spec)}Predict`,
    summary: spec.title,
    description: `${spec.description} At most ${spec.serving.maxRecords} records and ${bodyKiBOf(spec)} KiB a request.`,
    parameters: [REQUEST_ID, INFERENCE_ID, STICKY],
    requestBody: {
      required: true,
      content: {
        "application/json": {
          schema: { $ref: `#/components/schemas/${name}Request` },
          examples: {
            one: { summary: "One record", value: first },
            ...(others.length === 0 ? {} : { many: { summary: "Many", value: { records: spec.examples } } }),
          },
        },
        "application/jsonlines": {
          schema: { ...TEXT, description: "A record a line." },
          example: jsonLinesOf(spec.examples),
        },
        "text/csv": {
          schema: { ...TEXT, description: "The first line names the fields (RFC 4180)." },
          example: csvOf(spec.examples),
        },
      },
    },
    responses: {
      200: {
        description: "A prediction for each record, in their order. Ask for another form with Accept.",
        headers: { "x-request-id": { $ref: "#/components/headers/RequestId" } },
        content: {
          "application/json": { schema: { $ref: `#/components/schemas/${name}Answer` } },
          "application/jsonlines": { schema: { type: "string", description: "A prediction a line." } },
          "text/csv": { schema: { type: "string", description: "A prediction a line, under their names." } },
        },
      },
      ...errors(api),
      400: problemResponse("malformed-request", "misshapen-body"),
      ...Object.fromEntries(OF_PREDICTIONS.map((kind) => [PROBLEMS[kind].status, reference(kind)])),
    },
  };
}

const OF_PREDICTIONS = [
  "no-such-form",
  "body-too-large",
  "unknown-form",
  "records-refused",
  "not-available",
  "too-slow",
] as const satisfies ProblemKind[];

const ofEveryRoute = ({ auth }: ApiDescription): ProblemKind[] => [
  "malformed-request",
  ...(auth === "jwt" ? (["not-authenticated"] as const) : []),
  "not-allowed",
  "too-many-requests",
  "platform-failed",
];

const errors = (api: ApiDescription): JsonSchema =>
  Object.fromEntries(ofEveryRoute(api).map((kind) => [PROBLEMS[kind].status, reference(kind)]));

const json = (description: string, schema: JsonSchema) => ({
  description,
  content: { "application/json": { schema } },
});
const html = { description: "The page.", content: { "text/html": { schema: { type: "string" } } } };

const HEALTH: JsonSchema = {
  type: "object",
  properties: { status: { const: "ok" } },
  required: ["status"],
  additionalProperties: false,
};

function schemasOf(spec: WorkloadSpec): Record<string, JsonSchema> {
  const name = pascal(spec.name);
  return {
    [`${name}Record`]: { ...recordSchema(spec), examples: spec.examples },
    [`${name}Request`]: requestSchema(spec, { $ref: `#/components/schemas/${name}Record` }),
    [`${name}Answer`]: answerSchema(spec),
  };
}

/** What `GET /v1/<workload>/schema` answers. */
export function recordDocument(spec: WorkloadSpec): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    ...recordSchema(spec),
    examples: spec.examples,
  };
}

const camel = (spec: WorkloadSpec | undefined): string =>
  pascal(spec?.name ?? "").replace(/^./, (letter) => letter.toLowerCase());
