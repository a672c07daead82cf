import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DescribeEndpointCommand } from "@aws-sdk/client-sagemaker";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { mockClient } from "aws-sdk-client-mock";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect, readPlatform } from "../../apps/cli/connection.ts";
import { CliFault, EXIT } from "../../apps/cli/exit.ts";
import { explain } from "../../apps/cli/explain.ts";
import { openStack, PLATFORM } from "./stack.ts";

let state: string;
beforeEach(() => (state = mkdtempSync(join(tmpdir(), "perennial-cli-"))));
afterEach(() => rmSync(state, { recursive: true }));

async function faultOf(work: Promise<unknown>): Promise<[number, string]> {
  try {
    await work;
  } catch (error) {
    if (error instanceof CliFault) return [error.exitCode, error.message];
    throw error;
  }
  throw new Error("no fault");
}

describe("a stack", () => {
  it("that isn't known is told with those that are", async () => {
    expect(await faultOf(connect({ stack: "pord", state }))).toEqual([
      EXIT.usage,
      'There is no stack "pord": expected one of local, dev, prod. Did you mean "prod"?',
    ]);
  });

  it("that runs nowhere on this machine is told how to start it", async () => {
    expect(await faultOf(connect({ stack: "local", state }))).toEqual([
      EXIT.unreachable,
      `No local cloud runs here (${state}/gateway.json doesn't exist). Start it with make start, or name another stack with --stack.`,
    ]);
  });

  it.each(["", "{}", '{"url":"nowhere"}', "{"])(
    "whose address is damaged (%j) is told how to mend it",
    async (text) => {
      writeFileSync(join(state, "gateway.json"), text);
      expect(await faultOf(connect({ stack: "local", state }))).toEqual([
        EXIT.unreachable,
        `${state}/gateway.json doesn't say where the local cloud runs. Start it again with make start.`,
      ]);
    },
  );

  it("that has stopped is told so", async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
    });
    await new Promise((resolve) => server.close(resolve));
    const url = `http://127.0.0.1:${port}`;
    writeFileSync(join(state, "gateway.json"), JSON.stringify({ url, pid: 1 }));
    expect(await faultOf(connect({ stack: "local", state }))).toEqual([
      EXIT.unreachable,
      `Nothing answers at ${url}, where the local cloud last ran. Start it with make start.`,
    ]);
  });

  it("says by its parameter what it holds", async () => {
    const ssm = new SSMClient();
    mockClient(ssm)
      .on(GetParameterCommand, { Name: "/perennial/dev/platform" })
      .resolves({ Parameter: { Value: JSON.stringify(PLATFORM) } });
    expect(await readPlatform(ssm, "dev", "dev")).toEqual(PLATFORM);
  });

  it.each([
    [
      "dev",
      "The stack dev isn't up: /perennial/dev/platform doesn't exist. Bring it up with pulumi up --stack dev, or look at AWS_PROFILE and AWS_REGION.",
    ],
    [
      "local",
      "The stack local isn't up: /perennial/dev/platform doesn't exist. It is still starting, or failed to: look at the terminal of make start.",
    ],
  ])("that isn't up (%s) is told what comes next", async (stack, message) => {
    const ssm = new SSMClient();
    mockClient(ssm)
      .on(GetParameterCommand)
      .rejects(Object.assign(new Error(""), { name: "ParameterNotFound" }));
    expect(await faultOf(readPlatform(ssm, stack, "dev"))).toEqual([EXIT.unreachable, message]);
  });
});

describe("an error", () => {
  const named = (name: string, message = "", more = {}) =>
    Object.assign(new Error(message), { name, ...more });
  it.each([
    [
      named("CredentialsProviderError"),
      3,
      "No AWS credentials were found: the stack dev lies in AWS. Sign in (aws sso login, or set AWS_PROFILE) and try again.",
    ],
    [
      named("ExpiredTokenException"),
      3,
      "The AWS credentials have expired: the stack dev lies in AWS. Sign in (aws sso login, or set AWS_PROFILE) and try again.",
    ],
    [
      named("Error", "Region is missing"),
      3,
      "No AWS region is set: set AWS_REGION, or a region in the profile, to where the stack dev lies.",
    ],
    [named("AccessDeniedException", "not you"), 3, "The stack dev refuses the call: not you"],
    [
      named("Error", "getaddrinfo ENOTFOUND", { code: "ENOTFOUND" }),
      3,
      "AWS can't be reached (getaddrinfo ENOTFOUND): look at the network and at the region.",
    ],
    [
      named("ThrottlingException", "Rate exceeded", { $metadata: {} }),
      1,
      "The stack dev answered ThrottlingException: Rate exceeded",
    ],
  ])("of the SDK is told as a sentence: %s", (error, code, message) => {
    const told = explain(error, "dev", null) as CliFault;
    expect([told.exitCode, told.message, told.cause]).toEqual([code, message, error]);
  });

  it("that is a bug is thrown on as it is", async () => {
    const bug = new TypeError("bug");
    const stack = openStack();
    stack.sageMaker.on(DescribeEndpointCommand).rejects(bug);
    await expect(stack.run("status")).rejects.toBe(bug);
  });

  it("in the middle of a command names the gateway that went away", async () => {
    const stack = openStack();
    stack.sageMaker.on(DescribeEndpointCommand).rejects(named("Error", "refused", { code: "ECONNREFUSED" }));
    expect([await stack.run("status"), stack.written.err]).toEqual([
      3,
      "perennial: Nothing answers at http://127.0.0.1:4599, where the local cloud last ran. Start it with make start.\n",
    ]);
  });
});
