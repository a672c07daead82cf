/**
 * `make bench-serving`: the endpoint's container against what else would serve the same model, in one run on this machine.
 * `--json` prints only the figures; `--short` is for trying it out and proves nothing.
 */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { cpus, loadavg, platform, release, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import hospital from "@perennial/workloads/hospital-readmission/workload.ts";
import { trainedModel } from "../../test/support/trained-model.ts";
import { measureMemory, measureSaturation } from "./endurance.ts";
import { assertParity, measureHttp } from "./http.ts";
import { measureInProcess } from "./in-process.ts";
import { buildGenerator, ended, measureGenerator, WORKSHOP } from "./load.ts";
import { printReport, promisesOf } from "./report.ts";
import { type Server, startFastApi, startFastApiOnGraph, startMlServer, startOurs } from "./servers.ts";

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, short: { type: "boolean", default: false } },
});
const scale = values.short
  ? { rounds: 1, seconds: 2, saturation: 5, requests: 20_000 }
  : { rounds: 5, seconds: 5, saturation: 60, requests: 1_000_000 };
const RECORDS = 2_000;
const PARITY_RECORDS = 200;

const say = (text: string): void => void process.stderr.write(`${text} …\n`);

say("training the model, unless it is at hand");
const { model, holdout } = await trainedModel(hospital);
const trained = dirname(model);
await buildGenerator();
const records = readRecords(join(holdout, "rows.jsonl.gz")).slice(0, RECORDS);
const bodies = join(WORKSHOP, "bodies.jsonl");
await writeFile(bodies, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
const v2Bodies = join(WORKSHOP, "bodies-v2.jsonl");
await writeFile(v2Bodies, records.map((record) => `${JSON.stringify(v2Of(record))}\n`).join(""));
const loadBefore = loadavg();

say("measuring the load generator");
const generator = await measureGenerator(bodies);

say("measuring in process");
const inProcess = await measureInProcess({ trained, model, bodies, turns: scale.rounds });

const servers: Server[] = [];
try {
  say("starting the container, five times");
  const starts: number[] = [];
  for (let start = 0; start < 5; start += 1) {
    const { child, readyAfterMillis } = await startOurs({ trained, bodies, v2Bodies });
    starts.push(Math.round(readyAfterMillis));
    await ended(child);
  }
  say("starting the servers");
  for (const start of [startOurs, startFastApi, startMlServer, startFastApiOnGraph]) {
    servers.push(await start({ trained, bodies, v2Bodies }));
  }
  const largestDifference = await assertParity(servers, PARITY_RECORDS);
  say("measuring over HTTP");
  const http = await measureHttp(servers, scale);
  for (const peer of servers.slice(1)) await ended(peer.child);
  const [container] = servers as [Server];
  say("sending a million requests");
  const memory = await measureMemory(container, scale.requests);
  say("crowding the container");
  const saturation = await measureSaturation(container, scale.saturation);
  const figures = {
    machine: {
      processor: cpus()[0]?.model ?? "unknown",
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      system: `${platform()} ${release()}`,
      node: process.version,
      ...inProcess.versions,
      loadBefore,
    },
    generator,
    parity: { records: PARITY_RECORDS, largestDifference },
    inProcess,
    startMillis: starts.toSorted((one, other) => one - other),
    peersStartMillis: Object.fromEntries(
      servers.slice(1).map(({ name, readyAfterMillis }) => [name, Math.round(readyAfterMillis)]),
    ),
    http,
    memory,
    saturation,
  };
  if (!values.json) printReport(figures);
  console.log(JSON.stringify({ ...figures, promises: promisesOf(figures) }));
} finally {
  for (const { child } of servers) await ended(child);
}

function readRecords(file: string): Record<string, unknown>[] {
  const lines = gunzipSync(readFileSync(file)).toString("utf8").trimEnd().split("\n");
  return lines.map((line) => (JSON.parse(line) as { record: Record<string, unknown> }).record);
}

/** A record as MLServer takes it: a tensor for each column. */
function v2Of(record: Record<string, unknown>): object {
  const inputs = Object.entries(record).map(([name, value]) =>
    typeof value === "number"
      ? { name, shape: [1], datatype: "FP32", data: [value] }
      : { name, shape: [1], datatype: "BYTES", data: [value ?? ""] },
  );
  return { inputs };
}
