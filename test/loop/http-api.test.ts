import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import type { Platform } from "@perennial/contracts";
import { type EndpointRecord, EndpointResponse } from "@perennial/contracts";
import type { OpenApiDocument } from "@perennial/http-api";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readWorkloads } from "../../infra/workloads.ts";
import { RealClock } from "../../local/clock.ts";
import { type LocalCloud } from "../../local/cloud.ts";
import { createClient } from "../../packages/client/src/client.ts";
import { endpoint } from "../../packages/client/src/endpoint.ts";
import { http } from "../../packages/client/src/http.ts";
import { callBoto3 } from "../support/call-boto3.ts";
import { fuzzHttpApi } from "../support/fuzz-http-api.ts";
import { readPlatform } from "../../local/published.ts";
import { openTestCloud, STACK } from "../support/test-cloud.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const specs = (await readWorkloads(join(REPOSITORY, "workloads"), [])).map(({ spec }) => spec);

// Every way to ask, for every workload, with the baselines of the first day.
const clock = new RealClock();
let folder: string;
let cloud: LocalCloud;
let platform: Platform;
let url: string;
let apiKey: string;
let settings: {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
};
let document: OpenApiDocument;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "perennial-http-api-"));
  cloud = await openTestCloud(folder, {
    workloads: [],
    clock,
    // The fuzzer asks some thousand times from one address.
    settings: {
      "perennial:rateLimit": "20000",
      "perennial:apiRequestsPerSecond": "10000",
      "perennial:apiBurst": "5000",
    },
  });
  await cloud.sageMaker.settled();
  platform = await readPlatform(cloud, STACK);
  url = cloud.httpApis.url ?? "";
  apiKey = readFileSync(cloud.httpApis.keys.files[0] ?? "", "utf8");
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  settings = { endpoint: cloud.url, region: platform.region, credentials };
  document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApiDocument;
});

afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

const post = (workload: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/v1/${workload}/predict`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": apiKey, ...headers },
    body,
  });

describe.each(specs.map((spec) => [spec.name, spec] as const))("%s", (name, { examples }) => {
  const [record] = examples as [EndpointRecord];

  it("gives curl, boto3, the AWS SDK for JavaScript and the typed client the same answer", async () => {
    const [endpointName, Body] = [`perennial-${STACK}-${name}`, JSON.stringify(record)];
    const asked = { EndpointName: endpointName, ContentType: "application/json", Body };
    const runtime = new SageMakerRuntimeClient(settings);
    const curl = promisify(execFile)("curl", [
      "--silent",
      "--header",
      `x-api-key: ${apiKey}`,
      "--header",
      "content-type: application/json",
      "--data",
      Body,
      `${url}/v1/${name}/predict`,
    ]);
    const boto3 = callBoto3({
      url: cloud.url,
      region: platform.region,
      service: "sagemaker-runtime",
      operation: "invoke_endpoint",
      input: asked,
    });
    const sdk = await runtime.send(new InvokeEndpointCommand(asked));
    const answer = Buffer.from(sdk.Body).toString("utf8");
    expect([(await curl).stdout, (await boto3)["Body"]]).toEqual([answer, answer]);

    const { predictions, model } = EndpointResponse.parse(JSON.parse(answer));
    const transports = [http({ url, apiKey }), endpoint({ client: runtime, stack: STACK })];
    for (const transport of transports) {
      const told = await createClient({ transport }).predict(name as never, record as never);
      expect(told).toMatchObject({ prediction: predictions[0], model });
    }
  });

  it("answers as its OpenAPI document says, and only what fits it", async () => {
    const response = await post(name, JSON.stringify({ records: examples }));
    const pascal = name.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const ajv = new Ajv2020({ strict: false });
    ajv.addSchema({ $id: "document", ...document });
    const fits = ajv.compile({ $ref: `document#/components/schemas/${pascal}Answer` });
    const answer: unknown = await response.json();
    expect([response.status, fits(answer), fits.errors]).toEqual([200, true, null]);
    expect(EndpointResponse.parse(answer).predictions).toHaveLength(examples.length);
    expect(fits({ ...(answer as object), more: 1 })).toBe(false);
  });

  it("answers JSON, JSON Lines and CSV", async () => {
    const forms = document.paths[`/v1/${name}/predict`]?.["post"]?.["requestBody"] as {
      content: Record<string, { example?: string }>;
    };
    for (const form of ["application/jsonlines", "text/csv"]) {
      const body = forms.content[form]?.example ?? "";
      const response = await post(name, body, { "content-type": form, accept: form });
      const lines = (await response.text()).trimEnd().split("\n");
      const header = form === "text/csv" ? 1 : 0;
      expect([response.status, lines.length]).toEqual([200, examples.length + header]);
    }
  });

  it("names every fault of every record, as the endpoint does", async () => {
    const faulty = { ...record, shoe_size: 44 };
    const refusal = await post(name, JSON.stringify({ records: [record, faulty] }), {
      "x-request-id": "mine",
    });
    const told = (await refusal.json()) as { type: string; faults: { record: number; field: string }[] };
    expect([refusal.status, refusal.headers.get("content-type")]).toEqual([422, "application/problem+json"]);
    expect([told.type, told.faults.map((fault) => [fault.record, fault.field])]).toEqual([
      "urn:perennial:problem:records-refused",
      [[1, "shoe_size"]],
    ]);
    expect(told).toMatchObject({ requestId: "mine", model: { workload: name, version: 0 } });
  });
});

