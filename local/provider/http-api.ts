import { createHash } from "node:crypto";
import { type ApiMethod, RestApi, type Throttle } from "../http-api/rest-api.ts";
import { arn, text, type Counterparts, type Json } from "./counterpart.ts";

/** Identifiers that AWS draws are made of what a resource is called: the same at every start. */
const idOf = (...parts: string[]): string =>
  createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 10);

/** ARN of the function that an integration or an authorizer calls. */
const functionIn = (uri: string): string => /functions\/(arn:[^/]+)\/invocations$/.exec(uri)?.[1] ?? uri;

const headerIn = (source: string): string => source.replace("method.request.header.", "").toLowerCase();

function throttleIn(settings: Json | undefined, rate: string, burst: string): Throttle | null {
  const [perSecond, most] = [settings?.[rate], settings?.[burst]];
  return typeof perSecond === "number" && typeof most === "number" ? { perSecond, burst: most } : null;
}

/** API Gateway: the REST API and all that belongs to it. */
export const HTTP_API: Counterparts = {
  "aws:apigateway/restApi:RestApi": {
    outputs: ({ inputs }, account) => {
      const id = idOf(account.accountId, text(inputs, "name"));
      const executionArn = arn(account, "execute-api", id);
      return { id, outputs: { executionArn, rootResourceId: idOf(id, "/"), name: text(inputs, "name") } };
    },
    create: async ({ id, inputs, outputs }, { httpApis }) => {
      const [executionArn, rootId] = [text(outputs, "executionArn"), text(outputs, "rootResourceId")];
      httpApis.create(new RestApi({ id, name: text(inputs, "name"), executionArn, rootId }));
    },
  },
  "aws:apigateway/resource:Resource": {
    outputs: ({ inputs }) => ({ id: idOf(text(inputs, "parentId"), text(inputs, "pathPart")) }),
    create: async ({ id, inputs }, { httpApis }) => {
      httpApis
        .find(text(inputs, "restApi"))
        .addResource(id, text(inputs, "parentId"), text(inputs, "pathPart"));
    },
  },
  "aws:apigateway/model:Model": {
    outputs: ({ name, inputs }) => ({ id: idOf("model", name), outputs: { name: text(inputs, "name") } }),
    create: async ({ inputs }, { httpApis }) => {
      const schema = JSON.parse(text(inputs, "schema")) as Json;
      httpApis.find(text(inputs, "restApi")).addModel(text(inputs, "name"), schema);
    },
  },
  "aws:apigateway/requestValidator:RequestValidator": {
    outputs: ({ name }) => ({ id: idOf("validator", name) }),
    create: async ({ id, inputs }, { httpApis }) => {
      httpApis.find(text(inputs, "restApi")).addValidator(id, inputs["validateRequestBody"] === true);
    },
  },
  "aws:apigateway/authorizer:Authorizer": {
    outputs: ({ name }) => ({ id: idOf("authorizer", name).slice(0, 6) }),
    create: async ({ id, inputs }, { httpApis }) => {
      if (inputs["type"] !== "TOKEN")
        throw new Error(`type is ${String(inputs["type"])}; TOKEN alone is emulated.`);
      httpApis.find(text(inputs, "restApi")).authorizers.set(id, {
        functionArn: functionIn(text(inputs, "authorizerUri")),
        identityHeader: headerIn(text(inputs, "identitySource")),
        keepSeconds: Number(inputs["authorizerResultTtlInSeconds"] ?? 300),
      });
    },
  },
  "aws:apigateway/method:Method": {
    outputs: ({ name }) => ({ id: idOf("method", name) }),
    create: async ({ inputs }, { httpApis }) => {
      const { authorizerId, requestValidatorId, requestModels } = inputs;
      httpApis.find(text(inputs, "restApi")).addMethod(text(inputs, "resourceId"), {
        httpMethod: text(inputs, "httpMethod"),
        authorization: text(inputs, "authorization") as ApiMethod["authorization"],
        authorizerId: typeof authorizerId === "string" ? authorizerId : null,
        isKeyRequired: inputs["apiKeyRequired"] === true,
        validatorId: typeof requestValidatorId === "string" ? requestValidatorId : null,
        models: (requestModels ?? {}) as Record<string, string>,
      });
    },
  },
  "aws:apigateway/integration:Integration": {
    outputs: ({ name }) => ({ id: idOf("integration", name) }),
    create: async ({ inputs }, { httpApis }) => {
      const type = text(inputs, "type");
      if (type !== "AWS_PROXY") throw new Error(`type is ${type}; AWS_PROXY alone is emulated.`);
      httpApis
        .find(text(inputs, "restApi"))
        .addIntegration(
          text(inputs, "resourceId"),
          text(inputs, "httpMethod"),
          functionIn(text(inputs, "uri")),
        );
    },
  },
  "aws:apigateway/response:Response": {
    outputs: ({ name }) => ({ id: idOf("response", name) }),
    create: async ({ inputs }, { httpApis }) => {
      const templates = (inputs["responseTemplates"] ?? {}) as Record<string, string>;
      httpApis.find(text(inputs, "restApiId")).responses.set(text(inputs, "responseType"), {
        status: Number(inputs["statusCode"]),
        template: templates["application/json"] ?? "",
        headers: (inputs["responseParameters"] ?? {}) as Record<string, string>,
      });
    },
  },
  "aws:apigateway/deployment:Deployment": {
    outputs: ({ name }) => ({ id: idOf("deployment", name) }),
    create: { none: "the listener answers with the parts themselves, not with a copy of them" },
  },
  "aws:apigateway/stage:Stage": {
    outputs: ({ inputs }, { region }) => {
      const [api, stageName] = [text(inputs, "restApi"), text(inputs, "stageName")];
      return {
        id: `ags-${api}-${stageName}`,
        outputs: {
          stageName,
          arn: `arn:aws:apigateway:${region}::/restapis/${api}/stages/${stageName}`,
          invokeUrl: `https://${api}.execute-api.${region}.amazonaws.com/${stageName}`,
        },
      };
    },
    create: async ({ inputs, outputs }, { httpApis }) => {
      const log = inputs["accessLogSettings"] as { destinationArn: string; format: string } | undefined;
      httpApis.find(text(inputs, "restApi")).stage = {
        name: text(inputs, "stageName"),
        arn: text(outputs, "arn"),
        log: log === undefined ? null : { group: groupIn(log.destinationArn), format: log.format },
      };
    },
  },
  "aws:apigateway/methodSettings:MethodSettings": {
    outputs: ({ name }) => ({ id: idOf("settings", name) }),
    create: async ({ inputs }, { httpApis }) => {
      const settings = inputs["settings"] as Json;
      httpApis.find(text(inputs, "restApi")).throttle = throttleIn(
        settings,
        "throttlingRateLimit",
        "throttlingBurstLimit",
      );
    },
  },
  "aws:apigateway/usagePlan:UsagePlan": {
    outputs: ({ name }) => ({ id: idOf("plan", name) }),
    create: async ({ id, inputs }, { httpApis }) => {
      const stages = (inputs["apiStages"] ?? []) as { apiId: string; stage: string }[];
      httpApis.keys.createPlan(id, {
        stages: stages.map(({ apiId, stage }) => `${apiId}:${stage}`),
        throttle: throttleIn(inputs["throttleSettings"] as Json | undefined, "rateLimit", "burstLimit"),
      });
    },
  },
  "aws:apigateway/apiKey:ApiKey": {
    // Its value is drawn when it is created, and is no output here: nothing in the program may see it.
    outputs: ({ name, inputs }) => ({ id: idOf("key", name), outputs: { name: text(inputs, "name") } }),
    create: async ({ id, inputs }, { httpApis }) => {
      httpApis.keys.create(id, text(inputs, "name"));
    },
  },
  "aws:apigateway/usagePlanKey:UsagePlanKey": {
    outputs: ({ name }) => ({ id: idOf("plan-key", name) }),
    create: async ({ inputs }, { httpApis }) => {
      httpApis.keys.join(text(inputs, "keyId"), text(inputs, "usagePlanId"));
    },
  },
  "aws:apigateway/account:Account": {
    outputs: () => ({ id: "api-gateway-account" }),
    create: async ({ inputs }, { httpApis, identity }) => {
      const role = text(inputs, "cloudwatchRoleArn");
      const decision = await identity.mayAssume(role, "apigateway.amazonaws.com", "");
      if (!decision.allowed) throw new Error(decision.reason);
      httpApis.logRole = role;
    },
  },
};

const groupIn = (logGroupArn: string): string => logGroupArn.replace(/^.*:log-group:/, "");
