import { cpSync, mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it, onTestFinished } from "vitest";
import { bundleFunctions } from "../../../infra/components/function/bundle.ts";
import { Function, type FunctionArgs } from "../../../infra/components/function/function.ts";
import { deploy } from "../../support/deploy.ts";

const NODE_MODULES = join(import.meta.dirname, "../../../node_modules");

/** A folder of functions with these sources, wherever; it goes away after the test. */
function functionsWith(sources: Record<string, string>): string {
  const repository = mkdtempSync(join(tmpdir(), "perennial-bundle-"));
  onTestFinished(() => rmSync(repository, { recursive: true }));
  for (const [name, source] of Object.entries(sources)) {
    mkdirSync(join(repository, "functions", name), { recursive: true });
    writeFileSync(join(repository, "functions", name, "index.ts"), source);
  }
  symlinkSync(NODE_MODULES, join(repository, "node_modules"));
  return join(repository, "functions");
}

async function bundled(folder: string, name: string): Promise<Record<string, string>> {
  const assets = await bundleFunctions(folder, [name])[name]?.assets;
  const entries = Object.entries(assets ?? {}).map(async ([path, asset]) => {
    const text = asset instanceof pulumi.asset.StringAsset ? await asset.text : "(a file)";
    return [path, text] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

describe("a bundle", { timeout: 30_000 }, () => {
  const plain =
    'import { z } from "zod"; export const handler = async (event: unknown) => z.string().parse(event);';

  it("has the same bytes wherever the repository lies, and no path of this machine in them", async () => {
    const [here, there] = [functionsWith({ a: plain }), functionsWith({ a: plain })];
    const one = await bundled(here, "a");
    expect(await bundled(there, "a")).toEqual(one);
    expect(Object.keys(one)).toEqual(["index.mjs"]);
    expect(one["index.mjs"]?.includes(tmpdir())).toBe(false);
  });

  it("runs as the module it is, packages included", async () => {
    const { "index.mjs": code = "" } = await bundled(functionsWith({ a: plain }), "a");
    const folder = functionsWith({});
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "index.mjs"), code);
    const { handler } = (await import(join(folder, "index.mjs"))) as {
      handler: (event: unknown) => Promise<string>;
    };
    expect(await handler("x")).toBe("x");
  });

  it("brings onnxruntime along for one platform, and only where it is used", async () => {
    const folder = functionsWith({
      a: plain,
      b: 'import * as ort from "onnxruntime-node"; export const handler = async () => typeof ort.InferenceSession.create;',
    });
    expect(Object.keys(await bundled(folder, "a"))).toEqual(["index.mjs"]);
    const files = Object.keys(await bundled(folder, "b"));
    expect(files.filter((file) => file.endsWith(".node"))).toEqual([
      "node_modules/onnxruntime-node/bin/napi-v6/linux/x64/onnxruntime_binding.node",
    ]);
    expect(files.filter((file) => /darwin|win32|arm64/.test(file))).toEqual([]);
    expect(files).toContain("node_modules/onnxruntime-common/package.json");
  });

  it.runIf(process.platform === "linux" && process.arch === "x64")(
    "loads onnxruntime from what it brings along",
    async () => {
      const folder = functionsWith({
        b: 'import * as ort from "onnxruntime-node"; export const handler = async () => typeof ort.InferenceSession.create;',
      });
      const assets = await bundleFunctions(folder, ["b"])["b"]?.assets;
      const place = mkdtempSync(join(tmpdir(), "perennial-lambda-"));
      onTestFinished(() => rmSync(place, { recursive: true }));
      for (const [path, asset] of Object.entries(assets ?? {})) {
        mkdirSync(join(place, path, ".."), { recursive: true });
        if (asset instanceof pulumi.asset.StringAsset) writeFileSync(join(place, path), await asset.text);
        if (asset instanceof pulumi.asset.FileAsset)
          cpSync(await asset.path, join(place, path), { dereference: true });
      }
      const { handler } = (await import(join(place, "index.mjs"))) as { handler: () => Promise<string> };
      expect(await handler()).toBe("function");
    },
  );

  it("fails with esbuild's message where a source is wrong", async () => {
    const folder = functionsWith({ a: 'import "./missing.ts";' });
    await expect(bundled(folder, "a")).rejects.toThrow('Could not resolve "./missing.ts"');
  });
});

describe("a function", () => {
  const keyArn = "arn:aws:kms:eu-central-1:123456789012:key/k";
  const alertTopicArn = "arn:aws:sns:eu-central-1:123456789012:alerts";
  const args = (changes: Partial<FunctionArgs<"record-outcome">> = {}): FunctionArgs<"record-outcome"> => ({
    functionName: "perennial-dev-record-outcome",
    description: "Adds a line to the history",
    code: new pulumi.asset.AssetArchive({ "index.mjs": new pulumi.asset.StringAsset("export {};") }),
    environment: { LEDGER_TABLE: "ledger" },
    role: new aws.iam.Role("record-outcome", { name: "record-outcome", assumeRolePolicy: "{}" }),
    logGroupName: "/aws/lambda/perennial-dev-record-outcome",
    logRetentionDays: 14,
    keyArn,
    alertTopicArn,
    ...changes,
  });
  const deployed = async (changes: Partial<FunctionArgs<"record-outcome">> = {}) =>
    await deploy(() => new Function("record-outcome", args(changes)));

  it("runs on Node 24 with its environment, and logs to a group of its own as JSON", async () => {
    const [lambda] = (await deployed()).filter(({ type }) => type === "aws:lambda/function:Function");
    const { code: _, ...inputs } = lambda?.inputs ?? {};
    expect(inputs).toEqual({
      name: "perennial-dev-record-outcome",
      description: "Adds a line to the history",
      runtime: "nodejs24.x",
      architectures: ["x86_64"],
      handler: "index.handler",
      role: "arn:aws:iam::123456789012:role/record-outcome",
      timeout: 60,
      memorySize: 512,
      environment: { variables: { LEDGER_TABLE: "ledger" } },
      loggingConfig: { logFormat: "JSON", logGroup: "/aws/lambda/perennial-dev-record-outcome" },
    });
  });

  it("may write to its own log group, and make none", async () => {
    const policies = (await deployed()).filter(({ type }) => type === "aws:iam/rolePolicy:RolePolicy");
    expect(policies.map(({ inputs }) => inputs.policy.Statement)).toEqual([
      [
        {
          Effect: "Allow",
          Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
          Resource:
            "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/perennial-dev-record-outcome:*",
        },
      ],
    ]);
  });

  it("leaves an event that failed for good in its queue, and has none where it is called and waited for", async () => {
    const onFailure = async (changes: Partial<FunctionArgs<"record-outcome">>) =>
      (await deployed(changes))
        .filter(({ type }) => type === "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig")
        .map(({ inputs }) => inputs);
    expect(await onFailure({})).toEqual([]);
    expect(await onFailure({ deadLetterQueueArn: "arn:aws:sqs:eu-central-1:123456789012:lost" })).toEqual([
      {
        functionName: "perennial-dev-record-outcome",
        maximumRetryAttempts: 2,
        maximumEventAgeInSeconds: 3600,
        destinationConfig: { onFailure: { destination: "arn:aws:sqs:eu-central-1:123456789012:lost" } },
      },
    ]);
  });

  it("raises an alarm at its first error", async () => {
    const alarms = (await deployed()).filter(({ type }) => type === "aws:cloudwatch/metricAlarm:MetricAlarm");
    expect(alarms.map(({ inputs }) => inputs)).toEqual([
      {
        name: "perennial-dev-record-outcome-errors",
        alarmDescription:
          "perennial-dev-record-outcome failed. Its log group says why. Runbook: docs/runbooks/function-errors.md",
        namespace: "AWS/Lambda",
        metricName: "Errors",
        dimensions: { FunctionName: "perennial-dev-record-outcome" },
        statistic: "Sum",
        period: 300,
        evaluationPeriods: 1,
        comparisonOperator: "GreaterThanThreshold",
        threshold: 0,
        treatMissingData: "notBreaching",
        alarmActions: [alertTopicArn],
      },
    ]);
  });

  it.each([0, 901, 1.5])("refuses to run for %d seconds", async (timeoutSeconds) => {
    await expect(deployed({ timeoutSeconds })).rejects.toThrow(
      `Function "record-outcome": timeoutSeconds is ${timeoutSeconds}, expected a whole number from 1 to 900. ` +
        `What takes longer belongs in a SageMaker job.`,
    );
  });
});
