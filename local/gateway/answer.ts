import { randomUUID } from "node:crypto";
import type { WireAnswer } from "../journal/journal.ts";
import { ApiError } from "./interfaces.ts";
import { MLFLOW, type Protocol } from "./request.ts";

/** Writes what a handler answered, in the protocol of its service. */
export function writeAnswer(
  protocol: Protocol,
  service: string,
  action: string,
  output: unknown,
): WireAnswer {
  switch (protocol) {
    case "json":
      return json(200, output ?? {});
    case "rest-json":
      if (service === MLFLOW) return output as WireAnswer;
      if (action === "GetAlias") return json(200, output);
      return service === "lambda" ? writeInvocation(output) : writePrediction(output);
    case "query":
      return xml(
        200,
        `<${action}Response><${action}Result>${members(output)}</${action}Result>` +
          `<ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></${action}Response>`,
      );
    case "rest-xml":
      throw new Error(`No handler answers ${service} here: ${action} is the emulator's.`);
  }
}

/** Writes an error, in the protocol of its service. */
export function writeError(protocol: Protocol, error: ApiError): WireAnswer {
  const { code, status, message, members: further } = error;
  switch (protocol) {
    case "json":
    case "rest-json": {
      // SDKs read the message by either spelling, depending on the service.
      const answer = json(status, { __type: code, message, Message: message, ...further });
      answer.headers["x-amzn-errortype"] = code;
      return answer;
    }
    case "query":
      return xml(
        status,
        `<ErrorResponse><Error><Type>Sender</Type>${members({ Code: code, Message: message })}</Error>` +
          `<RequestId>${randomUUID()}</RequestId></ErrorResponse>`,
      );
    case "rest-xml":
      return xml(status, `<Error>${members({ Code: code, Message: message })}</Error>`);
  }
}

/** Turns whatever was thrown into an error of an API. A fault of ours keeps its message, and is the server's. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ApiError("InternalFailure", message, 500);
}

function json(status: number, value: unknown): WireAnswer {
  const body = Buffer.from(JSON.stringify(wire(value)));
  return {
    status,
    headers: { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": randomUUID() },
    body,
  };
}

function xml(status: number, content: string): WireAnswer {
  const body = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${content}`);
  return { status, headers: { "content-type": "text/xml" }, body };
}

/** Dates travel as seconds since 1970. */
function wire(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (Array.isArray(value)) return value.map(wire);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, wire(member)]));
}

function writeInvocation(output: unknown): WireAnswer {
  const { StatusCode, FunctionError, Payload, ExecutedVersion } = output as {
    StatusCode?: number;
    FunctionError?: string;
    Payload?: string;
    ExecutedVersion?: string;
  };
  return {
    status: StatusCode ?? 200,
    headers: given({
      "content-type": "application/json",
      "x-amz-function-error": FunctionError,
      "x-amz-executed-version": ExecutedVersion,
    }),
    body: Buffer.from(Payload ?? "", "base64"),
  };
}

function writePrediction(output: unknown): WireAnswer {
  const { Body, ContentType, CustomAttributes, InvokedProductionVariant } = output as {
    Body: string;
    ContentType?: string;
    CustomAttributes?: string;
    InvokedProductionVariant?: string;
  };
  return {
    status: 200,
    headers: given({
      "content-type": ContentType ?? "application/octet-stream",
      "x-amzn-requestid": randomUUID(),
      "x-amzn-sagemaker-custom-attributes": CustomAttributes,
      "x-amzn-invoked-production-variant": InvokedProductionVariant,
    }),
    body: Buffer.from(Body, "base64"),
  };
}

function given(headers: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  );
}

function members(value: unknown): string {
  if (typeof value !== "object" || value === null) return "";
  return Object.entries(value)
    .map(([name, member]) => `<${name}>${escapeXml(String(member))}</${name}>`)
    .join("");
}

function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (sign) => `&#${sign.codePointAt(0)};`);
}
