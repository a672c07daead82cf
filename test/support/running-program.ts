import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const REPOSITORY = join(import.meta.dirname, "../..");

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** A program of the working copy that runs in a process of its own, as a person starts it. */
export interface RunningProgram {
  readonly pid: number;
  /** Resolves with all that was written so far once `text` is part of it. */
  shows(text: string): Promise<string>;
  /** Sends a signal and waits for the end. */
  stop(signal: NodeJS.Signals): Promise<Ended>;
  readonly ended: Promise<Ended>;
}

export function startProgram(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): RunningProgram {
  const child = spawn(command, args, {
    cwd: REPOSITORY,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const written = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => (written.out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (written.err += chunk.toString()));
  const ended = once(child, "close").then(([code]): Ended => ({ code: code as number | null, ...written }));
  const shows = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (written.out.includes(text)) resolve(written.out);
      };
      child.stdout.on("data", look);
      look();
      void ended.then(({ code, out, err }) =>
        reject(new Error(`ended with ${code} before "${text}":\n${out}${err}`)),
      );
    });
  const stop = (signal: NodeJS.Signals): Promise<Ended> => {
    child.kill(signal);
    return ended;
  };
  if (child.pid === undefined) throw new Error(`${command} could not be started`);
  return { pid: child.pid, shows, stop, ended };
}

/** The command line `perennial`. */
export const perennial = (...args: string[]): Promise<Ended> =>
  startProgram(process.execPath, ["apps/cli/main.ts", ...args]).ended;
