import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { VirtualClock } from "../../local/clock.ts";
import { unpack } from "../../local/functions/code.ts";
import { Functions } from "../../local/functions/service.ts";

const caller = { accessKeyId: "test", principalArn: "arn:aws:iam::1:user/person", role: null };
const ARN = "arn:aws:lambda:eu-central-1:1:function:score";
const CODE = `export const handler = async (event, { functionVersion }) => [process.env.MODEL, functionVersion];`;

let folder: string;
let functions: Functions;
let chance: number;
let counted: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "versions-"));
  open();
});

/** Starts Lambda, with what an earlier start left. */
function open(): void {
  const clock = new VirtualClock("2031-03-01T00:00:00Z");
  chance = 0.5;
  counted = [];
  functions = new Functions({
    clock,
    time: clock.share().buffer,
    region: "eu-central-1",
    endpoint: () => "http://127.0.0.1:9",
    credentialsFor: () => ({ accessKeyId: "key", secretAccessKey: "secret" }),
    call: async () => ({}),
    log: () => {},
    metric: ({ name, dimensions }) =>
      name === "Invocations" && counted.push(Object.values(dimensions).join(" ")),
    folder: join(folder, "functions"),
    warn: () => {},
    random: () => chance,
  });
  functions.create({
    name: "score",
    arn: ARN,
    roleArn: "arn:aws:iam::1:role/score",
    roleName: "score",
    folder: unpack(folder, { "index.mjs": { text: CODE } }),
    handler: "index.handler",
    runtime: "nodejs24.x",
    timeoutSeconds: 10,
    memoryMiB: 128,
    environment: { MODEL: "first" },
    logGroup: "/aws/lambda/score",
  });
}
afterEach(async () => {
  await functions.close();
  rmSync(folder, { recursive: true });
});

const call = async (action: string, input: Record<string, unknown> = {}) =>
  (await functions.handle({
    service: "lambda",
    action,
    input: { FunctionName: "score", ...input },
    caller,
  })) as Record<string, unknown>;

async function ask(name: string, Qualifier?: string): Promise<unknown> {
  const { Payload, ExecutedVersion } = await call("Invoke", { FunctionName: name, Qualifier });
  return [...(JSON.parse(Buffer.from(String(Payload), "base64").toString()) as string[]), ExecutedVersion];
}

/** Publishes what there is, then the same function with another model. */
async function publishTwo(): Promise<void> {
  await call("PublishVersion");
  await call("UpdateFunctionConfiguration", { Environment: { Variables: { MODEL: "second" } } });
  await call("PublishVersion");
}

it("keeps a published version as it was when the function changes", async () => {
  expect(await ask("score")).toEqual(["first", "$LATEST", "$LATEST"]);
  await publishTwo();
  expect(await ask("score")).toEqual(["second", "$LATEST", "$LATEST"]);
  expect(await ask("score", "1")).toEqual(["first", "1", "1"]);
  expect(await ask(`${ARN}:2`)).toEqual(["second", "2", "2"]);
  expect(await call("GetFunctionConfiguration", { Qualifier: "1" })).toMatchObject({
    FunctionArn: `${ARN}:1`,
    Version: "1",
    Environment: { Variables: { MODEL: "first" } },
  });
});

it("publishes nothing new where nothing has changed", async () => {
  expect((await call("PublishVersion"))["Version"]).toBe("1");
  expect((await call("PublishVersion"))["Version"]).toBe("1");
});

