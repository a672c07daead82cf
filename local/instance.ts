import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What a running local cloud writes down about itself, for the command line and for a second start. */
export interface Instance {
  url: string;
  pid: number;
  stack: string;
  region: string;
  /** Where the HTTP API answers; absent where the stack has none. */
  httpApiUrl?: string;
  /** Where the tracking server answers; absent until it does. */
  trackingUrl?: string;
}

/**
 * Makes sure that no other local cloud uses this state folder.
 *
 * @throws naming the one that does, and where it answers.
 */
export function refuseSecond(stateFolder: string): void {
  const running = readInstance(stateFolder);
  if (running === null || !isAlive(running.pid)) return;
  throw new Error(
    `A local cloud already runs with ${stateFolder} (process ${running.pid}, ${running.url}): use that one, stop it with ` +
      `Ctrl-C, or give this one a folder of its own with --state.`,
  );
}

export function writeInstance(stateFolder: string, instance: Instance): void {
  mkdirSync(stateFolder, { recursive: true });
  writeFileSync(join(stateFolder, "gateway.json"), `${JSON.stringify(instance, null, 2)}\n`);
}

export function removeInstance(stateFolder: string): void {
  if (readInstance(stateFolder)?.pid === process.pid)
    rmSync(join(stateFolder, "gateway.json"), { force: true });
}

function readInstance(stateFolder: string): Instance | null {
  try {
    return JSON.parse(readFileSync(join(stateFolder, "gateway.json"), "utf8")) as Instance;
  } catch {
    // Absent, or cut off by a crash: in neither case does one run.
    return null;
  }
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
