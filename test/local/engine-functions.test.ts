import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { VirtualClock } from "../../local/clock.ts";
import { unpack } from "../../local/functions/code.ts";
import { Functions } from "../../local/functions/service.ts";

const caller = { accessKeyId: "test", principalArn: "arn:aws:iam::1:user/person", role: null };
const ARN = "arn:aws:lambda:eu-central-1:1:function:f";
const RULE = "arn:aws:events:eu-central-1:1:rule/weekly";

let folder: string;
let functions: Functions;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "functions-"))));
afterEach(async () => {
  await functions.close();
  rmSync(folder, { recursive: true });
});

function run(code: string, options: { timeoutSeconds?: number } = {}) {
  const clock = new VirtualClock("2031-03-01T00:00:00Z");
  const lines: string[] = [];
  const metrics: string[] = [];
  const calls: unknown[][] = [];
  const warnings: string[] = [];
  functions = new Functions({
    clock,
    time: clock.share().buffer,
    region: "eu-central-1",
    endpoint: () => "http://127.0.0.1:9",
    credentialsFor: (role) => ({ accessKeyId: `key-of-${role}`, secretAccessKey: "secret" }),
    call: async (...call) => calls.push(call),
    log: (group, stream, line) => lines.push(`${group} ${stream} ${line}`),
    metric: ({ name, value }) => name !== "Duration" && metrics.push(`${name} ${value}`),
    warn: (message) => warnings.push(message),
  });
  functions.create({
    name: "f",
    arn: ARN,
    roleArn: "arn:aws:iam::1:role/f",
    roleName: "f",
    folder: unpack(folder, { "index.mjs": { text: code } }),
    handler: "index.handler",
    runtime: "nodejs24.x",
    timeoutSeconds: options.timeoutSeconds ?? 10,
    memoryMiB: 128,
    environment: { LEDGER_TABLE: "ledger" },
    logGroup: "/aws/lambda/f",
  });
  const invoke = async (event: unknown, more: Record<string, unknown> = {}) => {
    const Payload = Buffer.from(JSON.stringify(event)).toString("base64");
    const input = { FunctionName: ARN, Payload, ...more };
    const answer = (await functions.handle({ service: "lambda", action: "Invoke", input, caller })) as Record<
      string,
      string
    >;
    const text = Buffer.from(answer["Payload"]!, "base64").toString();
    return { ...answer, Payload: text === "" ? null : (JSON.parse(text) as Record<string, unknown>) };
  };
  return { clock, lines, metrics, calls, warnings, invoke };
}

it("runs a handler with its own environment, its role's key, the gateway's address and the cloud's time", async () => {
  process.env["ONLY_OUTSIDE"] = "1";
  const { invoke, clock, lines, metrics } = run(`
    export const handler = async (event, context) => {
      console.log("called by " + context.functionName);
      const { LEDGER_TABLE, AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_REGION, ONLY_OUTSIDE = "absent" } = process.env;
      const remaining = context.getRemainingTimeInMillis() > 9000;
      return { event, LEDGER_TABLE, AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_REGION, ONLY_OUTSIDE, remaining, now: new Date(), ms: Date.now() };
    };`);
  await clock.advance(86_400_000);
  expect(await invoke({ a: 1 })).toEqual({
    StatusCode: 200,
    ExecutedVersion: "$LATEST",
    Payload: {
      event: { a: 1 },
      LEDGER_TABLE: "ledger",
      AWS_ENDPOINT_URL: "http://127.0.0.1:9",
      AWS_ACCESS_KEY_ID: "key-of-f",
      AWS_REGION: "eu-central-1",
      ONLY_OUTSIDE: "absent",
      remaining: true,
      now: "2031-03-02T00:00:00.000Z",
      ms: Date.parse("2031-03-02T00:00:00Z"),
    },
  });
  expect(lines).toEqual(["/aws/lambda/f local called by f"]);
  expect(metrics).toEqual(["Invocations 1", "Errors 0"]);
});

it("keeps a sandbox for the next call, and starts another one beside a busy one", async () => {
  const { invoke } = run(`
    let calls = 0;
    export const handler = async ({ wait }) => { calls += 1; await new Promise((go) => setTimeout(go, wait)); return calls; };`);
  const count = async (wait: number) => (await invoke({ wait })).Payload;
  expect([await count(0), await count(0)]).toEqual([1, 2]);
  expect(await Promise.all([count(300), count(300)])).toEqual([3, 1]);
});

