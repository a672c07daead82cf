import * as aws from "@pulumi/aws";
import { describe, expect, it } from "vitest";
import { HttpApi, type HttpApiArgs } from "../../../infra/components/http-api/http-api.ts";
import { deploy, type Registered } from "../../support/deploy.ts";

const ROUTES: HttpApiArgs["routes"] = [
  { method: "GET", path: "/healthz", isOpen: true, model: null },
  { method: "POST", path: "/v1/churn/predict", isOpen: false, model: { type: "object" } },
];

async function deployed(changes: Partial<HttpApiArgs> = {}): Promise<Registered[]> {
  return await deploy(() => {
    const answer = new aws.lambda.Function("answer", { name: "answer", role: "role" });
    return new HttpApi("api", {
      apiName: "perennial-test-http-api",
      routes: ROUTES,
      gatewayResponses: [{ responseType: "THROTTLED", statusCode: "429", template: "{}" }],
      answer,
      authorization: { kind: "key", keyName: "first" },
      corsOrigins: [],
      throttle: { requestsPerSecond: 5, burst: 7 },
      hasDomain: false,
      logGroupName: "/aws/apigateway/test",
      logRetentionDays: 14,
      keyArn: "key",
      alertTopicArn: "topic",
      ...changes,
    });
  });
}

const of = (resources: Registered[], type: string) =>
  resources.filter((resource) => resource.type === `aws:apigateway/${type}`);
const digest = (resources: Registered[]) =>
  of(resources, "deployment:Deployment").map(({ inputs }) => inputs["triggers"].definition as string);

describe("a REST API", () => {
  it("has a resource for each part of its paths, each once", async () => {
    const resources = of(await deployed(), "resource:Resource");
    expect(resources.map(({ name, inputs }) => [name, inputs["parentId"], inputs["pathPart"]])).toEqual([
      ["api-healthz", "root", "healthz"],
      ["api-v1", "root", "v1"],
      ["api-v1-churn", "api-v1-id", "churn"],
      ["api-v1-churn-predict", "api-v1-churn-id", "predict"],
    ]);
  });

  it("asks for a key but where a route is open, and validates where there is a body", async () => {
    const methods = of(await deployed(), "method:Method");
    expect(
      methods.map(({ name, inputs }) => [name, inputs["apiKeyRequired"], inputs["requestModels"]]),
    ).toEqual([
      ["api-healthz-any", undefined, undefined],
      ["api-healthz-get", undefined, undefined],
      ["api-v1-churn-predict-any", true, undefined],
      ["api-v1-churn-predict-post", true, { "application/json": "V1ChurnPredict" }],
    ]);
  });

  it("answers browsers' questions beforehand only where pages may call", async () => {
    const options = (resources: Registered[]) =>
      of(resources, "method:Method")
        .filter(({ inputs }) => inputs["httpMethod"] === "OPTIONS")
        .map(({ name }) => name);
    expect(options(await deployed())).toEqual([]);
    expect(options(await deployed({ corsOrigins: ["https://app.example.com"] }))).toEqual([
      "api-healthz-options",
      "api-v1-churn-predict-options",
    ]);
  });

  it("is deployed anew exactly when what a deployment copies changes", async () => {
    const [first] = digest(await deployed());
    expect(digest(await deployed())).toEqual([first]);
    expect(
      digest(await deployed({ logRetentionDays: 30, throttle: { requestsPerSecond: 1, burst: 1 } })),
    ).toEqual([first]);
    const changed = [
      { corsOrigins: ["*"] },
      { authorization: { kind: "iam" } as const },
      { gatewayResponses: [] },
      { routes: ROUTES.slice(1) },
    ];
    for (const changes of changed) expect(digest(await deployed(changes))).not.toEqual([first]);
  });

  it("is called by nobody but API Gateway, at its own stage", async () => {
    const permissions = (await deployed()).filter(({ type }) => type === "aws:lambda/permission:Permission");
    expect(permissions.map(({ inputs }) => inputs)).toMatchObject([
      {
        action: "lambda:InvokeFunction",
        principal: "apigateway.amazonaws.com",
        function: "answer",
        sourceArn: "arn:aws:execute-api:eu-central-1:123456789012:api/live/*",
      },
    ]);
  });

  it("says by itself that it is throttled, as a problem with a time to wait", async () => {
    const [response] = of(await deployed(), "response:Response");
    expect(response?.inputs["responseParameters"]).toEqual({
      "gatewayresponse.header.Content-Type": "'application/problem+json'",
      "gatewayresponse.header.X-Request-Id": "context.requestId",
      "gatewayresponse.header.Retry-After": "'1'",
    });
  });
});
