import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Registered } from "../support/deploy.ts";
import { evaluate } from "../support/program.ts";
import { statementsOf } from "../support/statements.ts";

// What anybody on the internet can reach, in every way that the settings allow it.

const JWT = {
  "perennial:apiAuth": "jwt",
  "perennial:jwtIssuer": "https://issuer.example",
  "perennial:jwtAudience": "perennial",
};
const DOMAIN = { "perennial:apiDomain": "api.example.com", "perennial:apiHostedZoneId": "Z123EXAMPLE" };
const VARIATIONS = {
  prod: {},
  "prod with tokens": JWT,
  "prod with signatures": { "perennial:apiAuth": "iam" },
  "prod with a domain of its own": DOMAIN,
  "prod with pages of other origins": { "perennial:corsOrigins": '["https://app.example.com"]' },
};
const stacks: Record<string, Registered[]> = {};
const program = async () => {
  vi.resetModules();
  return await import("../../infra/index.ts");
};

beforeAll(async () => {
  for (const [name, changes] of Object.entries(VARIATIONS)) {
    stacks[name] = await evaluate("prod", program, changes);
  }
  stacks["without"] = await evaluate("prod", program, { "perennial:publicApi": "false" });
}, 240_000);

const of = (stack: string, type: string) =>
  (stacks[stack] ?? []).filter((resource) => resource.type === type);
const KEY = "arn:aws:kms:eu-central-1:123456789012:key/key";

/** Types of resources that can be reached from outside of the account without its leave, were they there. */
const REACHABLE =
  /^aws:(apigateway\/restApi|apigatewayv2\/|lambda\/functionUrl|lb\/|alb\/|elb\/|cloudfront\/|apprunner\/|lightsail\/|ec2\/(instance|eip)|s3\/bucketWebsite)/;

describe.each(Object.keys(VARIATIONS))("in %s", (stack) => {
  it("one REST API is all that can be reached", () => {
    const reachable = (stacks[stack] ?? []).filter(({ type }) => REACHABLE.test(type));
    expect(reachable.map(({ urn }) => urn)).toEqual(["aws:apigateway/restApi:RestApi http-api"]);
    const [api] = reachable;
    expect(api?.inputs["endpointConfiguration"]).toEqual({ types: "REGIONAL" });
  });

  it("every method asks who calls; a browser's question beforehand is answered with nothing", () => {
    const open = of(stack, "aws:apigateway/method:Method").filter(
      ({ inputs }) => inputs["authorization"] === "NONE" && inputs["apiKeyRequired"] !== true,
    );
    const expected = stack === "prod with pages of other origins" ? ["OPTIONS"] : [];
    expect([...new Set(open.map(({ inputs }) => String(inputs["httpMethod"])))]).toEqual(expected);
    expect(of(stack, "aws:apigateway/method:Method").length).toBeGreaterThanOrEqual(10);
  });

  it("a firewall stands before every stage, and logs without credentials", () => {
    const stages = of(stack, "aws:apigateway/stage:Stage").map(
      ({ inputs }) => `arn:aws:apigateway:eu-central-1::/restapis/api/stages/${String(inputs["stageName"])}`,
    );
    const protectedArns = of(stack, "aws:wafv2/webAclAssociation:WebAclAssociation").map(({ inputs }) =>
      String(inputs["resourceArn"]),
    );
    expect([stages.length, protectedArns]).toEqual([1, stages]);
    const acls = of(stack, "aws:wafv2/webAcl:WebAcl");
    expect(acls.map(({ inputs }) => inputs["rules"].map(({ name }: { name: string }) => name))).toEqual([
      [
        "rate",
        "body-size",
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesSQLiRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
      ],
    ]);
    const logging = of(stack, "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration");
    expect(logging.map(({ inputs }) => inputs["redactedFields"])).toEqual([
      [
        { singleHeader: { name: "authorization" } },
        { singleHeader: { name: "x-api-key" } },
        { singleHeader: { name: "cookie" } },
        { queryString: {} },
      ],
    ]);
  });

  it("nothing older than TLS 1.2 is spoken", () => {
    const apis = of(stack, "aws:apigateway/restApi:RestApi").map(({ inputs }) => inputs["securityPolicy"]);
    expect(apis).toEqual(["SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09"]);
    const domains = of(stack, "aws:apigateway/domainName:DomainName").map(
      ({ inputs }) => inputs["securityPolicy"],
    );
    expect(domains).toEqual(stack === "prod with a domain of its own" ? ["TLS_1_2"] : []);
  });

  it("every request is logged, encrypted, and never with its body or a key's value", () => {
    const [stage] = of(stack, "aws:apigateway/stage:Stage");
    const format = JSON.parse(String(stage?.inputs["accessLogSettings"].format)) as Record<string, string>;
    expect(Object.values(format).filter((value) => /apiKey$|body|input|header/i.test(value))).toEqual([]);
    expect(Object.keys(format)).toEqual(expect.arrayContaining(["requestId", "route", "status", "address"]));
    const [settings] = of(stack, "aws:apigateway/methodSettings:MethodSettings");
    expect(settings?.inputs["settings"]).toEqual({
      metricsEnabled: true,
      throttlingRateLimit: 100,
      throttlingBurstLimit: 200,
      loggingLevel: "OFF",
      dataTraceEnabled: false,
      cachingEnabled: false,
    });
    const groups = of(stack, "aws:cloudwatch/logGroup:LogGroup").filter(({ inputs }) =>
      /http-api/.test(String(inputs["name"])),
    );
    expect(
      groups.map(({ inputs }) => [inputs["name"], inputs["kmsKeyId"], inputs["retentionInDays"]]),
    ).toEqual([
      ["aws-waf-logs-perennial-prod-http-api", KEY, 365],
      ["/aws/apigateway/perennial-prod-http-api", KEY, 365],
    ]);
  });

  it("no key's value is in the program", () => {
    for (const { inputs } of of(stack, "aws:apigateway/apiKey:ApiKey")) {
      expect(Object.keys(inputs)).not.toContain("value");
    }
  });
});

