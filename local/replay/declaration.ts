import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, Replay } from "@perennial/contracts";

const FILE = "replay/batches.json";

/**
 * Reads what a workload declares to be replayed.
 *
 * @param workloads folder of all workloads.
 * @throws naming the workloads that declare something, or what is wrong in the file.
 */
export function readReplay(workloads: string, name: string): { folder: string; replay: Replay } {
  const folder = join(workloads, name);
  const file = join(folder, FILE);
  if (!existsSync(file)) {
    throw new Error(
      `${name} declares nothing to replay: workloads/${name}/${FILE} is missing. ` +
        `Expected one of: ${declaring(workloads).join(", ")}.`,
    );
  }
  return { folder, replay: parse(Replay, JSON.parse(readFileSync(file, "utf8")), `${name}/${FILE}`) };
}

function declaring(workloads: string): string[] {
  return readdirSync(workloads).filter((name) => existsSync(join(workloads, name, FILE)));
}
