import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A program that ends when this process does, in whatever way. */
export interface Child {
  readonly pid: number;
  /** Exit code, once it has ended; 128 + n for a program that signal n ended. */
  readonly ended: Promise<number>;
  /** Asks the program to end. */
  terminate(): void;
  /** Ends the program and all that it started, at once. */
  kill(): void;
}

export interface ChildOptions {
  /** Interpreter that holds the leash. */
  python: string;
  command: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Receives each line of the program's output and errors. */
  onLine: (line: string) => void;
}

/** Starts a program on a leash. */
export function startChild({ python, command, cwd, env, onLine }: ChildOptions): Child {
  const leash = join(import.meta.dirname, "leash.py");
  const child = spawn(python, ["-I", "-S", leash, ...command], {
    cwd,
    env,
    stdio: ["pipe", "pipe", "pipe"],
    // A group of its own: Ctrl-C in the terminal reaches us alone, and we stop our programs in order.
    detached: true,
  });
  return follow(child, onLine);
}

/** Follows a process that leads its own group. */
export function follow(child: ChildProcess, onLine: (line: string) => void): Child {
  const lines = [child.stdout, child.stderr].flatMap((stream) => {
    if (stream === null) return [];
    const reader = createInterface({ input: stream });
    reader.on("line", onLine);
    return [once(reader, "close")];
  });
  const exited = new Promise<number>((resolve) => {
    child.once("error", (error) => {
      onLine(`could not be started: ${error.message}`);
      resolve(127);
    });
    child.once("exit", (code) => resolve(code ?? 137));
  });
  // A pipe whose reader has gone is no reason to fall over.
  child.stdin?.on("error", () => {});
  const signal = (name: NodeJS.Signals, whom: number): void => {
    try {
      process.kill(whom, name);
    } catch {
      // It ended on its own.
    }
  };
  const pid = child.pid ?? 0;
  return {
    pid,
    ended: exited.then(async (code) => {
      if (code !== 127) await Promise.all(lines);
      return code;
    }),
    terminate: () => {
      if (pid > 0) signal("SIGTERM", pid);
    },
    kill: () => {
      if (pid > 0) signal("SIGKILL", -pid);
    },
  };
}
