/**
 * What a scoring function weighs and how soon a cold one answers, from the start of its process to its first prediction,
 * with a trained model fetched over HTTP from this machine. A part of `npm run bench`; alone with
 * `node bench/lambda-zip.ts`, whose last line is JSON.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { deflateRawSync, gzipSync } from "node:zlib";
import hospital from "@perennial/workloads/hospital-readmission/workload.ts";
import type * as pulumi from "@pulumi/pulumi";
import { pack } from "tar-stream";
import { bundleScoring } from "../infra/components/function/bundle.ts";
import { trainedModel } from "../test/support/trained-model.ts";

const TARGETS = { unpackedMiB: 250, zippedMiB: 50, firstPredictionMillis: 150 };
const STARTS = 21;
const MIB = 2 ** 20;

/** Phases of one cold start, in milliseconds since the process began. */
interface ColdStart {
  node: number;
  runtimeLoaded: number;
  ready: number;
  answered: number;
  /** Processor time of all of it: what a machine with other work doesn't change. */
  processor: number;
  residentMiB: number;
  version: number;
}

/** As Lambda's runtime does: the module, which opens its model, then one event. The native part is told from the rest. */
const START = `
  const node = performance.now();
  const { createRequire } = await import("node:module");
  createRequire(process.cwd() + "/index.mjs")("onnxruntime-node");
  const runtimeLoaded = performance.now();
  const { handler } = await import(process.cwd() + "/index.mjs");
  const ready = performance.now();
  const answer = await handler(JSON.parse(process.env.EVENT), { awsRequestId: "cold" });
  const answered = performance.now();
  const { user, system } = process.cpuUsage();
  if (answer.status !== 200) throw new Error(answer.body);
  process.stderr.write(JSON.stringify({
    node, runtimeLoaded, ready, answered, processor: (user + system) / 1000,
    residentMiB: process.resourceUsage().maxRSS / 1024, version: JSON.parse(answer.body).model.version,
  }));
`;

/** Writes the archive as Lambda unpacks it; answers its bytes, and about as many as the zip has. */
async function unpack(folder: string): Promise<{ unpacked: number; zipped: number; bundle: number }> {
  const archive = bundleScoring(join(import.meta.dirname, "../functions"), "score-records");
  const files = await (archive.assets as Promise<Record<string, pulumi.asset.Asset>>);
  let [unpacked, zipped] = [0, 0];
  for (const [name, asset] of Object.entries(files)) {
    const target = join(folder, name);
    mkdirSync(dirname(target), { recursive: true });
    if ("path" in asset) cpSync(await (asset as pulumi.asset.FileAsset).path, target);
    else writeFileSync(target, await (asset as pulumi.asset.StringAsset).text);
    const bytes = readFileSync(target);
    unpacked += bytes.length;
    zipped += deflateRawSync(bytes).length + name.length * 2 + 76;
  }
  return { unpacked, zipped, bundle: statSync(join(folder, "index.mjs")).size };
}

async function archiveOf(model: string): Promise<Buffer> {
  const tar = pack();
  const { files } = (JSON.parse(readFileSync(join(model, "manifest.json"), "utf8")) as Hashed).hashes;
  for (const name of ["manifest.json", ...Object.keys(files)]) {
    tar.entry({ name, mtime: new Date(0) }, readFileSync(join(model, name)));
  }
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk as Uint8Array);
  return gzipSync(Buffer.concat(chunks));
}
interface Hashed {
  hashes: { files: Record<string, string> };
}

async function start(folder: string, environment: Record<string, string>): Promise<ColdStart> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", START], {
    cwd: folder,
    env: environment,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (more: string) => (text += more));
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`the function didn't start: ${text}`);
  return JSON.parse(text) as ColdStart;
}

/** Size of the function, and its cold starts. */
export async function measureLambda() {
  const folder = mkdtempSync(join(tmpdir(), "perennial-lambda-"));
  const { model } = await trainedModel(hospital);
  const archive = await archiveOf(model);
  // Stands in for the bucket.
  const bucket = createServer((_request, response) => void response.end(archive));
  await new Promise<void>((resolve) => bucket.listen(0, "127.0.0.1", resolve));
  try {
    const size = await unpack(folder);
    const environment = {
      AWS_REGION: "eu-central-1",
      AWS_ACCESS_KEY_ID: "bench",
      AWS_SECRET_ACCESS_KEY: "bench",
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(bucket.address() as AddressInfo).port}`,
      AWS_LAMBDA_FUNCTION_NAME: "score-records",
      PERENNIAL_MODEL_URI: "s3://artifacts/model.tar.gz",
      PERENNIAL_MODEL_SHA256: createHash("sha256").update(archive).digest("hex"),
      PERENNIAL_MODEL_VERSION: "1",
      PERENNIAL_MAX_BODY_KIB: "4096",
      PERENNIAL_MAX_RECORDS: "1000",
      EVENT: JSON.stringify({ body: JSON.stringify(hospital.examples[0]) }),
    };
    const starts: ColdStart[] = [];
    for (let run = 0; run < STARTS; run += 1) starts.push(await start(folder, environment));
    const of = (figure: (one: ColdStart) => number) => {
      const values = starts.map(figure).toSorted((one, other) => one - other);
      const at = (share: number) =>
        Number((values[Math.floor(values.length * share)] ?? Number.NaN).toFixed(1));
      return { fastest: at(0), p50: at(0.5), slowest: at(0.999) };
    };
    return {
      starts: STARTS,
      unpackedMiB: Number((size.unpacked / MIB).toFixed(1)),
      zippedMiB: Number((size.zipped / MIB).toFixed(1)),
      bundleKiB: Math.round(size.bundle / 1024),
      artifactKiB: Math.round(archive.length / 1024),
      millis: {
        "process start": of(({ node }) => node),
        "native part loaded": of(({ node, runtimeLoaded }) => runtimeLoaded - node),
        "module loaded, model fetched, session started": of(
          ({ runtimeLoaded, ready }) => ready - runtimeLoaded,
        ),
        "first prediction": of(({ ready, answered }) => answered - ready),
        "process start to first prediction": of(({ answered }) => answered),
        "processor time of all": of(({ processor }) => processor),
      },
      residentMiB: of(({ residentMiB }) => residentMiB),
    };
  } finally {
    bucket.close();
    rmSync(folder, { recursive: true });
  }
}

/** The table of what was measured and what is promised, and that of where the time goes. */
export function showLambda(measured: Awaited<ReturnType<typeof measureLambda>>): void {
  console.table({
    "unpacked (MiB)": { measured: measured.unpackedMiB, target: `at most ${TARGETS.unpackedMiB}` },
    "zipped (MiB)": { measured: measured.zippedMiB, target: `at most ${TARGETS.zippedMiB}` },
    "process start to first prediction, p50 (ms)": {
      measured: measured.millis["process start to first prediction"].p50,
      target: `at most ${TARGETS.firstPredictionMillis}`,
    },
  });
  console.table(measured.millis);
}

if (import.meta.main) {
  const measured = await measureLambda();
  showLambda(measured);
  console.log(JSON.stringify(measured));
}
