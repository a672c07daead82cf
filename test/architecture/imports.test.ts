import { describe, expect, it } from "vitest";
import { ambientFaults } from "./ambient.ts";
import { importFaults } from "./rooms.ts";
import { readSources } from "./sources.ts";

const typescript = readSources(/\.ts$/);

describe("the rooms", () => {
  it("import only what the table allows", () => {
    expect(importFaults(typescript)).toEqual([]);
  });

  it.each([
    ["packages/contracts/src/a.ts", "zod"],
    ["packages/ledger/src/a.ts", "@aws-sdk/lib-dynamodb"],
    ["packages/scoring/src/a.ts", "@perennial/contracts"],
    ["workloads/churn/workload.ts", "@perennial/contracts"],
    ["functions/judge-challenger/index.ts", "./handler.ts"],
    ["functions/judge-challenger/handler.ts", "@perennial/workloads/churn/workload.ts"],
    ["apps/cli/main.ts", "./commands/status.ts"],
    ["infra/components/registry/registry.ts", "./policy.ts"],
    ["infra/components/registry/registry.ts", "../../naming.ts"],
    ["infra/index.ts", "./components/registry/registry.ts"],
    ["local/program/evaluate.ts", "../../infra/index.ts"],
    ["bench/run.ts", "../local/main.ts"],
  ])("%s may import %s", (path, specifier) => {
    expect(importFaults([{ path, text: `import "${specifier}";` }])).toEqual([]);
  });

  it.each([
    ["packages/contracts/src/a.ts", "node:fs"],
    ["packages/contracts/src/a.ts", "@perennial/statistics"],
    ["packages/statistics/src/a.ts", "onnxruntime-node"],
    ["packages/scoring/src/a.ts", "@aws-sdk/client-s3"],
    ["packages/ledger/src/a.ts", "@aws-sdk/client-s3"],
    ["workloads/churn/workload.ts", "node:fs"],
    ["functions/judge-challenger/handler.ts", "../register-model/handler.ts"],
    ["functions/judge-challenger/handler.ts", "@perennial/infra"],
    ["functions/judge-challenger/handler.ts", "@pulumi/aws"],
    ["apps/cli/main.ts", "../../local/main.ts"],
    ["apps/cli/main.ts", "@perennial/serving"],
    ["infra/components/registry/registry.ts", "../storage/artifact-store.ts"],
    ["infra/components/registry/registry.ts", "../../config.ts"],
    ["infra/components/registry/registry.ts", "@perennial/workloads/churn/workload.ts"],
    ["infra/index.ts", "../functions/judge-challenger/handler.ts"],
    ["infra/index.ts", "@perennial/local"],
    ["local/main.ts", "@perennial/functions"],
  ])("%s may not import %s", (path, specifier) => {
    expect(importFaults([{ path, text: `export * from "${specifier}";` }])).toEqual([
      `${path}: may not import ${specifier}`,
    ]);
  });

  it("see an import that is written as a call", () => {
    const text = 'export const load = () => import("../../local/main.ts");';
    expect(importFaults([{ path: "apps/cli/main.ts", text }])).toEqual([
      "apps/cli/main.ts: may not import ../../local/main.ts",
    ]);
  });

  it("take in every file", () => {
    expect(importFaults([{ path: "tools/a.ts", text: "" }])).toEqual([
      "tools/a.ts: lies in no room of test/architecture/rooms.ts",
    ]);
  });
});

describe("environment, clock, chance and settings", () => {
  it("are read at the entry points alone", () => {
    expect(ambientFaults(typescript)).toEqual([]);
  });

  it.each([
    ["functions/judge-challenger/handler.ts", "process.env.TABLE", "the environment"],
    ["packages/ledger/src/lease.ts", 'import { env } from "node:process"', "the environment"],
    ["functions/judge-challenger/handler.ts", "new Date()", "the clock"],
    ["packages/ledger/src/lease.ts", "Date.now()", "the clock"],
    ["infra/components/registry/registry.ts", "crypto.randomUUID()", "chance"],
    ["packages/statistics/src/bootstrap.ts", "Math.random()", "chance"],
    ["infra/index.ts", "new pulumi.Config()", "the stack's settings"],
    ["infra/naming.ts", 'import { getStack } from "@pulumi/pulumi"', "the stack's settings"],
  ])("in %s, `%s` reads %s", (path, text, what) => {
    expect(ambientFaults([{ path, text }])).toEqual([`${path}: reads ${what}`]);
  });

  it.each([
    ["functions/judge-challenger/index.ts", "process.env; Date.now(); crypto.randomUUID()"],
    ["infra/config.ts", "new pulumi.Config(); process.env"],
    ["packages/ledger/src/lease.ts", "new Date(expiresAt); Date.parse(text)"],
    ["packages/ledger/src/lease.ts", "// process.env, Date.now()"],
  ])("in %s, `%s` is allowed", (path, text) => {
    expect(ambientFaults([{ path, text }])).toEqual([]);
  });
});
