import { createHash } from "node:crypto";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { AT_FIRST_FAILURE } from "../../alarms.ts";
import { ACCESS_LOG } from "./access-log.ts";
import { type ApiRoute, createRoutes, type MethodAuth } from "./routes.ts";

/** How callers show who they are. */
export type ApiAuthorization =
  | { kind: "key"; keyName: string }
  | { kind: "jwt"; authorizer: aws.lambda.Function }
  | { kind: "iam" };

export interface HttpApiArgs {
  apiName: string;
  routes: readonly ApiRoute[];
  /** What API Gateway answers where no function does. */
  gatewayResponses: readonly { responseType: string; statusCode: string; template: string }[];
  /** Function that answers every route. */
  answer: aws.lambda.Function;
  authorization: ApiAuthorization;
  /** Origins whose pages may call. */
  corsOrigins: readonly string[];
  /** Requests that all callers together may make, a second and at once. */
  throttle: { requestsPerSecond: number; burst: number };
  /** Whether callers use a domain of ours alone. */
  hasDomain: boolean;
  logGroupName: string;
  logRetentionDays: number;
  keyArn: pulumi.Input<string>;
  alertTopicArn: pulumi.Input<string>;
}

/** Name of the one stage; it is part of the API's own address. */
const STAGE = "live";
/** Longest that a decision about a token is kept: so long a token may be used after it expired. */
const DECISION_SECONDS = 60;
/** TLS 1.2 or later, with perfect forward secrecy. https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies.html */
const SECURITY_POLICY = "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09";

/** A regional REST API, one function behind all its routes, throttled and logged. */
export class HttpApi extends pulumi.ComponentResource {
  readonly url: pulumi.Output<string>;
  readonly stageArn: pulumi.Output<string>;
  readonly restApiId: pulumi.Output<string>;
  readonly stageName: string = STAGE;

  constructor(name: string, args: HttpApiArgs, opts?: pulumi.ComponentResourceOptions) {
    super("perennial:http-api:HttpApi", name, {}, opts);
    const { answer, authorization, routes, corsOrigins } = args;
    const api = new aws.apigateway.RestApi(
      name,
      {
        name: args.apiName,
        description: "Predictions of Perennial's models",
        endpointConfiguration: { types: "REGIONAL" },
        disableExecuteApiEndpoint: args.hasDomain,
        securityPolicy: SECURITY_POLICY,
        endpointAccessMode: "BASIC",
      },
      { parent: this },
    );
    const permission = this.permit(name, answer, pulumi.interpolate`${api.executionArn}/${STAGE}/*`);
    const { auth, made } = this.authorize(name, api, authorization);
    const parts = [
      permission,
      ...made,
      ...createRoutes(name, { api, routes, auth, hasCors: corsOrigins.length > 0, answer }, this),
      ...this.createResponses(name, api, args),
    ];
    const deployment = new aws.apigateway.Deployment(
      name,
      {
        restApi: api.id,
        // A deployment is a copy: it is made anew whenever something that it copies changes.
        triggers: { definition: digestOf(args) },
      },
      { parent: this, dependsOn: parts },
    );
    const stage = this.createStage(name, api, deployment, args);
    if (authorization.kind === "key") this.createKey(name, api, stage, authorization.keyName, args.throttle);
    this.watchErrors(name, args);

    this.restApiId = api.id;
    this.stageArn = stage.arn;
    this.url = stage.invokeUrl;
    this.registerOutputs({ url: this.url });
  }

  private permit(
    name: string,
    called: aws.lambda.Function,
    sourceArn: pulumi.Output<string>,
  ): aws.lambda.Permission {
    return new aws.lambda.Permission(
      name,
      {
        action: "lambda:InvokeFunction",
        principal: "apigateway.amazonaws.com",
        function: called.name,
        sourceArn,
      },
      { parent: this },
    );
  }

  private authorize(
    name: string,
    api: aws.apigateway.RestApi,
    authorization: ApiAuthorization,
  ): { auth: MethodAuth; made: pulumi.Resource[] } {
    if (authorization.kind === "key")
      return { auth: { authorization: "NONE", apiKeyRequired: true }, made: [] };
    if (authorization.kind === "iam") return { auth: { authorization: "AWS_IAM" }, made: [] };
    const authorizer = new aws.apigateway.Authorizer(
      name,
      {
        restApi: api.id,
        name: "token",
        type: "TOKEN",
        identitySource: "method.request.header.Authorization",
        authorizerUri: authorization.authorizer.invokeArn,
        authorizerResultTtlInSeconds: DECISION_SECONDS,
      },
      { parent: this },
    );
    const permission = this.permit(
      `${name}-authorizer`,
      authorization.authorizer,
      pulumi.interpolate`${api.executionArn}/authorizers/${authorizer.id}`,
    );
    return { auth: { authorization: "CUSTOM", authorizerId: authorizer.id }, made: [authorizer, permission] };
  }

