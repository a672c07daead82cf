import type { WireRequest } from "../journal/journal.ts";
import { ApiError } from "./interfaces.ts";
import { readS3Operation } from "./s3-operation.ts";

/** How a service writes its requests and answers. */
export type Protocol = "json" | "rest-json" | "query" | "rest-xml";

/** A request, understood. */
export interface ReadRequest {
  accessKeyId: string;
  service: string;
  action: string;
  input: Record<string, unknown>;
}

/** Who signed a request and for which service: enough to answer in the service's own protocol when the rest is unreadable. */
export interface Signature {
  accessKeyId: string;
  service: string;
  protocol: Protocol;
}

/** Name that requests to MLflow apps go by inside the local cloud, and the header that names the app. */
export const MLFLOW = "mlflow";
const MLFLOW_APP = "x-sm-mlflow-app-arn";

const QUERY_SERVICES = new Set(["sns", "sts", "iam"]);

/** @throws {ApiError} where nobody signed. */
export function readSignature({ path, headers }: WireRequest): Signature {
  const query = new URL(path, "http://gateway").searchParams;
  const credential =
    /Credential=([^,\s]+)/.exec(headers["authorization"] ?? "")?.[1] ?? query.get("X-Amz-Credential");
  // <access key>/<date>/<region>/<service>/aws4_request
  const [accessKeyId, , , signedFor] = (credential ?? "").split("/");
  if (accessKeyId === undefined || signedFor === undefined) {
    throw new ApiError(
      "MissingAuthenticationTokenException",
      "The request isn't signed. Use an AWS SDK or `curl --aws-sigv4`; any access key will do, such as AWS_ACCESS_KEY_ID=test.",
      403,
    );
  }
  const service = serviceOf(signedFor, path, headers);
  if (service === "s3") return { accessKeyId, service, protocol: "rest-xml" };
  if (service === "lambda" || service === "runtime.sagemaker" || service === MLFLOW)
    return { accessKeyId, service, protocol: "rest-json" };
  const isForm = headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true;
  return { accessKeyId, service, protocol: isForm || QUERY_SERVICES.has(service) ? "query" : "json" };
}

/** SageMaker signs for three APIs by one name. */
function serviceOf(signedFor: string, path: string, headers: WireRequest["headers"]): string {
  if (signedFor !== "sagemaker") return signedFor;
  if (headers[MLFLOW_APP] !== undefined) return MLFLOW;
  return path.startsWith("/endpoints/") ? "runtime.sagemaker" : signedFor;
}

/** @throws {ApiError} where the request is none that its service or this gateway knows. */
export function readRequest(
  request: WireRequest,
  { accessKeyId, service, protocol }: Signature,
): ReadRequest {
  const named = { accessKeyId, service };
  switch (protocol) {
    case "json":
      return { ...named, ...readJson(request, service) };
    case "query":
      return { ...named, ...readQuery(request, service) };
    case "rest-json":
      return { ...named, ...readRest(request, service) };
    case "rest-xml": {
      const operation = readS3Operation(request);
      if (operation !== null) return { ...named, ...operation };
      throw notEmulated(`${request.method} ${request.path} of s3`);
    }
  }
}

/** The answer to what AWS does and the local cloud doesn't. */
export function notEmulated(what: string): ApiError {
  return new ApiError(
    "NotEmulatedException",
    `The local cloud doesn't emulate ${what}. Run this against an AWS account, or see docs/local-cloud.md for what it does.`,
    400,
  );
}

type Called = Pick<ReadRequest, "action" | "input">;

function readJson({ headers, body }: WireRequest, service: string): Called {
  const protocol = headers["smithy-protocol"];
  if (protocol !== undefined) {
    throw notEmulated(
      `${service} in the protocol ${protocol} (where the service is emulated, the SDKs' JSON protocol works)`,
    );
  }
  const action = headers["x-amz-target"]?.split(".").at(-1);
  if (action === undefined || action === "") {
    throw notEmulated(`${service} requests without the header X-Amz-Target; update the AWS SDK`);
  }
  return { action, input: parseJson(body, `${service} ${action}`) };
}

function parseJson(body: Buffer, subject: string): Record<string, unknown> {
  if (body.length === 0) return {};
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Answered below, like a value that is no object.
  }
  throw new ApiError("SerializationException", `The body of ${subject} isn't a JSON object.`);
}

function readQuery({ path, body }: WireRequest, service: string): Called {
  const { searchParams } = new URL(path, "http://gateway");
  const { Action, ...input } = Object.fromEntries([
    ...searchParams,
    ...new URLSearchParams(body.toString("utf8")),
  ]);
  if (Action === undefined) throw new ApiError("MissingAction", "The request names no Action.");
  if (!QUERY_SERVICES.has(service)) {
    throw notEmulated(
      `${service} ${Action} in the query protocol (where the service is emulated, an AWS SDK of the last year speaks JSON)`,
    );
  }
  return { action: Action, input };
}

function readRest(request: WireRequest, service: string): Called {
  if (service === MLFLOW) return readMlflow(request);
  return service === "lambda" ? readLambda(request) : readRuntime(request);
}

/** A request to an MLflow app, which is handed on as it is. */
function readMlflow({ method, path, headers, body }: WireRequest): Called {
  return {
    action: "CallMlflowAppApi",
    input: {
      AppArn: headers[MLFLOW_APP],
      Method: method,
      Path: path,
      ContentType: headers["content-type"],
      Body: body.toString("base64"),
    },
  };
}

function readLambda({ method, path, headers, body }: WireRequest): Called {
  const { pathname, searchParams } = new URL(path, "http://gateway");
  const name = /^\/2015-03-31\/functions\/([^/]+)\/invocations\/?$/.exec(pathname)?.[1];
  const [, aliased, alias] = /^\/2015-03-31\/functions\/([^/]+)\/aliases\/([^/]+)$/.exec(pathname) ?? [];
  if (method === "GET" && aliased !== undefined && alias !== undefined) {
    return {
      action: "GetAlias",
      input: { FunctionName: decodeURIComponent(aliased), Name: decodeURIComponent(alias) },
    };
  }
  if (method !== "POST" || name === undefined) throw notEmulated(`${method} ${pathname} of lambda`);
  return {
    action: "Invoke",
    input: {
      FunctionName: decodeURIComponent(name),
      InvocationType: headers["x-amz-invocation-type"] ?? "RequestResponse",
      Qualifier: searchParams.get("Qualifier") ?? undefined,
      Payload: body.toString("base64"),
    },
  };
}

function readRuntime({ method, path, headers, body }: WireRequest): Called {
  const { pathname } = new URL(path, "http://gateway");
  const name = /^\/endpoints\/([^/]+)\/invocations$/.exec(pathname)?.[1];
  if (method !== "POST" || name === undefined)
    throw notEmulated(`${method} ${pathname} of sagemaker-runtime`);
  const optional: Record<string, string | undefined> = {
    ContentType: headers["content-type"],
    Accept: headers["accept"],
    CustomAttributes: headers["x-amzn-sagemaker-custom-attributes"],
    TargetVariant: headers["x-amzn-sagemaker-target-variant"],
    TargetModel: headers["x-amzn-sagemaker-target-model"],
    InferenceId: headers["x-amzn-sagemaker-inference-id"],
  };
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return {
    action: "InvokeEndpoint",
    input: { EndpointName: decodeURIComponent(name), Body: body.toString("base64"), ...given },
  };
}
