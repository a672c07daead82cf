import { LIVE_ALIAS } from "@perennial/contracts";
import {
  type ApiDescription,
  bodyKiBOf,
  documentPage,
  gatewayResponses,
  openApiDocument,
  PAGE_STYLE,
  recordDocument,
  requestModel,
  routesOf,
} from "@perennial/http-api";
import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { createHash } from "node:crypto";
import { WebFirewall } from "../components/firewall/web-firewall.ts";
import { ApiAccount } from "../components/http-api/api-account.ts";
import { ApiDomain } from "../components/http-api/api-domain.ts";
import { type ApiAuthorization, HttpApi } from "../components/http-api/http-api.ts";
import type { ApiRoute } from "../components/http-api/routes.ts";
import { hasEndpoint, type Serving } from "./endpoints.ts";
import type { Foundation } from "./foundation.ts";
import { type Bundles, deployStep } from "./functions.ts";
import type { Stack } from "./stack.ts";
import { perWorkload } from "./steps.ts";

/** Where the HTTP API answers, and to whom. */
export interface PublishedApi {
  url: pulumi.Output<string>;
  auth: ApiDescription["auth"];
}

/** Opens the models in service to callers without AWS credentials; null where the stack's settings don't want that. */
export function openHttpApi(
  stack: Stack,
  foundation: Foundation,
  served: Serving[],
  code: Bundles,
): PublishedApi | null {
  const { settings, names, opts } = stack;
  const { apiAuth: auth, openPages: isOpen, logRetentionDays, apiDomain, apiHostedZoneId } = settings;
  if (!settings.publicApi) return null;
  const specs = served.map(({ spec }) => spec);
  const description: ApiDescription = {
    auth,
    isOpen,
    maxBodyKiB: Math.max(...specs.map(bodyKiBOf)),
  };
  const answer = deployAnswer(stack, foundation, served, withDocuments(code, description, served));
  const account = settings.ownsApiAccount ? keepAccount(stack) : undefined;
  const { keyArn } = foundation.key;
  const api = new HttpApi(
    "http-api",
    {
      apiName: names.httpApi,
      routes: routesOf(specs).map(({ method, path, operation, workload }): ApiRoute => ({
        method,
        path,
        isOpen: isOpen && workload === null,
        model: operation === "predict" ? modelOf(served, workload) : null,
      })),
      gatewayResponses: gatewayResponses(auth === "iam"),
      answer,
      authorization: authorizationOf(stack, foundation, code),
      corsOrigins: settings.corsOrigins,
      throttle: { requestsPerSecond: settings.apiRequestsPerSecond, burst: settings.apiBurst },
      hasDomain: apiDomain !== undefined,
      logGroupName: names.httpApiLogGroup,
      logRetentionDays,
      keyArn,
      alertTopicArn: foundation.alerts.topicArn,
    },
    // A stage with a log can't be made before API Gateway may write one.
    { ...opts, dependsOn: account === undefined ? [] : [account] },
  );
  const firewall = new WebFirewall(
    "firewall",
    {
      aclName: names.httpApi,
      resourceArn: api.stageArn,
      rateLimit: settings.rateLimit,
      maxBodyKiB: description.maxBodyKiB,
      logGroupName: names.firewallLogGroup,
      logRetentionDays,
      keyArn,
    },
    opts,
  );
  if (apiDomain === undefined || apiHostedZoneId === undefined) return { url: api.url, auth };
  const domain = new ApiDomain(
    "http-api-domain",
    {
      domainName: apiDomain,
      hostedZoneId: apiHostedZoneId,
      restApiId: api.restApiId,
      stageName: api.stageName,
    },
    // It leads to the API once the firewall stands before it.
    { ...opts, dependsOn: [firewall] },
  );
  return { url: domain.url, auth };
}

function modelOf(served: Serving[], workload: string | null): Record<string, unknown> | null {
  const found = served.find(({ spec }) => spec.name === workload);
  return found === undefined ? null : requestModel(found.spec);
}

/** The function's code with what it answers about itself: no copy in a bucket has to be kept in step with it. */
function withDocuments(code: Bundles, description: ApiDescription, served: Serving[]): Bundles {
  const specs = served.map(({ spec }) => spec);
  const openApi = openApiDocument(specs, description);
  const styleHash = createHash("sha256").update(PAGE_STYLE).digest("base64");
  const documents = {
    openApi,
    page: documentPage(openApi),
    pagePolicy:
      `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; ` +
      `frame-ancestors 'none'`,
    schemas: Object.fromEntries(specs.map((spec) => [spec.name, recordDocument(spec)])),
  };
  const files = code["answer-http"].assets;
  return {
    ...code,
    "answer-http": new pulumi.asset.AssetArchive(
      files.then((own) => ({
        ...own,
        "documents.json": new pulumi.asset.StringAsset(JSON.stringify(documents)),
      })),
    ),
  };
}

function deployAnswer(
  stack: Stack,
  foundation: Foundation,
  served: Serving[],
  code: Bundles,
): aws.lambda.Function {
  const { ledger, key } = foundation;
  // There a trial may tell callers which of two models they meet.
  const triable = served.filter(({ spec }) => spec.serving.mode === "realtime").map(({ spec }) => spec.name);
  return deployStep(stack, foundation, code, "answer-http", {
    description: "Answers the HTTP API",
    environment: {
      LEDGER_TABLE: ledger.table.name,
      WORKLOADS: perWorkload(served, (serving) => ({
        ...targetOf(serving),
        maxBodyKiB: bodyKiBOf(serving.spec),
      })),
      CORS_ORIGINS: JSON.stringify(stack.settings.corsOrigins),
    },
    timeoutSeconds: 29,
    memoryMiB: 1024,
    grants: (grantee, role) => [
      ...served.map((serving) =>
        hasEndpoint(serving)
          ? serving.endpoint.grantInvoke(grantee, role)
          : serving.scoring.grantInvoke(grantee, role),
      ),
      ...(triable.length === 0
        ? []
        : [ledger.grantRead(grantee, role, triable), key.grantDecrypt(grantee, role, ["dynamodb"])]),
    ],
  }).function;
}

/** What answers for a workload, as the function is told. */
const targetOf = (serving: Serving) =>
  hasEndpoint(serving)
    ? { kind: "endpoint", endpointName: serving.endpoint.endpointName }
    : { kind: "function", functionName: serving.scoring.functionName, alias: LIVE_ALIAS };

function authorizationOf(stack: Stack, foundation: Foundation, code: Bundles): ApiAuthorization {
  const { apiAuth: kind, jwtIssuer = "", jwtAudience = "" } = stack.settings;
  if (kind === "key") return { kind, keyName: stack.names.httpApi };
  if (kind === "iam") return { kind };
  const { function: authorizer } = deployStep(stack, foundation, code, "authorize-request", {
    description: "Checks tokens of the HTTP API's callers",
    environment: { JWT_ISSUER: jwtIssuer, JWT_AUDIENCE: jwtAudience },
    timeoutSeconds: 15,
    grants: () => [],
  });
  return { kind, authorizer };
}

function keepAccount({ names, opts }: Stack): ApiAccount {
  return new ApiAccount(
    "http-api-account",
    {
      roleName: names.shared("http-api-logs"),
      logGroupPattern: names.arn("logs", "log-group:*"),
    },
    opts,
  );
}
