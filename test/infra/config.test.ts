import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readSettings } from "../../infra/config.ts";
import { readStack } from "../../local/program/settings.ts";

const REPOSITORY = join(import.meta.dirname, "../..");

async function settingsOf(stack: string, changes: Record<string, string | undefined> = {}) {
  const values = { ...readStack(REPOSITORY, "dev").values, ...changes };
  const given = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined);
  pulumi.runtime.setAllConfig(Object.fromEntries(given));
  await pulumi.runtime.setMocks(
    { newResource: ({ name }) => ({ id: name, state: {} }), call: () => ({}) },
    "perennial",
    stack,
  );
  return readSettings();
}

it("reads a stack's settings with their types", async () => {
  expect(await settingsOf("dev")).toEqual({
    stack: "dev",
    region: "eu-central-1",
    accountId: "123456789012",
    workloads: [],
    approval: "gate",
    alertEmail: undefined,
    protect: false,
    processingInstanceType: "ml.t3.large",
    trainingInstanceType: "ml.m5.large",
    trainingVolumeGiB: 30,
    useSpot: true,
    servingInstanceType: "ml.t2.medium",
    servingInstanceCount: 1,
    bakeSeconds: 60,
    rollout: "all-at-once",
    logRetentionDays: 14,
    ownsJobLogs: true,
    recoveryDays: 7,
    preparedDays: 30,
    captureDays: 30,
    kmsDeletionWindowDays: 7,
    lambdaArchitecture: "x64",
    trainingImageUri: undefined,
    servingImageUri: undefined,
    subnetIds: [],
    securityGroupIds: [],
    publicApi: true,
    apiAuth: "key",
    jwtIssuer: undefined,
    jwtAudience: undefined,
    openPages: true,
    corsOrigins: [],
    rateLimit: 2000,
    apiRequestsPerSecond: 100,
    apiBurst: 200,
    apiDomain: undefined,
    apiHostedZoneId: undefined,
    ownsApiAccount: true,
  });
});

it.each([
  [
    { "perennial:apiAuth": "jwt", "perennial:jwtIssuer": "https://issuer.example" },
    'jwtIssuer: given "https://issuer.example"; jwtIssuer and jwtAudience are given exactly where apiAuth is "jwt"',
  ],
  [
    { "perennial:jwtIssuer": "https://issuer.example", "perennial:jwtAudience": "perennial" },
    'jwtIssuer: given "https://issuer.example"; jwtIssuer and jwtAudience are given exactly where apiAuth is "jwt"',
  ],
  [
    {
      "perennial:apiAuth": "jwt",
      "perennial:jwtIssuer": "http://issuer.example",
      "perennial:jwtAudience": "perennial",
    },
    'jwtIssuer: given "http://issuer.example"; expected an address that begins with https://',
  ],
  [
    { "perennial:apiDomain": "api.example.com" },
    'apiHostedZoneId: given ""; apiDomain and apiHostedZoneId are both given or both empty',
  ],
  [
    { "perennial:corsOrigins": '["app.example.com"]' },
    'corsOrigins.0: given "app.example.com"; expected an origin such as https://app.example.com, or *',
  ],
])("refuses an HTTP API that is half described: %j", async (changes, fault) => {
  await expect(settingsOf("dev", changes)).rejects.toThrow(
    `Pulumi.dev.yaml is refused, 1 fault:\n  ${fault}`,
  );
});

it("reports all faults of a stack's settings at once", async () => {
  const faulty = settingsOf("Development-2", {
    "aws:region": "Frankfurt",
    "perennial:accountId": "42",
    "perennial:approval": "nobody",
    "perennial:protect": "yes",
    "perennial:logRetentionDays": "10",
    "perennial:servingInstanceCount": undefined,
    "perennial:subnetIds": '["subnet-1"]',
    "perennial:servingImageUri": "perennial:latest",
  });
  await expect(faulty).rejects.toThrow(
    [
      "Pulumi.Development-2.yaml is refused, 10 faults:",
      '  stack: given "Development-2"; expected lower case letters and digits',
      '  stack: given "Development-2"; Too big: expected string to have <=10 characters',
      '  region: given "Frankfurt"; expected a region such as eu-central-1',
      '  accountId: given "42"; expected twelve digits',
      '  approval: given "nobody"; Invalid option: expected one of "gate"|"person"',
      '  protect: given "yes"; Invalid option: expected one of "true"|"false"',
      "  servingInstanceCount: given nothing; expected string, received undefined",
      '  logRetentionDays: given "10"; expected one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, ' +
        "1096, 1827, 2192, 2557, 2922, 3288, 3653",
      '  servingImageUri: given "perennial:latest"; expected registry/repository@sha256:<digest>',
      '  securityGroupIds: given "[]"; subnetIds and securityGroupIds are both given or both empty',
    ].join("\n"),
  );
});

it("takes a rollout as the specs say, or all at once, and no other for all of them", async () => {
  expect((await settingsOf("dev", { "perennial:rollout": "" })).rollout).toBeUndefined();
  await expect(settingsOf("dev", { "perennial:rollout": "canary" })).rejects.toThrow(
    'rollout: given "canary"; Invalid option: expected one of ""|"all-at-once"',
  );
});

it("refuses subnets without security groups", async () => {
  await expect(settingsOf("dev", { "perennial:subnetIds": '["subnet-1"]' })).rejects.toThrow(
    'securityGroupIds: given "[]"; subnetIds and securityGroupIds are both given or both empty',
  );
});

describe("Pulumi.yaml", () => {
  const project = parse(readFileSync(join(REPOSITORY, "Pulumi.yaml"), "utf8")) as {
    main: string;
    runtime: { name: string; options: Record<string, unknown> };
    config: Record<string, { type: string; description: string; default?: unknown }>;
  };

  it("describes exactly the settings that are read", async () => {
    const { stack: _, region: __, ...settings } = await settingsOf("dev");
    expect(Object.keys(project.config).toSorted()).toEqual(Object.keys(settings).toSorted());
    const undescribed = Object.entries(project.config).filter(([, { description }]) => !description);
    expect(undescribed).toEqual([]);
  });

  it("gives no stack a setting that it doesn't know", () => {
    const known = new Set([...Object.keys(project.config).map((name) => `perennial:${name}`), "aws:region"]);
    const unknown = ["dev", "prod"].flatMap((stack) =>
      Object.keys(readStack(REPOSITORY, stack).values).filter((name) => !known.has(name)),
    );
    expect(unknown).toEqual([]);
  });

  it("has Node run the program's TypeScript itself", () => {
    expect(project.main).toBe("infra/");
    expect(project.runtime).toEqual({
      name: "nodejs",
      options: { typescript: false, packagemanager: "npm" },
    });
  });
});
