import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

/** A route of the API. */
export interface ApiRoute {
  method: string;
  /** `/v1/churn/predict` */
  path: string;
  /** Whether it answers without credentials. */
  isOpen: boolean;
  /** JSON Schema, draft 4, that a body of application/json is held against; null where there is no body. */
  model: Readonly<Record<string, unknown>> | null;
}

/** How a method finds out who calls. */
export type MethodAuth = Pick<aws.apigateway.MethodArgs, "authorization" | "authorizerId" | "apiKeyRequired">;

const OPEN: MethodAuth = { authorization: "NONE" };
/** API Gateway's own limit. */
const TIMEOUT_MS = 29_000;

export interface RoutesArgs {
  api: aws.apigateway.RestApi;
  routes: readonly ApiRoute[];
  auth: MethodAuth;
  /** Whether browsers may ask beforehand, which they do without credentials. */
  hasCors: boolean;
  answer: aws.lambda.Function;
}

/** Makes the resources, methods and integrations of the routes; answers with all that a deployment has to wait for. */
export function createRoutes(
  name: string,
  { api, routes, auth, hasCors, answer }: RoutesArgs,
  parent: pulumi.Resource,
): pulumi.Resource[] {
  const opts = { parent };
  const made: pulumi.Resource[] = [];
  const resources = new Map<string, pulumi.Output<string>>([["", api.rootResourceId]]);
  const resourceAt = (path: string): pulumi.Output<string> => {
    const known = resources.get(path);
    if (known !== undefined) return known;
    const cut = path.lastIndexOf("/");
    const resource = new aws.apigateway.Resource(
      `${name}${path.replaceAll("/", "-")}`,
      { restApi: api.id, parentId: resourceAt(path.slice(0, cut)), pathPart: path.slice(cut + 1) },
      opts,
    );
    resources.set(path, resource.id);
    return resource.id;
  };
  const validator = new aws.apigateway.RequestValidator(
    name,
    { restApi: api.id, name: "body", validateRequestBody: true, validateRequestParameters: false },
    opts,
  );
  const addMethod = (
    { path, model }: ApiRoute,
    httpMethod: string,
    methodAuth: MethodAuth,
    requestModels?: Record<string, pulumi.Input<string>>,
  ): void => {
    const methodName = `${name}${path.replaceAll("/", "-")}-${httpMethod.toLowerCase()}`;
    const method = new aws.apigateway.Method(
      methodName,
      {
        restApi: api.id,
        resourceId: resourceAt(path),
        httpMethod,
        ...methodAuth,
        ...(model === null || requestModels === undefined
          ? {}
          : { requestModels, requestValidatorId: validator.id }),
      },
      opts,
    );
    made.push(
      method,
      new aws.apigateway.Integration(
        methodName,
        {
          restApi: api.id,
          resourceId: resourceAt(path),
          httpMethod,
          type: "AWS_PROXY",
          integrationHttpMethod: "POST",
          uri: answer.invokeArn,
          timeoutMilliseconds: TIMEOUT_MS,
        },
        { ...opts, dependsOn: [method] },
      ),
    );
  };
  for (const route of routes) {
    const requestModels =
      route.model === null
        ? undefined
        : { "application/json": createModel(name, api, route.path, route.model, parent).name };
    addMethod(route, route.method, route.isOpen ? OPEN : auth, requestModels);
    // So that a method which the path doesn't know is told of those it does.
    addMethod(route, "ANY", route.isOpen ? OPEN : auth);
    if (hasCors) addMethod(route, "OPTIONS", OPEN);
  }
  return [...made, validator];
}

function createModel(
  name: string,
  api: aws.apigateway.RestApi,
  path: string,
  schema: NonNullable<ApiRoute["model"]>,
  parent: pulumi.Resource,
): aws.apigateway.Model {
  return new aws.apigateway.Model(
    `${name}${path.replaceAll("/", "-")}`,
    {
      restApi: api.id,
      // Letters and digits alone.
      name: path.replaceAll(/[^A-Za-z0-9]+(.)?/g, (_, next: string | undefined) => next?.toUpperCase() ?? ""),
      contentType: "application/json",
      schema: JSON.stringify(schema),
    },
    { parent },
  );
}
