import { RealClock } from "../../local/clock.ts";
import { writeInstance } from "../../local/instance.ts";
import { openTestCloud } from "./test-cloud.ts";

// node test/support/later-cloud.ts FOLDER WORKLOAD: the local cloud on a state folder, as if a cool-down had passed since. It is
// there to be killed.
const [stateFolder = "", workload = ""] = process.argv.slice(2);
const clock = new RealClock();
clock.skip(20 * 60_000);
const { url, account, sageMaker } = await openTestCloud(stateFolder, {
  clock,
  workloads: [workload],
  onProgress: { state: (_, state) => void process.stdout.write(`state ${state}\n`) },
});
await sageMaker.settled();
writeInstance(stateFolder, { url, pid: process.pid, stack: "dev", region: account.region });
process.stdout.write("ready\n");