it("leads an alias to its version, and its share of the calls to another one", async () => {
  await publishTwo();
  await call("CreateAlias", { Name: "live", FunctionVersion: "1" });
  expect(await ask("score", "live")).toEqual(["first", "1", "1"]);
  const weighted = { RoutingConfig: { AdditionalVersionWeights: { "2": 0.25 } } };
  expect(await call("UpdateAlias", { Name: "live", ...weighted })).toEqual({
    AliasArn: `${ARN}:live`,
    Name: "live",
    FunctionVersion: "1",
    ...weighted,
  });
  chance = 0.2499;
  expect(await ask("score:live")).toEqual(["second", "2", "2"]);
  chance = 0.25;
  expect(await ask(`${ARN}:live`)).toEqual(["first", "1", "1"]);
  await call("UpdateAlias", {
    Name: "live",
    FunctionVersion: "2",
    RoutingConfig: { AdditionalVersionWeights: {} },
  });
  expect(await ask("score", "live")).toEqual(["second", "2", "2"]);
  expect(await call("GetAlias", { Name: "live" })).toEqual({
    AliasArn: `${ARN}:live`,
    Name: "live",
    FunctionVersion: "2",
  });
});

it("counts calls of an alias under the version that answered as well", async () => {
  await publishTwo();
  await call("CreateAlias", { Name: "live", FunctionVersion: "2" });
  await ask("score");
  expect(counted.splice(0)).toEqual(["score"]);
  await ask("score", "live");
  expect(counted).toEqual(["score", "score score:live", "score score:live 2"]);
});

it.each([
  ["Invoke", { Qualifier: "live" }, "Function not found: score:live"],
  ["Invoke", { Qualifier: "7" }, `Function not found: ${ARN}:7`],
  ["CreateAlias", { Name: "live", FunctionVersion: "7" }, `Function not found: ${ARN}:7`],
  ["UpdateAlias", { Name: "live", FunctionVersion: "1" }, "Function not found: score:live"],
  ["CreateAlias", { Name: "live" }, "FunctionVersion: expected a version"],
  [
    "CreateAlias",
    { Name: "live", FunctionVersion: "1", RoutingConfig: { AdditionalVersionWeights: { "1": 1.5 } } },
    "RoutingConfig: expected one more version with a weight from 0 to 1.",
  ],
])("refuses %s of %j", async (action, input, message) => {
  await call("PublishVersion");
  await expect(call(action, input)).rejects.toThrow(message);
});

it("tells which versions there are, and deletes one that no alias leads to", async () => {
  await publishTwo();
  await call("CreateAlias", { Name: "live", FunctionVersion: "2" });
  const versions = async () =>
    ((await call("ListVersionsByFunction"))["Versions"] as { Version: string }[]).map(
      ({ Version }) => Version,
    );
  expect(await versions()).toEqual(["$LATEST", "1", "2"]);
  await call("UpdateAlias", {
    Name: "live",
    RoutingConfig: { AdditionalVersionWeights: { "1": 0.1 } },
  });
  for (const Qualifier of ["1", "2"]) {
    await expect(call("DeleteFunction", { Qualifier })).rejects.toMatchObject({
      code: "ResourceConflictException",
      message: `Version ${Qualifier} of score can't be deleted: the alias live leads to it.`,
    });
  }
  await call("UpdateAlias", { Name: "live", RoutingConfig: { AdditionalVersionWeights: {} } });
  await call("DeleteFunction", { Qualifier: "1" });
  expect(await versions()).toEqual(["$LATEST", "2"]);
  await expect(call("Invoke", { Qualifier: "1" })).rejects.toThrow(`Function not found: ${ARN}:1`);
  await call("UpdateFunctionConfiguration", { Environment: { Variables: { MODEL: "third" } } });
  expect((await call("PublishVersion"))["Version"]).toBe("3");
});

it("never deletes a function whole: the program owns it", async () => {
  for (const input of [{}, { Qualifier: "$LATEST" }]) {
    await expect(call("DeleteFunction", input)).rejects.toThrow("expected the number of a published version");
  }
});

it("has versions and aliases again after a restart, as they were", async () => {
  await publishTwo();
  await call("CreateAlias", { Name: "live", FunctionVersion: "1" });
  await functions.close();
  open();
  expect(await ask("score", "live")).toEqual(["first", "1", "1"]);
  expect(await ask("score", "2")).toEqual(["second", "2", "2"]);
  expect((await call("PublishVersion"))["Version"]).toBe("3");
});