describe("credentials", () => {
  const methods = (stack: string) => [
    ...new Set(
      of(stack, "aws:apigateway/method:Method").map(({ inputs }) =>
        JSON.stringify([inputs["authorization"], inputs["apiKeyRequired"], inputs["authorizerId"]]),
      ),
    ),
  ];

  it("are a key of a usage plan, a token that a function reads, or a signature", () => {
    expect(methods("prod")).toEqual(['["NONE",true,null]']);
    expect(methods("prod with tokens")).toEqual(['["CUSTOM",null,"http-api-id"]']);
    expect(methods("prod with signatures")).toEqual(['["AWS_IAM",null,null]']);
    expect(of("prod", "aws:apigateway/usagePlanKey:UsagePlanKey")).toHaveLength(1);
    expect(of("prod with tokens", "aws:apigateway/apiKey:ApiKey")).toEqual([]);
  });

  it("are checked by a function that may do nothing but write its log", () => {
    const granted = statementsOf(stacks["prod with tokens"] ?? []).filter(
      ({ role }) => role === "perennial-prod-authorize-request",
    );
    expect(granted.flatMap(({ Action }) => Action)).toEqual(["logs:CreateLogStream", "logs:PutLogEvents"]);
    const [authorizer] = of("prod with tokens", "aws:apigateway/authorizer:Authorizer");
    expect([authorizer?.inputs["type"], authorizer?.inputs["authorizerResultTtlInSeconds"]]).toEqual([
      "TOKEN",
      60,
    ]);
  });
});

describe("a domain of its own", () => {
  const stack = "prod with a domain of its own";

  it("takes the place of API Gateway's address", () => {
    const disabled = (name: string) =>
      of(name, "aws:apigateway/restApi:RestApi").map(({ inputs }) => inputs["disableExecuteApiEndpoint"]);
    expect([disabled(stack), disabled("prod")]).toEqual([[true], [false]]);
    const [parameter] = of(stack, "aws:ssm/parameter:Parameter").filter(({ name }) => name === "platform");
    expect(JSON.parse(String(parameter?.inputs["insecureValue"])).httpApi).toEqual({
      url: "https://api.example.com",
      auth: "key",
    });
  });

  it("has a certificate proved by DNS, and records in its zone", () => {
    expect(of(stack, "aws:acm/certificate:Certificate").map(({ inputs }) => inputs)).toMatchObject([
      { domainName: "api.example.com", validationMethod: "DNS" },
    ]);
    expect(
      of(stack, "aws:route53/record:Record").map(({ inputs }) => [
        inputs["zoneId"],
        inputs["name"],
        inputs["type"],
      ]),
    ).toEqual([
      ["Z123EXAMPLE", "api.example.com", "A"],
      ["Z123EXAMPLE", "_proof", "CNAME"],
    ]);
  });
});

it("is not there where the stack doesn't want it", () => {
  const types = new Set((stacks["without"] ?? []).map(({ type }) => type));
  expect([...types].filter((type) => /apigateway|wafv2|acm|route53/.test(type))).toEqual([]);
  const functions = of("without", "aws:lambda/function:Function").map(({ name }) => name);
  expect(functions.filter((name) => /http|authorize/.test(name))).toEqual([]);
  const [parameter] = of("without", "aws:ssm/parameter:Parameter").filter(({ name }) => name === "platform");
  const platform = JSON.parse(String(parameter?.inputs["insecureValue"])) as Record<string, unknown>;
  expect([platform["httpApi"], Object.keys(platform["logGroups"] as object).includes("answer-http")]).toEqual(
    [undefined, false],
  );
});
