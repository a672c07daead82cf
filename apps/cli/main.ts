import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { connect } from "./connection.ts";
import type { Context } from "./context.ts";
import { CliFault, EXIT } from "./exit.ts";
import { coloured, isColoured, plain, widthOf } from "./output/terminal.ts";
import { run } from "./program.ts";

const root = join(import.meta.dirname, "../..");
const interruption = new AbortController();

/** The first Ctrl-C stops following, the second one everything. */
const onInterrupt = (): void => {
  interruption.abort();
  process.off("SIGINT", onInterrupt);
};
process.on("SIGINT", onInterrupt);
// A reader such as `head` that has seen enough is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.ok);
  throw error;
});

const context: Context = {
  terminal: {
    out: (line) => void process.stdout.write(line),
    err: (line) => void process.stderr.write(line),
    width: widthOf(process.stdout),
    progressWidth: widthOf(process.stderr),
    isInteractive: process.stderr.isTTY && process.env["TERM"] !== "dumb",
    paint: isColoured(process.stdout, process.env) ? coloured : plain,
    paintError: isColoured(process.stderr, process.env) ? coloured : plain,
  },
  connect,
  clock: {
    now: () => new Date(),
    sleep: (ms) => setTimeout(ms, undefined, { signal: interruption.signal }).catch(() => undefined),
  },
  read: readSource,
  user: nameOfUser(),
  startLocal,
  interrupted: interruption.signal,
};

const UNREADABLE: Record<string, string> = {
  ENOENT: "it doesn't exist",
  EISDIR: "it is a folder",
  EACCES: "you may not read it",
};

async function readSource(path: string): Promise<string> {
  if (path === "-") return await text(process.stdin);
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const reason = UNREADABLE[code] ?? String(error);
    throw new CliFault(EXIT.usage, `${path} can't be read: ${reason}.`, { cause: error });
  }
}

async function startLocal(flags: readonly string[]): Promise<number> {
  // Ctrl-C reaches the child by the terminal; this process waits for it to put its house in order.
  process.off("SIGINT", onInterrupt);
  process.on("SIGINT", () => undefined);
  const child = spawn(process.execPath, [join(root, "local/main.ts"), "start", ...flags], {
    cwd: root,
    stdio: "inherit",
  });
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? EXIT.failed;
}

function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown"; // A container may run as a user that has no name.
  }
}

process.exitCode = await run(process.argv.slice(2), context, { state: join(root, ".perennial") });