  private createResponses(
    name: string,
    api: aws.apigateway.RestApi,
    { gatewayResponses, corsOrigins }: HttpApiArgs,
  ): aws.apigateway.Response[] {
    return gatewayResponses.map(
      ({ responseType, statusCode, template }) =>
        new aws.apigateway.Response(
          `${name}-${responseType.toLowerCase().replaceAll("_", "-")}`,
          {
            restApiId: api.id,
            responseType,
            statusCode,
            responseTemplates: { "application/json": template },
            responseParameters: {
              "gatewayresponse.header.Content-Type": "'application/problem+json'",
              "gatewayresponse.header.X-Request-Id": "context.requestId",
              ...(statusCode === "429" ? { "gatewayresponse.header.Retry-After": "'1'" } : {}),
              // Which origin asks isn't known here; what is told holds nothing but that the request was refused.
              ...(corsOrigins.length === 0
                ? {}
                : { "gatewayresponse.header.Access-Control-Allow-Origin": "'*'" }),
            },
          },
          { parent: this },
        ),
    );
  }

  private createStage(
    name: string,
    api: aws.apigateway.RestApi,
    deployment: aws.apigateway.Deployment,
    { logGroupName, logRetentionDays, keyArn, throttle }: HttpApiArgs,
  ): aws.apigateway.Stage {
    const logGroup = new aws.cloudwatch.LogGroup(
      name,
      { name: logGroupName, retentionInDays: logRetentionDays, kmsKeyId: keyArn },
      { parent: this },
    );
    const stage = new aws.apigateway.Stage(
      name,
      {
        restApi: api.id,
        deployment: deployment.id,
        stageName: STAGE,
        accessLogSettings: { destinationArn: logGroup.arn, format: JSON.stringify(ACCESS_LOG) },
        xrayTracingEnabled: false,
      },
      { parent: this },
    );
    new aws.apigateway.MethodSettings(
      name,
      {
        restApi: api.id,
        stageName: stage.stageName,
        methodPath: "*/*",
        settings: {
          metricsEnabled: true,
          throttlingRateLimit: throttle.requestsPerSecond,
          throttlingBurstLimit: throttle.burst,
          // Execution logs would hold bodies, which are health data, and headers.
          loggingLevel: "OFF",
          dataTraceEnabled: false,
          cachingEnabled: false,
        },
      },
      { parent: this },
    );
    return stage;
  }

  /** AWS makes the key's value; whoever may read it finds it in API Gateway, under this name. */
  private createKey(
    name: string,
    api: aws.apigateway.RestApi,
    stage: aws.apigateway.Stage,
    keyName: string,
    { requestsPerSecond, burst }: HttpApiArgs["throttle"],
  ): void {
    const plan = new aws.apigateway.UsagePlan(
      name,
      {
        name: keyName,
        description: "How much each key may ask",
        apiStages: [{ apiId: api.id, stage: stage.stageName }],
        throttleSettings: { rateLimit: requestsPerSecond, burstLimit: burst },
      },
      { parent: this },
    );
    const key = new aws.apigateway.ApiKey(
      name,
      { name: keyName, description: "First key of the HTTP API; make others for each client" },
      { parent: this, additionalSecretOutputs: ["value"] },
    );
    new aws.apigateway.UsagePlanKey(
      name,
      { keyId: key.id, keyType: "API_KEY", usagePlanId: plan.id },
      { parent: this },
    );
  }

  private watchErrors(name: string, { apiName, alertTopicArn }: HttpApiArgs): void {
    new aws.cloudwatch.MetricAlarm(
      `${name}-errors`,
      {
        name: `${apiName}-errors`,
        alarmDescription: `The HTTP API ${apiName} answered with a server error. Runbook: docs/runbooks/http-api-errors.md`,
        namespace: "AWS/ApiGateway",
        metricName: "5XXError",
        dimensions: { ApiName: apiName, Stage: STAGE },
        ...AT_FIRST_FAILURE,
        alarmActions: [alertTopicArn],
      },
      { parent: this },
    );
  }
}

/** Changes exactly when what a deployment copies does. */
function digestOf({ routes, gatewayResponses, authorization, corsOrigins }: HttpApiArgs): string {
  const copied = { routes, gatewayResponses, authorization: authorization.kind, corsOrigins };
  return createHash("sha256").update(JSON.stringify(copied)).digest("hex");
}
