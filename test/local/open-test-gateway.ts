import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openGateway, type LocalGateway } from "../../local/gateway/gateway.ts";
import { Identity } from "../../local/identity/identity.ts";

export const accountId = "123456789012";
export const region = "eu-central-1";
export const python = join(import.meta.dirname, "../../.venv/bin/python");

/** A folder that is gone with the test's process. */
export function newStateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "perennial-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A gateway on a free port with an account that has no roles. */
export async function openTestGateway(stateFolder = newStateFolder()): Promise<LocalGateway> {
  return openGateway({ port: 0, stateFolder, python, identity: new Identity({ accountId, region }) });
}

/** Declares a role that a service may assume and that may do what its statements say. */
export function putRole(
  { identity }: LocalGateway,
  name: string,
  statements: Record<string, unknown>[],
  service = "lambda.amazonaws.com",
): string {
  const arn = `arn:aws:iam::${accountId}:role/${name}`;
  const trust = { Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" };
  identity.putRole({ name, arn, assumeRolePolicy: { Version: "2012-10-17", Statement: [trust] } });
  identity.putRolePolicy(name, "access", {
    Version: "2012-10-17",
    Statement: statements.map((statement) => ({ Effect: "Allow", ...statement })),
  });
  return arn;
}

/** What an AWS SDK client needs to talk to the gateway, as a role or as the person at the machine. */
export function clientFor(gateway: LocalGateway, roleName?: string) {
  const credentials =
    roleName === undefined
      ? { accessKeyId: "test", secretAccessKey: "test" }
      : gateway.credentialsFor(roleName);
  return { endpoint: gateway.url, region, credentials, maxAttempts: 1 };
}
