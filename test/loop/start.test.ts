import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const REPOSITORY = join(import.meta.dirname, "../..");

let state: string;
beforeEach(() => (state = mkdtempSync(join(tmpdir(), "perennial-start-"))));
afterEach(() => rmSync(state, { recursive: true, force: true }));

/** Any one: what is tested with it is the same for all. */
const WORKLOAD = "medication-adherence";
const COMMAND = ["local/main.ts", "start", "--port", "0", "--state"];

interface Started {
  child: ChildProcess;
  /** The line that was waited for. */
  line: string;
}

/** Starts the local cloud and resolves once a line with `text` stands on its screen. */
async function started(text: string, ...args: string[]): Promise<Started> {
  const child = spawn(process.execPath, [...COMMAND, state, ...args], {
    cwd: REPOSITORY,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let screen = "";
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      screen += chunk.toString();
      const found = screen
        .split("\n")
        .slice(0, -1)
        .find((one) => one.includes(text));
      if (found !== undefined) resolve(found);
    });
    child.on("exit", (code) => reject(new Error(`ended with ${code} before "${text}":\n${screen}`)));
  });
  return { child, line };
}

/** Processes that descend from `root`. */
function descendants(root: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const path = `/proc/${entry}/stat`;
    if (!existsSync(path)) continue;
    const [, ppid] = /\) \S (\d+)/.exec(readFileSync(path, "utf8")) ?? [];
    parents.set(Number(entry), Number(ppid));
  }
  const below = (pid: number): number[] =>
    [...parents].filter(([, parent]) => parent === pid).flatMap(([child]) => [child, ...below(child)]);
  return below(root);
}

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);

describe("the local cloud", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const)(
    "leaves no process behind when it is stopped by %s in the middle of a job",
    async (signal) => {
      const { child } = await started("prepare …", "--workloads", WORKLOAD);
      const pid = child.pid!;
      const below = descendants(pid);
      expect(below.length).toBeGreaterThanOrEqual(3);
      const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
      child.kill(signal);
      expect(await ended).toBe(signal === "SIGKILL" ? null : 0);
      await expect.poll(() => below.filter(isAlive), { timeout: 10_000 }).toEqual([]);
      // What couldn't tidy up is recognised by its process being gone.
      expect(existsSync(join(state, "gateway.json"))).toBe(signal === "SIGKILL");
    },
  );

  it("brings every workload into service with its baseline, and refuses a second start in one sentence that names the first", async () => {
    const { child, line } = await started("in service at");
    const workloads = readdirSync(join(REPOSITORY, "workloads")).filter((name) =>
      existsSync(join(REPOSITORY, "workloads", name, "workload.ts")),
    );
    expect(line.split(": ")[1]?.split(", ")).toEqual(workloads.map((name) => `perennial-dev-${name}`));
    const { url } = JSON.parse(readFileSync(join(state, "gateway.json"), "utf8")) as { url: string };
    const second = spawnSync(process.execPath, [...COMMAND, state], { cwd: REPOSITORY, encoding: "utf8" });
    child.kill("SIGTERM");
    await new Promise((resolve) => child.once("exit", resolve));
    expect([second.status, second.stderr]).toEqual([
      1,
      `A local cloud already runs with ${state} (process ${child.pid}, ${url}): use that one, stop it with Ctrl-C, or give this one a folder of its own with --state.\n`,
    ]);
  });

  it("says in one sentence that its port is in use", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const args = ["local/main.ts", "start", "--port", String(port), "--state", state];
    const refused = spawn(process.execPath, args, { cwd: REPOSITORY, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    refused.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const code = await new Promise((resolve) => refused.once("exit", resolve));
    server.close();
    expect([code, text]).toEqual([
      1,
      `Port ${port} of 127.0.0.1 is in use: stop the local cloud that runs there, or choose another port with --port.\n`,
    ]);
  });

  it.each([
    [["start", "--port", "no"], "--port is no; expected a whole number from 0 to 65535.\n"],
    [["start", "--port", "0", "--stack", "staging"], "expected the settings of a stack.\n"],
    [["start", "--port", "0", "--workloads", "hospital"], "no folder for hospital"],
    [["stop"], "expected the command start."],
  ])("%j is refused with what to do", (args, message) => {
    const options = { cwd: REPOSITORY, encoding: "utf8" } as const;
    const { status, stderr } = spawnSync(
      process.execPath,
      ["local/main.ts", ...args, ...(args[0] === "start" ? ["--state", state] : [])],
      options,
    );
    expect([status, stderr]).toEqual([1, expect.stringContaining(message)]);
  });
});
