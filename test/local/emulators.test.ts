import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startChild } from "../../local/emulators/child.ts";
import { python } from "./open-test-gateway.ts";

const emulators = join(import.meta.dirname, "../../local/emulators");

/** Runs a program of Node's that prints the ids of the processes it started, one a line, and then waits. */
async function startParent(program: string, count: number) {
  const parent = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ids: number[] = [];
  for await (const line of createInterface({ input: parent.stdout })) {
    ids.push(Number(line));
    if (ids.length === count) break;
  }
  return { parent, ids };
}

/** Resolves once none of the processes is there any more. */
async function gone(ids: number[]): Promise<void> {
  while (ids.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 20));
}

function isAlive(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return false;
  }
}

const onALeash = `
  import { startChild } from ${JSON.stringify(join(emulators, "child.ts"))};
  const program = "import os, time; print(os.getpid(), flush=True); time.sleep(60)";
  const child = startChild({
    python: ${JSON.stringify(python)},
    command: [${JSON.stringify(python)}, "-c", program],
    cwd: "/",
    env: {},
    onLine: (line) => console.log(line),
  });
  console.log(child.pid);
  await child.ended;
`;

const moto = `
  import { startMoto } from ${JSON.stringify(join(emulators, "moto.ts"))};
  const moto = await startMoto({ python: ${JSON.stringify(python)}, accountId: "123456789012", region: "eu-central-1" });
  console.log(moto.process.pid);
  setTimeout(() => {}, 60_000);
`;

it.each([
  ["a program on a leash", "SIGKILL", onALeash, 2],
  ["a program on a leash", "SIGTERM", onALeash, 2],
  ["a program on a leash", "SIGINT", onALeash, 2],
  ["the emulator", "SIGKILL", moto, 1],
] as const)(
  "ends %s when its parent ends by %s",
  async (_what, signal, program, count) => {
    const { parent, ids } = await startParent(program, count);
    expect(ids.map(isAlive)).toEqual(ids.map(() => true));
    parent.kill(signal);
    await once(parent, "exit");
    await gone(ids);
  },
  20_000,
);

it("hands on the program's lines, its code, and the request to end", async () => {
  const lines: string[] = [];
  const run = (program: string) =>
    startChild({
      python,
      command: [python, "-c", program],
      cwd: "/",
      env: { GREETING: "hello" },
      onLine: (line) => lines.push(line),
    });
  const code = await run(
    "import os, sys; print(os.environ['GREETING']); print('bad', file=sys.stderr); sys.exit(7)",
  ).ended;
  expect([code, lines.toSorted()]).toEqual([7, ["bad", "hello"]]);
  const waiting = run(
    "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(9)); print('ready', flush=True); time.sleep(60)",
  );
  while (!lines.includes("ready")) await new Promise((resolve) => setTimeout(resolve, 20));
  waiting.terminate();
  expect(await waiting.ended).toBe(9);
});

it("ends at once, with all that it started, what is killed", async () => {
  const ids: number[] = [];
  const child = startChild({
    python,
    command: [
      python,
      "-c",
      "import os, subprocess; p = subprocess.Popen(['sleep', '60']); print(os.getpid(), flush=True); print(p.pid, flush=True); p.wait()",
    ],
    cwd: "/",
    env: { PATH: process.env["PATH"] },
    onLine: (line) => ids.push(Number(line)),
  });
  while (ids.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill();
  expect(await child.ended).toBe(137);
  await gone(ids);
});

it("says that a program could not be started", async () => {
  const lines: string[] = [];
  const child = startChild({
    python: "/nowhere/python",
    command: ["x"],
    cwd: "/",
    env: {},
    onLine: (line) => lines.push(line),
  });
  expect(await child.ended).toBe(127);
  expect(lines).toEqual(["could not be started: spawn /nowhere/python ENOENT"]);
});
