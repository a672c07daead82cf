import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { Platform } from "@perennial/contracts";
import hospitalReadmission from "@perennial/workloads/hospital-readmission/workload.ts";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type LocalCloud } from "../../local/cloud.ts";
import { writeInstance } from "../../local/instance.ts";
import { perennial } from "../support/running-program.ts";
import { readPlatform } from "../../local/published.ts";
import { openTestCloud, STACK } from "../support/test-cloud.ts";

const WORKLOAD = "hospital-readmission";
const ROWS = 2_000;

// Files in S3 that the container in service scores: the baseline's, from the first minute on.
let folder: string;
let cloud: LocalCloud;
let platform: Platform;
let s3: S3Client;
/** Real rows, as a caller sends them: those that the model answers, and those that it doesn't, whose patients died. */
let records: Record<string, unknown>[];
let refused: Record<string, unknown>[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "perennial-transform-"));
  cloud = await openTestCloud(folder, {
    workloads: [WORKLOAD],
  });
  await cloud.sageMaker.settled();
  platform = await readPlatform(cloud, STACK);
  const { url } = cloud;
  writeInstance(folder, { url, pid: process.pid, stack: STACK, region: platform.region });
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  s3 = new S3Client({ endpoint: url, region: platform.region, credentials, forcePathStyle: true });
  const all = readRecords();
  const died = new Set(["11", "13", "14", "19", "20", "21"]);
  records = all.filter((record) => !died.has(String(record["discharge_disposition_id"])));
  refused = all.filter((record) => died.has(String(record["discharge_disposition_id"])));
});

afterAll(async () => {
  s3.destroy();
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

function readRecords(): Record<string, unknown>[] {
  const asked = Object.keys(hospitalReadmission.source.columns);
  const workloadFolder = join(import.meta.dirname, "../../workloads", WORKLOAD);
  const bytes = readFileSync(join(workloadFolder, hospitalReadmission.source.path));
  const text = bytes[0] === 0x1f ? gunzipSync(bytes) : bytes;
  const rows: Record<string, string>[] = parse(text, { columns: true, bom: true, to: ROWS });
  return rows.map((row) => Object.fromEntries(asked.map((column) => [column, row[column]])));
}

const placeOf = (name: string): string => `s3://${platform.lakeBucket}/batch/${WORKLOAD}/${name}`;

/** Has a file of lines scored, and tells how the command ended. */
async function score(name: string, lines: string[]) {
  const text = Buffer.from(`${lines.join("\n")}\n`);
  const Body = name.endsWith(".gz") ? gzipSync(text) : text;
  const Key = `batch/${WORKLOAD}/${name}`;
  await s3.send(new PutObjectCommand({ Bucket: platform.lakeBucket, Key, Body }));
  const files = ["--input", placeOf(name), "--output", placeOf("scored/")];
  const ended = await perennial(
    "batch",
    WORKLOAD,
    "--on",
    "sagemaker",
    ...files,
    "--json",
    "--state",
    folder,
  );
  const told = JSON.parse(ended.out) as { job: string; status: string; reason: string | null };
  return { code: ended.code, ...told };
}

it("joins each of the rows with what the endpoint answers to it", async () => {
  const lines = records.map((record) => JSON.stringify(record));
  expect(await score("rows.jsonl.gz", lines)).toMatchObject({ code: 0, status: "Completed", reason: null });
  const scored = (await cloud.read(placeOf("scored/rows.jsonl.gz.out")))
    .toString("utf8")
    .trimEnd()
    .split("\n");
  const joined = scored.map((line) => {
    const { SageMakerOutput, ...record } = JSON.parse(line) as Record<string, unknown>;
    return { record, output: SageMakerOutput };
  });
  expect(joined.map(({ record }) => record)).toEqual(records);
  const answer = await cloud.call("runtime.sagemaker", "InvokeEndpoint", {
    EndpointName: `perennial-${STACK}-${WORKLOAD}`,
    ContentType: "application/jsonlines",
    Accept: "application/jsonlines",
    Body: Buffer.from(lines.slice(0, 100).join("\n")).toString("base64"),
  });
  const answered = Buffer.from(String(answer["Body"]), "base64").toString("utf8").trimEnd().split("\n");
  expect(joined.slice(0, 100).map(({ output }) => output)).toEqual(
    answered.map((line) => JSON.parse(line) as unknown),
  );
});

it("fails where a record is refused, says which in the job's log, and leaves no half of a file", async () => {
  const lines = [...records.slice(0, 3), ...refused.slice(0, 1)].map((record) => JSON.stringify(record));
  const { job, ...told } = await score("bad.jsonl", lines);
  expect(told).toMatchObject({
    code: 1,
    status: "Failed",
    reason: "ClientError: See job logs for more information",
  });
  const { events } = await cloud.call("logs", "FilterLogEvents", {
    logGroupName: "/aws/sagemaker/TransformJobs",
    logStreamNamePrefix: `${job}/i-local/data-log`,
  });
  const log = (events as { message: string }[]).map(({ message }) => message).join("\n");
  expect(log).toContain(`batch/${WORKLOAD}/bad.jsonl: ClientError: 400`);
  expect(log).toContain('"record":3,"field":"discharge_disposition_id"');
  await expect(cloud.read(placeOf("scored/bad.jsonl.out"))).rejects.toMatchObject({ name: "NoSuchKey" });
});
