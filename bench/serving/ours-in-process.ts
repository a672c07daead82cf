/**
 * What one raw record and a batch of 10,000 cost without a server, in one thread, for the comparison with Python in the
 * same run; a batch by its processor time, which a busy machine doesn't change. Run by `in-process.ts` on the core of the
 * servers: `node bench/serving/ours-in-process.ts MODEL BODIES`; prints JSON.
 */
import { readFileSync } from "node:fs";
import { loadModel, measureAll } from "@perennial/scoring";

const BATCH = 10_000;
const BATCHES = 20;

const [directory, bodies] = process.argv.slice(2);
if (directory === undefined || bodies === undefined) {
  throw new Error("bench/serving/ours-in-process.ts: expected the folder of a model and a file of records");
}
const model = await loadModel(directory);
const records = readFileSync(bodies, "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as unknown);
const one = await measureAll(model, records, () => performance.now(), 20_000);
const batch = Array.from({ length: BATCH }, (_, place) => records[place % records.length]);
await model.score(batch);
const used = process.cpuUsage();
for (let turn = 0; turn < BATCHES; turn += 1) await model.score(batch);
const { user, system } = process.cpuUsage(used);
console.log(
  JSON.stringify({
    one: one[Math.floor(one.length / 2)],
    oneP99: one[Math.floor(one.length * 0.99)],
    batch: (user + system) / BATCHES,
  }),
);
await model.close();
