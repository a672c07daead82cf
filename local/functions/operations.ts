import { z } from "zod";
import { ApiError, type ApiCall } from "../gateway/interfaces.ts";
import { shown } from "./definition.ts";
import type { Alias } from "./releases.ts";
import type { Functions } from "./service.ts";

const LARGEST_PAYLOAD = { sync: 6 * 1024 * 1024, async: 1024 * 1024 };

const Configuration = z.object({
  Environment: z.object({ Variables: z.record(z.string(), z.string()) }),
});
const AliasRequest = z.object({
  Name: z.string().regex(/^(?!\d+$)[\w-]{1,128}$/),
  FunctionVersion: z.string().optional(),
  RoutingConfig: z
    .object({ AdditionalVersionWeights: z.record(z.string(), z.number()).default({}) })
    .optional(),
});

const OPERATIONS =
  "Invoke, GetFunction, GetFunctionConfiguration, ListFunctions, UpdateFunctionConfiguration (its environment), " +
  "PublishVersion, ListVersionsByFunction, DeleteFunction (of a version), CreateAlias, UpdateAlias and GetAlias";

/** Lambda's API, as far as it is emulated. */
export async function operate(functions: Functions, { action, input }: ApiCall): Promise<unknown> {
  const { FunctionName: name, Qualifier: qualifier } = input;
  switch (action) {
    case "Invoke":
      return await invoke(functions, input);
    case "GetFunctionConfiguration":
    case "GetFunction": {
      const { definition, version } = functions.definitionOf(name, qualifier);
      const configuration = shown(definition, version);
      return action === "GetFunction" ? { Configuration: configuration } : configuration;
    }
    case "ListFunctions":
      return { Functions: functions.list().map((definition) => shown(definition)) };
    case "UpdateFunctionConfiguration": {
      await functions.configure(name, read(Configuration, input).Environment.Variables);
      return shown(functions.definitionOf(name).definition);
    }
    case "PublishVersion": {
      const { definition, version } = functions.publish(name);
      return shown(definition, version);
    }
    case "ListVersionsByFunction": {
      const latest = functions.definitionOf(name);
      return {
        Versions: [latest, ...functions.versions(name)].map(({ definition, version }) =>
          shown(definition, version),
        ),
      };
    }
    case "DeleteFunction": {
      if (!/^\d+$/.test(String(qualifier))) {
        throw invalid(`Qualifier: given ${String(qualifier)}; expected the number of a published version.`);
      }
      await functions.deleteVersion(name, String(qualifier));
      return {};
    }
    case "CreateAlias":
    case "UpdateAlias": {
      const { Name, FunctionVersion, RoutingConfig } = read(AliasRequest, input);
      const before = action === "UpdateAlias" ? functions.alias(name, Name) : undefined;
      const version = FunctionVersion ?? before?.version;
      if (version === undefined) throw invalid("FunctionVersion: expected a version");
      const weights = RoutingConfig?.AdditionalVersionWeights ?? before?.weights ?? {};
      functions.putAlias(name, Name, { version, weights });
      return described(functions, name, Name, { version, weights });
    }
    case "GetAlias": {
      const { Name } = read(AliasRequest, input);
      return described(functions, name, Name, functions.alias(name, Name));
    }
    default:
      throw new ApiError(
        "UnknownOperationException",
        `lambda:${action} is not emulated; functions come from the program, and the local cloud answers ${OPERATIONS}.`,
      );
  }
}

async function invoke(functions: Functions, input: ApiCall["input"]): Promise<unknown> {
  const { FunctionName: name, Qualifier: qualifier } = input;
  const payload = Buffer.from((input["Payload"] as string | undefined) ?? "", "base64").toString() || "{}";
  const isAsync = input["InvocationType"] === "Event";
  // A name that leads nowhere is told before a size.
  functions.definitionOf(name, qualifier);
  const most = LARGEST_PAYLOAD[isAsync ? "async" : "sync"];
  if (Buffer.byteLength(payload) > most) {
    throw new ApiError("RequestTooLargeException", `Request must be smaller than ${most} bytes.`, 413);
  }
  if (isAsync) {
    functions.invokeLater(name, qualifier, payload);
    return { StatusCode: 202, Payload: "" };
  }
  const { answer, version } = await functions.invokeQualified(name, qualifier, payload);
  return {
    StatusCode: 200,
    ExecutedVersion: version,
    Payload: Buffer.from(answer.payload).toString("base64"),
    ...(answer.error === true ? { FunctionError: "Unhandled" } : {}),
  };
}

function described(functions: Functions, name: unknown, alias: string, { version, weights }: Alias) {
  return {
    AliasArn: `${functions.definitionOf(name).definition.arn}:${alias}`,
    Name: alias,
    FunctionVersion: version,
    ...(Object.keys(weights).length === 0 ? {} : { RoutingConfig: { AdditionalVersionWeights: weights } }),
  };
}

function read<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const { data, error } = schema.safeParse(input);
  if (error !== undefined) throw invalid(z.prettifyError(error));
  return data;
}

const invalid = (message: string): ApiError => new ApiError("InvalidParameterValueException", message);