const [WORKLOAD] = specs.map(({ name }) => name) as [string];

describe("the API", () => {
  it.each<[string, RequestInit, number, string]>([
    ["without a key", { headers: { "x-api-key": "" } }, 403, "not-allowed"],
    ["with a wrong key", { headers: { "x-api-key": "x".repeat(40) } }, 403, "not-allowed"],
    ["with a body that isn't JSON", { body: "{" }, 400, "misshapen-body"],
    ["with an array", { body: "[]" }, 400, "misshapen-body"],
    [
      "with a field nested deeply",
      { body: `{"a":${"[".repeat(5000)}${"]".repeat(5000)}}` },
      422,
      "records-refused",
    ],
    [
      "with bytes that aren't UTF-8",
      { body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) },
      422,
      "records-refused",
    ],
    ["with a body over the firewall's size", { body: "x".repeat(1024 * 1024 + 1) }, 413, "body-too-large"],
    ["by another method", { method: "DELETE" }, 405, "method-not-allowed"],
    ["with no body", { body: null }, 400, "misshapen-body"],
    ["for a variant that isn't there", { headers: { "x-target-variant": "nobody" } }, 422, "no-such-variant"],
  ])("%s answers with a problem", async (_, { headers, ...init }, status, kind) => {
    const response = await fetch(`${url}/v1/${WORKLOAD}/predict`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-api-key": apiKey,
        ...(headers as Record<string, string> | undefined),
      },
      body: "{}",
      ...init,
    });
    const problem = (await response.json()) as Record<string, unknown>;
    expect([response.status, problem["status"], problem["type"]]).toEqual([
      status,
      status,
      `urn:perennial:problem:${kind}`,
    ]);
  });

  it("captures what is asked over HTTP under the name that the caller gives it", async () => {
    const spec = specs[0]!;
    const response = await post(WORKLOAD, JSON.stringify(spec.examples[0]), {
      "x-inference-id": "asked-over-http",
    });
    expect([response.status, response.headers.get("x-inference-id")]).toEqual([200, "asked-over-http"]);
  });

  it("keeps an access log that holds no record and no key", async () => {
    const file = await promisify(execFile)("grep", ["-rl", "/v1/", join(folder, "logs")]);
    const logs = file.stdout
      .trim()
      .split("\n")
      .map((path) => readFileSync(path, "utf8"))
      .join("");
    expect(logs).toContain(`/v1/${WORKLOAD}/predict`);
    expect(logs).not.toContain(apiKey);
    expect(logs).not.toContain("time_in_hospital");
  });

  it("has nothing that a fuzzer finds fault with", async () => {
    const { code, report } = await fuzzHttpApi(url, apiKey, 2026);
    const found = report.slice(Math.max(0, report.indexOf("=== FAILURES")));
    expect({ code, found }).toEqual({ code: 0, found: expect.stringContaining("No issues found") as string });
  });

  it("lets an address that asks too often wait, and answers it later", async () => {
    const burst = async () =>
      (await Promise.all(Array.from({ length: 100 }, async () => (await fetch(`${url}/healthz`)).status))).at(
        -1,
      );
    let status = await burst();
    for (let round = 0; status !== 429 && round < 250; round += 1) status = await burst();
    expect(status).toBe(429);
    const refused = await fetch(`${url}/healthz`);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "300"]);
    clock.skip(10 * 60_000);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});