it("answers a handler's error with its class and message, and counts it", async () => {
  const { invoke, metrics } = run(`
    class InvalidInput extends Error { name = "InvalidInput"; }
    export const handler = async () => { throw new InvalidInput("no rows"); };`);
  expect(await invoke({})).toMatchObject({
    StatusCode: 200,
    FunctionError: "Unhandled",
    Payload: { errorType: "InvalidInput", errorMessage: "no rows" },
  });
  expect(metrics).toEqual(["Invocations 1", "Errors 1"]);
});

it("answers every call with the error of a module that doesn't load", async () => {
  const { invoke } = run(`throw new Error("LEDGER_TABLE is missing"); export const handler = 0;`);
  expect((await invoke({})).Payload).toMatchObject({
    errorType: "Error",
    errorMessage: "LEDGER_TABLE is missing",
  });
});

it("gives up a call that takes longer than the timeout, and its sandbox with it", async () => {
  const { invoke } = run(
    `let calls = 0; export const handler = async ({ wait }) => { calls += 1; while (wait); return calls; };`,
    { timeoutSeconds: 3 },
  );
  expect((await invoke({ wait: true })).Payload).toMatchObject({
    errorType: "Sandbox.Timedout",
    errorMessage: expect.stringMatching(/^RequestId: \S+ Task timed out after 3\.00 seconds$/) as string,
  });
  expect((await invoke({ wait: false })).Payload).toBe(1);
});

it("takes an event only from a source that a permission names", async () => {
  const { clock, lines } = run(`export const handler = async (event) => console.log(JSON.stringify(event));`);
  functions.permit("f", { principal: "events.amazonaws.com", sourceArn: "arn:aws:events:*:1:rule/week*" });
  await functions.accept(ARN, '{"a":1}', "events.amazonaws.com", RULE);
  await clock.settle();
  expect(lines).toEqual(['/aws/lambda/f local {"a":1}']);
  await expect(
    functions.accept(ARN, "{}", "events.amazonaws.com", "arn:aws:events:eu:1:rule/other"),
  ).rejects.toThrow(
    "events.amazonaws.com is not permitted to invoke f for arn:aws:events:eu:1:rule/other: no aws.lambda.Permission says so.",
  );
  await expect(functions.accept(ARN, "{}", "sns.amazonaws.com", RULE)).rejects.toThrow(
    "sns.amazonaws.com is not permitted",
  );
});

it("retries an asynchronous call after one and two minutes, then leaves it to the destination as its own role", async () => {
  const { invoke, clock, calls, metrics } = run(
    `export const handler = async () => { throw new Error("no"); };`,
  );
  functions.configureAsync("f", { maximumRetryAttempts: 2, onFailureArn: "arn:aws:sqs:eu-central-1:1:dead" });
  expect(await invoke({ a: 1 }, { InvocationType: "Event" })).toEqual({ StatusCode: 202, Payload: null });
  await clock.advance(59_000);
  expect(metrics.filter((metric) => metric === "Errors 1")).toHaveLength(1);
  await clock.advance(1000);
  expect(metrics.filter((metric) => metric === "Errors 1")).toHaveLength(2);
  expect(calls).toEqual([]);
  await clock.advance(120_000);
  expect(metrics.filter((metric) => metric === "Errors 1")).toHaveLength(3);
  expect(calls).toHaveLength(1);
  const [as, service, action, input] = calls[0]!;
  expect([as, service, action]).toEqual(["arn:aws:iam::1:role/f", "sqs", "SendMessage"]);
  expect(JSON.parse((input as { MessageBody: string }).MessageBody)).toMatchObject({
    requestContext: { condition: "RetriesExhausted", approximateInvokeCount: 3 },
    requestPayload: { a: 1 },
    responsePayload: { errorType: "Error", errorMessage: "no" },
  });
});

it("unpacks the same archive once, files by their text or by their place", () => {
  functions = new Functions({} as never);
  const native = join(folder, "addon.node");
  writeFileSync(native, "native");
  const files = { "index.mjs": { text: "export {};" }, "node_modules/a/addon.node": { path: native } };
  const first = unpack(join(folder, "code"), files);
  expect(unpack(join(folder, "code"), files)).toBe(first);
  expect(existsSync(join(first, "node_modules/a/addon.node"))).toBe(true);
  expect(unpack(join(folder, "code"), { "index.mjs": { text: "export {}; //" } })).not.toBe(first);
});
