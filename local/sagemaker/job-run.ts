import { startChild } from "../emulators/child.ts";
import type { Program, Surroundings } from "./surroundings.ts";

export interface JobRun {
  /** Name of the job, which injected faults go by. */
  name: string;
  program: Program;
  /** What the container is started with: the image's entry point and an argument, or an entry point of the job's own. */
  command: readonly string[];
  /** Folder that stands for /opt/ml. */
  root: string;
  environment: Record<string, string>;
  maxRuntimeSeconds: number;
  /** Asks the job to stop. */
  signal: AbortSignal;
  onLine: (line: string) => void;
}

/** How the program ended. `maxRuntimeExceeded` and `stopped`: it was asked to end, and did within its grace or was killed. */
export type JobEnd = { kind: "exited"; code: number } | { kind: "stopped" } | { kind: "maxRuntimeExceeded" };

const STOP_GRACE_SECONDS = 120;

/** Runs a job's program to its end, whichever comes first: its own, a stop, its time limit, an injected fault. */
export async function runJob(surroundings: Surroundings, run: JobRun): Promise<JobEnd> {
  const { python, gateway, stopGraceSeconds = STOP_GRACE_SECONDS } = surroundings;
  const { program, command, root, environment, maxRuntimeSeconds, signal, onLine } = run;
  if (signal.aborted) return { kind: "stopped" };
  const kill = gateway.faults.takeKill(run.name);
  let lines = 0;
  const child = startChild({
    python,
    command: resolved(command, python),
    cwd: program.cwd,
    env: {
      // The same bytes on every machine, whatever its settings.
      LANG: "C.UTF-8",
      TZ: "UTC",
      ...program.env,
      ...environment,
      PERENNIAL_ML_ROOT: root,
    },
    onLine: (line) => {
      onLine(line);
      lines += 1;
      if (kill !== undefined && "afterLine" in kill && lines >= kill.afterLine) child.kill();
    },
  });
  const timers: NodeJS.Timeout[] = [];
  const after = (ms: number, action: () => void): void => {
    timers.push(setTimeout(action, ms));
  };
  let asked: JobEnd | undefined;
  const end = (reason: JobEnd): void => {
    if (asked !== undefined) return;
    asked = reason;
    child.terminate();
    after(stopGraceSeconds * 1000, () => child.kill());
  };
  const stop = (): void => end({ kind: "stopped" });
  signal.addEventListener("abort", stop, { once: true });
  // Programs take real time, whatever the local cloud's clock says.
  after(maxRuntimeSeconds * 1000, () => end({ kind: "maxRuntimeExceeded" }));
  if (kill !== undefined && "afterMs" in kill) after(kill.afterMs, () => child.kill());
  try {
    const code = await child.ended;
    return asked ?? { kind: "exited", code };
  } finally {
    signal.removeEventListener("abort", stop);
    for (const timer of timers) clearTimeout(timer);
  }
}

/** `python` in an image is the image's own; here it is the project's. */
function resolved([first = "", ...rest]: readonly string[], python: string): string[] {
  return [/^python3?$/.test(first) ? python : first, ...rest];
}
