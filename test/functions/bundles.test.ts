import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "perennial-bundles-"));
symlinkSync(join(import.meta.dirname, "../../node_modules"), join(folder, "node_modules"));
// What the program puts beside the bundle that answers over HTTP.
writeFileSync(
  join(folder, "documents.json"),
  JSON.stringify({ openApi: {}, page: "", pagePolicy: "", schemas: {} }),
);
afterAll(() => rmSync(folder, { recursive: true }));

const machine = "arn:aws:states:eu-central-1:123456789012:stateMachine:m";
const retraining = {
  stateMachineArn: machine,
  coolDownMinutes: 0,
  dailyBudget: 1,
  leaseMinutes: 60,
  rawUri: "s3://lake/raw/hospital-readmission/",
  snapshotsUri: "s3://lake/snapshots/hospital-readmission/",
  search: false,
};
const baseline = { baselineUri: "s3://artifacts/model.tar.gz", baselineSha256: "b".repeat(64) };
const rollout = {
  stateMachineArn: machine,
  modelPackageGroup: "g",
  leaseMinutes: 60,
  baselineSha256: baseline.baselineSha256,
};

/** A whole environment of each function. */
const ENVIRONMENTS: Record<string, Record<string, string>> = {
  "admit-retraining": {
    LEDGER_TABLE: "ledger",
    WORKLOADS: JSON.stringify({ "hospital-readmission": retraining }),
  },
  "admit-rollout": { LEDGER_TABLE: "ledger", WORKLOADS: JSON.stringify({ "hospital-readmission": rollout }) },
  "release-lease": {
    LEDGER_TABLE: "ledger",
    STATE_MACHINES: JSON.stringify({ [machine]: { workload: "hospital-readmission", kind: "retrain" } }),
  },
  "record-outcome": { LEDGER_TABLE: "ledger" },
  "answer-http": {
    LEDGER_TABLE: "ledger",
    WORKLOADS: JSON.stringify({
      "hospital-readmission": { kind: "endpoint", endpointName: "e", maxBodyKiB: 1024 },
    }),
    CORS_ORIGINS: "[]",
  },
  "authorize-request": { JWT_ISSUER: "https://issuer.example", JWT_AUDIENCE: "perennial" },
  "evaluate-model": {
    LEDGER_TABLE: "ledger",
    ARTIFACT_BUCKET: "artifacts",
    WORKLOADS: JSON.stringify({ "hospital-readmission": baseline }),
  },
  "judge-challenger": { LEDGER_TABLE: "ledger", ARTIFACT_BUCKET: "artifacts" },
  "observe-trial": { LEDGER_TABLE: "ledger", LAKE_BUCKET: "lake" },
  "accept-data": { LAKE_BUCKET: "lake", ONLINE_TABLE: "online" },
  "write-card": { ARTIFACT_BUCKET: "artifacts", CARD_PREFIX: "perennial-dev-" },
  "register-model": {
    AUTO_APPROVE: "true",
    SERVING_IMAGE: "serving:1",
    WORKLOADS: JSON.stringify({ "hospital-readmission": { modelPackageGroup: "g", ...baseline } }),
  },
};

/** Bundles a function as it is deployed. */
async function bundle(name: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, `../../functions/${name}/index.ts`)],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "node24",
    // Native code stays beside the bundle.
    external: ["onnxruntime-node"],
    // CommonJS inside an ES module asks for `require`.
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
    logLevel: "error",
  });
  return outputFiles[0]!.text;
}

/** Starts the function cold in a process of its own, and sends it one event that it must refuse. */
function start(name: string, file: string, environment: Record<string, string>) {
  const script = `
    const { handler } = await import(${JSON.stringify(file)});
    await handler({}).catch((error) => process.stdout.write(error.message.split("\\n")[0]));
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
    env: { AWS_REGION: "eu-central-1", AWS_LAMBDA_FUNCTION_NAME: name, ...environment },
    encoding: "utf8",
  });
  return { stdout, stderr };
}

describe.each(Object.entries(ENVIRONMENTS))("the bundle of %s", (name, environment) => {
  const file = join(folder, `${name}.mjs`);

  let text: string;

  beforeAll(async () => {
    text = await bundle(name);
    writeFileSync(file, text);
  });

  it("is the same bytes each time", async () => {
    expect(await bundle(name)).toBe(text);
  });

  it("brings native code only where a model is scored", () => {
    expect(text.includes('from "onnxruntime-node"')).toBe(name === "evaluate-model");
  });

  it("starts in Node 24 and checks its event", () => {
    const { stdout, stderr } = start(name, file, environment);
    expect(stderr).toBe("");
    expect(stdout).toMatch(new RegExp(`^event of ${name} is refused, \\d+ faults?:$`));
  });

  it("stops the cold start when its environment is not whole, naming what is missing", () => {
    const missing = Object.keys(environment);
    const { stderr } = start(name, file, {});
    expect(stderr).toContain(`InvalidInput: environment of ${name} is refused, ${missing.length} fault`);
    for (const variable of missing) {
      expect(stderr).toContain(`  ${variable}: given nothing; `);
    }
  });
});
