import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Architecture, bundleScoring } from "../../infra/components/function/bundle.ts";

const FUNCTIONS = join(import.meta.dirname, "../../functions");
const RUNTIME = "node_modules/onnxruntime-node/bin/napi-v6/linux";
/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, of what a zip unpacks to. */
const LARGEST_MIB = 250;

type Files = Record<string, pulumi.asset.StringAsset | pulumi.asset.FileAsset>;
const bundled = async (architecture?: Architecture) =>
  (await bundleScoring(FUNCTIONS, "score-records", architecture).assets) as Files;

const folder = mkdtempSync(join(tmpdir(), "perennial-scoring-bundle-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files: Files;

beforeAll(async () => {
  files = await bundled();
  for (const [name, asset] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    if ("path" in asset) cpSync(await asset.path, join(folder, name));
    else writeFileSync(join(folder, name), await asset.text);
  }
});

async function describeFiles(of: Files) {
  const described = Object.entries(of).map(async ([name, asset]) => [
    name,
    "path" in asset ? await asset.path : await asset.text,
  ]);
  return await Promise.all(described);
}

it("is the same files in the same order each time", async () => {
  expect(await describeFiles(await bundled())).toEqual(await describeFiles(files));
});

it("has far less than a zip may unpack to, and onnxruntime for one processor", () => {
  const bytes = Object.keys(files).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  expect(bytes / 2 ** 20).toBeLessThan(LARGEST_MIB / 4);
  expect(Object.keys(files).filter((name) => name.includes("/bin/"))).toEqual([
    `${RUNTIME}/x64/libonnxruntime.so.1`,
    `${RUNTIME}/x64/onnxruntime_binding.node`,
  ]);
});

it("has onnxruntime for the other processor where that is asked for", async () => {
  expect(Object.keys(await bundled("arm64")).filter((name) => name.includes("/bin/"))).toEqual([
    `${RUNTIME}/arm64/libonnxruntime.so.1`,
    `${RUNTIME}/arm64/onnxruntime_binding.node`,
  ]);
});

/** Imports the bundle in a process of its own; answers what of Node it loaded, or the error. */
function start(environment: Record<string, string>) {
  const script = `
    await import(${JSON.stringify(join(folder, "index.mjs"))}).catch(({ message }) => console.log(message));
    console.log(process.moduleLoadList.filter((name) => /undici|http2/.test(name)).join());
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
    env: environment,
    encoding: "utf8",
  });
  return { stderr, lines: stdout.trimEnd().split("\n") };
}

const LAMBDA = { AWS_REGION: "eu-central-1", AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };

it("stops the cold start when its environment is not whole, naming what is missing", () => {
  const { stderr, lines } = start(LAMBDA);
  expect(stderr).toBe("");
  expect(lines.map((line) => line.trim().split(":")[0])).toEqual([
    "environment of score-records is refused, 5 faults",
    "PERENNIAL_MODEL_URI",
    "PERENNIAL_MODEL_SHA256",
    "PERENNIAL_MODEL_VERSION",
    "PERENNIAL_MAX_BODY_KIB",
    "PERENNIAL_MAX_RECORDS",
  ]);
});

it("gets to its model without loading what only others need", () => {
  const { stderr, lines } = start({
    ...LAMBDA,
    // Nothing listens there.
    AWS_ENDPOINT_URL: "http://127.0.0.1:9",
    PERENNIAL_MODEL_URI: "s3://artifacts/model.tar.gz",
    PERENNIAL_MODEL_SHA256: "a".repeat(64),
    PERENNIAL_MODEL_VERSION: "1",
    PERENNIAL_MAX_BODY_KIB: "64",
    PERENNIAL_MAX_RECORDS: "100",
  });
  expect(stderr).toBe("");
  expect(lines).toEqual([
    "s3://artifacts/model.tar.gz can't be read (connect ECONNREFUSED 127.0.0.1:9); expected an object that this " +
      "function's role may read",
  ]);
});
