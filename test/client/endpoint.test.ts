import type { ServerResponse } from "node:http";
import { SageMakerRuntimeClient, type SageMakerRuntimeClientConfig } from "@aws-sdk/client-sagemaker-runtime";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClient, type PredictOptions } from "../../packages/client/src/index.ts";
import { endpoint, type EndpointOptions } from "../../packages/client/src/endpoint.ts";
import { StandInServer } from "../support/stand-in-server.ts";
import { MATCH, matchPrediction, matchReply, MODEL } from "./stand-ins.ts";

let server: StandInServer;
beforeEach(async () => {
  server = await new StandInServer().open();
  server.answer = (_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(matchReply(1).body));
  };
});
afterEach(async () => server.close());

const runtime = (config: SageMakerRuntimeClientConfig = {}) =>
  new SageMakerRuntimeClient({
    endpoint: server.url,
    region: "eu-central-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
    ...config,
  });

function ask(
  options: Partial<EndpointOptions> = { stack: "prod" },
  retries = 0,
  call: Pick<PredictOptions, "targetVariant"> = {},
) {
  const transport = endpoint({ ...options, client: options.client ?? runtime() });
  const client = createClient({ transport, retries });
  return client.predict("match-outcome", MATCH, { inferenceId: "round-14", ...call });
}

/** An error as SageMaker's runtime sends it. */
function fail(response: ServerResponse, status: number, type: string, body: object): void {
  response.writeHead(status, { "content-type": "application/json", "x-amzn-errortype": type });
  response.end(JSON.stringify(body));
}

describe("a request to the endpoint", () => {
  it("goes to the stack's endpoint of the workload, with the records and their id", async () => {
    expect((await ask()).prediction).toEqual(matchPrediction(1));
    expect(server.heard).toMatchObject([
      {
        method: "POST",
        url: "/endpoints/perennial-prod-match-outcome/invocations",
        body: JSON.stringify({ records: [MATCH] }),
        headers: {
          accept: "application/json",
          "content-type": "application/json",
          "x-amzn-sagemaker-inference-id": "round-14",
        },
      },
    ]);
  });

  it("goes to the variant that its caller asks for, and to any without that", async () => {
    await ask({ stack: "prod" }, 0, { targetVariant: "challenger" });
    await ask();
    expect(server.heard.map(({ headers }) => headers["x-amzn-sagemaker-target-variant"])).toEqual([
      "challenger",
      undefined,
    ]);
  });

  it("goes to the endpoint of the name that is given", async () => {
    await ask({ stack: "prod", endpointNames: { "match-outcome": "matches" } });
    expect(server.heard.map(({ url }) => url)).toEqual(["/endpoints/matches/invocations"]);
  });

  it("isn't made where no name is known", async () => {
    await expect(ask({ endpointNames: { churn: "churn" } })).rejects.toMatchObject({
      name: "Refused",
      message:
        "endpoint match-outcome answers 404: endpointNames has no match-outcome; name its endpoint, or give a stack.",
    });
    expect(server.heard).toEqual([]);
  });

  it("needs a stack or names", () => {
    expect(() => endpoint({ client: runtime() })).toThrow(
      new TypeError(
        'endpoint(): given neither stack nor endpointNames, expected one: { client, stack: "prod" }',
      ),
    );
  });
});

describe("a refusal by the endpoint", () => {
  const modelError = (status: number, message: string) => {
    server.answer = (_, response) =>
      fail(response, 424, "ModelError", {
        Message: `Received client error (${status}) from primary with message "${message}".`,
        OriginalStatusCode: status,
        OriginalMessage: message,
        LogStreamArn: "arn:aws:logs:eu-central-1:123456789012:log-group:x",
      });
  };

  it("of the records is told as the container has it, out of SageMaker's own error", async () => {
    const faults = [{ record: 0, field: "oponent", message: 'unknown field; did you mean "opponent"?' }];
    modelError(400, JSON.stringify({ error: "1 record is refused", faults, model: MODEL }));
    await expect(ask()).rejects.toMatchObject({ name: "InvalidRecords", faults });
  });

  it("of the container for now is tried again", async () => {
    const { answer } = server;
    modelError(503, "queue full");
    const refuse = server.answer;
    server.answer = (heard, response) => (server.heard.length > 1 ? answer : refuse)(heard, response);
    expect((await ask({ stack: "prod" }, 1)).prediction).toEqual(matchPrediction(1));
    expect(server.heard).toHaveLength(2);
  });

  it("of a container that failed names the request to look for", async () => {
    modelError(500, JSON.stringify({ error: "the model failed on these records", faults: [], model: MODEL }));
    await expect(ask()).rejects.toMatchObject({
      name: "ServiceFault",
      message:
        "endpoint perennial-prod-match-outcome answers 500: the model failed on these records. Its log holds why, under inference id round-14.",
    });
  });

  it.each<[string, number, string, string]>([
    ["ThrottlingException", 400, "Unavailable", "429: ThrottlingException: Rate exceeded"],
    ["ModelNotReadyException", 429, "Unavailable", "429: ModelNotReadyException: Rate exceeded"],
    ["ServiceUnavailable", 503, "Unavailable", "503: ServiceUnavailable: Rate exceeded"],
    ["AccessDeniedException", 403, "Unauthorized", "403: AccessDeniedException: Rate exceeded"],
    ["ExpiredTokenException", 403, "Unauthorized", "403: ExpiredTokenException: Rate exceeded"],
    ["ValidationError", 400, "Refused", "400: ValidationError: Rate exceeded"],
    ["InternalFailure", 500, "ServiceFault", "500: InternalFailure: Rate exceeded"],
  ])("by SageMaker, %s with status %i, is %s", async (type, status, name, said) => {
    server.answer = (_, response) => fail(response, status, type, { Message: "Rate exceeded" });
    const error = (await ask().catch((error: unknown) => error)) as Error;
    expect(error.name).toBe(name);
    expect(error.message).toContain(`endpoint perennial-prod-match-outcome answers ${said}`);
  });

  it("by nobody, since nobody listens, is Unavailable", async () => {
    const client = runtime();
    await server.close();
    await expect(ask({ client, stack: "prod" })).rejects.toMatchObject({ name: "Unavailable" });
    server = await new StandInServer().open();
  });

  it("for want of credentials is Unauthorized", async () => {
    const credentials = async () => {
      throw Object.assign(new Error("Could not load credentials from any providers"), {
        name: "CredentialsProviderError",
      });
    };
    await expect(ask({ client: runtime({ credentials }), stack: "prod" }, 3)).rejects.toMatchObject({
      name: "Unauthorized",
      call: { attempts: 1 },
    });
  });
});

it("gives up on the endpoint when its caller does", async () => {
  const closed: boolean[] = [];
  const caller = new AbortController();
  server.answer = (_, response) => {
    response.on("close", () => closed.push(response.writableFinished));
    caller.abort(new Error("enough"));
  };
  const client = createClient({ transport: endpoint({ client: runtime(), stack: "prod" }) });
  await expect(client.predict("match-outcome", MATCH, { signal: caller.signal })).rejects.toThrow("enough");
  await expect.poll(() => closed).toEqual([false]);
});
